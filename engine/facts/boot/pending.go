package boot

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// The variables of /etc/default/grub that become arguments.
const (
	linuxVar        = "GRUB_CMDLINE_LINUX"
	linuxDefaultVar = "GRUB_CMDLINE_LINUX_DEFAULT"
)

// pending reads what new entries would be told: /etc/default/grub and, on Debian's grub-mkconfig, the files of grub.d behind
// it, and /etc/kernel/cmdline.
func pending(s *facts.Scope) *facts.PendingBoot {
	p := &facts.PendingBoot{Args: []facts.BootArg{}}
	vars := map[string]*facts.Value[string]{}
	found := defaults(s, "/etc/default/grub", vars)
	for _, path := range s.Glob("/etc/default/grub.d/*.cfg") {
		found = defaults(s, path, vars) || found
	}
	p.Linux, p.LinuxDefault = vars[linuxVar], vars[linuxDefaultVar]
	err := s.Lines("/etc/kernel/cmdline", func(n int, text string) {
		if text = strings.TrimSpace(text); text != "" && text[0] != '#' && p.Kernel == nil {
			p.Kernel = facts.Override(nil, text, facts.At("/etc/kernel/cmdline", n, text))
		}
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Problem("/etc/kernel/cmdline", 0, err)
	}
	if !found && p.Kernel == nil {
		return nil
	}
	line := &cmdline{}
	sources := []*facts.Value[string]{p.Linux, p.LinuxDefault}
	if !found {
		sources = []*facts.Value[string]{p.Kernel}
	}
	for _, v := range sources {
		if v != nil {
			line.add(v.Value, v.Source)
			line.add(" ", v.Source)
		}
	}
	p.Args = line.args()
	return p
}

// defaults reads the assignments of one file, and reports whether it is there. A value may be made of the one before.
func defaults(s *facts.Scope, path string, vars map[string]*facts.Value[string]) bool {
	err := s.Lines(path, func(n int, text string) {
		name, word, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(text), "export "), "=")
		name, more := strings.CutSuffix(name, "+")
		if !ok || name != linuxVar && name != linuxDefaultVar {
			return
		}
		value, err := facts.Unquote(word)
		if err != nil || len(value) > maxValue {
			s.Problem(path, n, errors.Join(err, errors.New("value is not read")))
			return
		}
		if !strings.HasPrefix(word, "'") {
			value = expandDefaults(value, vars)
		}
		if old := vars[name]; more && old != nil {
			value = old.Value + value
		}
		if strings.ContainsAny(value, "$`") || len(value) > maxValue {
			s.Problem(path, n, errors.New("value is made by a shell and is not known before that"))
			return
		}
		vars[name] = facts.Override(vars[name], value, facts.At(path, n, text))
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Problem(path, 0, err)
	}
	return err == nil
}

func expandDefaults(value string, vars map[string]*facts.Value[string]) string {
	for _, name := range []string{linuxDefaultVar, linuxVar} { // the longer name first
		old := ""
		if v := vars[name]; v != nil {
			old = v.Value
		}
		value = strings.ReplaceAll(value, "${"+name+"}", old)
		value = strings.ReplaceAll(value, "$"+name, old)
		if len(value) > maxValue {
			return value[:maxValue+1] // for the caller to refuse
		}
	}
	return value
}

// firmwarePaths are loaders of each kind of firmware.
var firmwarePaths = []facts.FirmwareLoader{
	{Kind: "bios", Path: "/boot/grub/i386-pc/core.img"},
	{Kind: "bios", Path: "/boot/grub2/i386-pc/core.img"},
	{Kind: "bios", Path: "/boot/extlinux/ldlinux.sys"},
	{Kind: "bios", Path: "/boot/ldlinux.sys"},
	{Kind: "uefi", Path: "/boot/efi/EFI/*/*.[eE][fF][iI]"},
	{Kind: "uefi", Path: "/efi/EFI/*/*.[eE][fF][iI]"},
	{Kind: "uefi", Path: "/boot/EFI/*/*.[eE][fF][iI]"},
}

// firmware lists the loaders that are on the disks: one for each place.
func firmware(s *facts.Scope) []facts.FirmwareLoader {
	found := []facts.FirmwareLoader{}
	for _, f := range firmwarePaths {
		if paths := s.Glob(f.Path); len(paths) > 0 {
			found = append(found, facts.FirmwareLoader{Kind: f.Kind, Path: paths[0]})
		}
	}
	return found
}
