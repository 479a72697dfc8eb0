package policy

import (
	"fmt"
	"slices"
	"strings"
)

// registryPath is the path of a value of Windows' registry.
type registryPath struct {
	key  string // `HKLM\SYSTEM\CurrentControlSet\Control\Lsa`
	name string // of the value; "" is the default value
}

// asked is the path as the facts have it.
func (p registryPath) asked() string { return p.key + "!" + p.name }

// root is the hive the value is in: `HKLM\SYSTEM`, `HKU\.DEFAULT`.
func (p registryPath) root() string {
	parts := strings.SplitN(p.key, `\`, 3)
	return strings.Join(parts[:min(len(parts), 2)], `\`)
}

// registryHives are the hives of the machine that are on its disk.
func registryHives() []string { return []string{"SYSTEM", "SOFTWARE", "SAM", "SECURITY"} }

// parseRegistryPath takes a path apart: the last backslash stands before the name of the value, or the first exclamation mark, as Microsoft
// writes policies, for a value whose name has a backslash.
func parseRegistryPath(text string) (registryPath, error) {
	key, name, marked := strings.Cut(text, "!")
	if !marked {
		i := strings.LastIndexByte(text, '\\')
		if i < 0 {
			return registryPath{}, fmt.Errorf(`no value of the registry, want one such as 'HKLM\SYSTEM\…\Name'`)
		}
		key, name = text[:i], text[i+1:]
	}
	parts := strings.Split(strings.TrimRight(key, `\`), `\`)
	long := map[string]string{"HKEY_LOCAL_MACHINE": "HKLM", "HKEY_USERS": "HKU"}
	root := strings.ToUpper(parts[0])
	if short := long[root]; short != "" {
		root = short
	}
	switch {
	case root == "HKCU" || root == "HKEY_CURRENT_USER":
		return registryPath{}, fmt.Errorf(`of whoever is logged on, and on a disk nobody is; want HKU\<SID> or HKU\.DEFAULT`)
	case root != "HKLM" && root != "HKU":
		return registryPath{}, fmt.Errorf(`no value of the registry, want one such as 'HKLM\SYSTEM\…\Name' or 'HKU\.DEFAULT\…\Name'`)
	case len(parts) < 2 || slices.Contains(parts, "") || strings.ContainsRune(text, 0):
		return registryPath{}, fmt.Errorf(`no value of the registry, want a hive, keys and a name with one backslash between them`)
	case root == "HKLM" && !slices.Contains(registryHives(), strings.ToUpper(parts[1])):
		return registryPath{}, fmt.Errorf(`in HKLM\%s, which is on no disk; want HKLM\%s`, parts[1], strings.Join(registryHives(), ", "))
	}
	if root == "HKLM" {
		parts[1] = strings.ToUpper(parts[1])
	}
	return registryPath{strings.Join(append([]string{root}, parts[1:]...), `\`), name}, nil
}
