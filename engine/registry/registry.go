// Package registry puts the hives of a Windows guest together to the tree that a running Windows has: HKLM and HKU.
//
// HKLM\SYSTEM, SOFTWARE, SAM and SECURITY are the hives of System32\config, HKU\.DEFAULT is DEFAULT, and HKU\<SID> is the NTUSER.DAT of
// the profile that ProfileList names. CurrentControlSet is the one that Select names as current. A hive is opened when something is asked
// of it, and once. What Windows makes at run time (HKLM\HARDWARE, volatile keys, links) is not there.
package registry

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/hive"
)

const (
	maxUsers = 1000 // hives of users

	profileList = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList`
	systemSID   = "S-1-5-18" // whose hive is DEFAULT
)

// machine are the hives of the machine by where they are mounted, and their files in System32\config.
var machine = map[string]string{
	`HKLM\SYSTEM`: "SYSTEM", `HKLM\SOFTWARE`: "SOFTWARE", `HKLM\SAM`: "SAM", `HKLM\SECURITY`: "SECURITY", `HKU\.DEFAULT`: "DEFAULT",
}

// Registry is the registry of one guest. It is safe for concurrent use.
type Registry struct {
	guest *guest.Guest

	mutex sync.Mutex
	hives map[string]*Hive // by where they are mounted, in upper case
	set   string           // of control: "ControlSet001"

	users func() ([]User, error)
}

// Hive is one hive of the registry.
type Hive struct {
	Name string // where it is mounted: `HKLM\SYSTEM`
	Path string // guest path of its file
	// Problems are why what it says is not to be believed: it is dirty, or what it lies on is damaged.
	Problems []error
	State    hive.State

	hive *hive.Hive
	err  error // why it could not be opened
}

// Key is a key of the registry.
type Key struct {
	hive.Key
	Path string // whole, without CurrentControlSet: `HKLM\SYSTEM\ControlSet001\Services`
	Hive *Hive
}

// User is a profile, whose hive is mounted at HKU\<SID>.
type User struct {
	SID     string
	Profile string // guest path: "/Users/me"; "" where it is in none of the guest's volumes
}

// New returns the registry of a guest. A guest that is no Windows has none: fs.ErrNotExist.
func New(g *guest.Guest) (*Registry, error) {
	if g.System != guest.Windows {
		return nil, fmt.Errorf("registry: not a Windows: %w", fs.ErrNotExist)
	}
	r := &Registry{guest: g, hives: map[string]*Hive{}}
	r.users = sync.OnceValues(r.readUsers)
	return r, nil
}

// Key returns the key of a path, in any case: `HKLM\SOFTWARE\Microsoft`. One that is absent is fs.ErrNotExist; of a hive that is missing
// or damaged it is not known whether it is, which is another error. The hive comes with both, where it was opened.
func (r *Registry) Key(path string) (Key, error) {
	name, rest, err := r.mountOf(path)
	if err != nil {
		return Key{}, err
	}
	h := r.open(name)
	k := Key{Path: name, Hive: h}
	if h.err != nil {
		return k, h.err
	}
	if name == `HKLM\SYSTEM` {
		if rest, err = r.controlSet(h, rest); err != nil {
			return k, err
		}
	}
	if k.Key, err = h.hive.Key(rest); err != nil {
		return k, &fs.PathError{Op: "read", Path: h.Path, Err: err}
	}
	if rest != "" {
		k.Path += `\` + rest
	}
	return k, nil
}

// Below returns the key of a path below k, as Key does.
func (k Key) Below(path string) (Key, error) {
	sub, err := k.Key.Key(path)
	if err != nil {
		return Key{Hive: k.Hive}, &fs.PathError{Op: "read", Path: k.Hive.Path, Err: err}
	}
	return Key{sub, k.Path + `\` + path, k.Hive}, nil
}

// Under returns the keys right below k. Those that could be read come with an error about those that could not.
func (k Key) Under() ([]Key, error) {
	keys, err := k.Keys()
	all := make([]Key, len(keys))
	for i, sub := range keys {
		all[i] = Key{sub, k.Path + `\` + sub.Name(), k.Hive}
	}
	if err != nil {
		err = &fs.PathError{Op: "read", Path: k.Hive.Path, Err: err}
	}
	return all, err
}

// mountOf splits a path into the hive and the path in it.
func (r *Registry) mountOf(path string) (name, rest string, err error) {
	parts := strings.Split(strings.Trim(path, `\`), `\`)
	switch strings.ToUpper(parts[0]) {
	case "HKLM", "HKEY_LOCAL_MACHINE":
		parts[0] = "HKLM"
	case "HKU", "HKEY_USERS":
		parts[0] = "HKU"
	case "HKCR", "HKEY_CLASSES_ROOT":
		parts = append([]string{"HKLM", "SOFTWARE", "Classes"}, parts[1:]...)
	default:
		return "", "", fmt.Errorf("registry path %q: begins with %q, want HKLM, HKU or HKCR", path, parts[0])
	}
	if len(parts) < 2 {
		return "", "", fmt.Errorf("registry path %q: names no hive", path)
	}
	if parts[0] == "HKLM" || strings.EqualFold(parts[1], ".default") {
		parts[1] = strings.ToUpper(parts[1])
	}
	return parts[0] + `\` + parts[1], strings.Join(parts[2:], `\`), nil
}

// controlSet puts the current set of control in the place of CurrentControlSet.
func (r *Registry) controlSet(h *Hive, path string) (string, error) {
	const current = "currentcontrolset"
	name, rest, more := strings.Cut(path, `\`)
	if !strings.EqualFold(name, current) {
		return path, nil
	}
	set, err := r.currentSet(h)
	if err != nil {
		return "", &fs.PathError{Op: "read", Path: h.Path, Err: fmt.Errorf("which set of control is current: %w", err)}
	}
	if more {
		set += `\` + rest
	}
	return set, nil
}

func (r *Registry) currentSet(h *Hive) (string, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.set != "" {
		return r.set, nil
	}
	n, err := selected(h, "Current")
	if err != nil {
		return "", err
	}
	next, err := selected(h, "Default")
	if err == nil && next != n {
		h.Problems = append(h.Problems, fmt.Errorf("the next start takes set %d of control, and the last took %d", next, n))
	}
	r.set = fmt.Sprintf("ControlSet%03d", n)
	return r.set, nil
}

func selected(h *Hive, name string) (uint64, error) {
	key, err := h.hive.Key("Select")
	if err != nil {
		return 0, notKnown(err)
	}
	v, err := key.Value(name)
	if err != nil {
		return 0, notKnown(err)
	}
	n, err := v.Number()
	if err == nil && n > 999 {
		err = binread.Corrupt("Select: %s is %d, want at most 999", name, n)
	}
	return n, err
}

// notKnown takes its kind off the error of something that has to be there: that it is missing makes nothing else absent.
func notKnown(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New(err.Error())
	}
	return err
}
