package facts

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/hive"
	"github.com/guestctl/guestctl/engine/registry"
)

// maxUnder is how many keys right below one a collector takes.
const maxUnder = 100_000

// shared is what the collectors of one guest share.
type shared struct {
	registry *registry.Registry
	err      error
	asked    bool
}

// Hives is one collector's view of the registry of a Windows guest. What cannot be read of it is recorded as a problem, and so is every
// hive that is not to be believed.
type Hives struct {
	scope    *Scope
	registry *registry.Registry
	told     map[*registry.Hive]bool
}

// Hives returns the registry. A guest that is no Windows has none: fs.ErrNotExist.
func (s *Scope) Hives() (*Hives, error) {
	if s.shared == nil {
		s.shared = &shared{}
	}
	if !s.shared.asked {
		s.shared.registry, s.shared.err = registry.New(s.Guest)
		s.shared.asked = true
	}
	if s.shared.err != nil {
		return nil, s.shared.err
	}
	return &Hives{s, s.shared.registry, map[*registry.Hive]bool{}}, nil
}

// RegistryKey is a key, or the absence of one, whose values are all absent.
type RegistryKey struct {
	Path   string // whole: `HKLM\SYSTEM\ControlSet001\Services`
	Exists bool

	key   registry.Key
	hives *Hives
}

// Key returns the key of a path, in any case: `HKLM\SYSTEM\CurrentControlSet\Services`.
func (h *Hives) Key(path string) RegistryKey {
	k, err := h.registry.Key(path)
	return h.made(path, k, err)
}

// Look returns the key of a path as Key does, with what keeps it from being known as an error and not as a problem, save for a hive that is
// not to be believed.
func (h *Hives) Look(path string) (RegistryKey, error) {
	k, err := h.registry.Key(path)
	if k.Hive != nil {
		h.tell(k.Hive)
	}
	if absentKey(err) {
		return RegistryKey{Path: path, key: k, hives: h}, nil
	}
	return RegistryKey{Path: cmp.Or(k.Path, path), Exists: err == nil, key: k, hives: h}, err
}

// Get returns the value of a name, with what keeps it from being known as an error and not as a problem.
func (k RegistryKey) Get(name string) (hive.Value, error) { return k.key.Value(name) }

// Names returns the names of the keys right below k, and of its values, up to a number of each.
func (k RegistryKey) Names(most int) (keys, values []string, err error) {
	below, err := k.key.Under()
	for _, sub := range below[:min(most, len(below))] {
		keys = append(keys, sub.Name())
	}
	list, listErr := k.key.Values()
	for _, v := range list[:min(most, len(list))] {
		values = append(values, v.Name)
	}
	slices.Sort(keys)
	slices.Sort(values)
	if len(below) > most || len(list) > most {
		err = errors.Join(err, binread.Limit("more than %d names", most))
	}
	return keys, values, errors.Join(err, listErr)
}

func (h *Hives) made(path string, k registry.Key, err error) RegistryKey {
	made := RegistryKey{Path: path, key: k, hives: h}
	if k.Hive != nil {
		h.tell(k.Hive)
	}
	switch {
	case err == nil:
		made.Path, made.Exists = k.Path, true
	case !absentKey(err):
		h.problem(k.Hive, path, err)
	}
	return made
}

// tell records once that a hive is not to be believed.
func (h *Hives) tell(of *registry.Hive) {
	if h.told[of] {
		return
	}
	h.told[of] = true
	if of.Err() == nil {
		h.scope.Uses(of.Path)
	}
	for _, p := range of.Problems {
		h.scope.Problem(of.Path, 0, p)
	}
}

func (h *Hives) problem(of *registry.Hive, path string, err error) {
	file := ""
	if of != nil {
		file = of.Path
	}
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	if of == nil || of.Err() == nil { // that a hive was not opened is told once, not with every key
		err = fmt.Errorf("%s: %w", path, err)
	}
	h.scope.Problem(file, 0, err)
}

func absentKey(err error) bool {
	return errors.Is(err, fs.ErrNotExist) && !errors.Is(err, binread.ErrCorrupt) && !errors.Is(err, guest.ErrUnread)
}

// Users returns the profiles that the guest keeps.
func (h *Hives) Users() []registry.User {
	users, err := h.registry.Users()
	if err != nil {
		h.problem(nil, "", err)
	}
	return users
}

// All returns the hives of the machine and of its users.
func (h *Hives) All() []*registry.Hive { return h.registry.Hives() }

// Below returns the key of a path below k.
func (k RegistryKey) Below(path string) RegistryKey {
	if !k.Exists {
		return RegistryKey{Path: k.Path + `\` + path, hives: k.hives}
	}
	sub, err := k.key.Below(path)
	return k.hives.made(k.Path+`\`+path, sub, err)
}

// Name is the name of the key.
func (k RegistryKey) Name() string { return k.Path[strings.LastIndexByte(k.Path, '\\')+1:] }

// Written is when the key was written last, in RFC 3339; "" where it is absent.
func (k RegistryKey) Written() string {
	if !k.Exists {
		return ""
	}
	return TimeText(k.key.Written())
}

// TimeText writes a time in RFC 3339, in whole seconds; "" for none.
func TimeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Under returns the keys right below k, in the order of their names.
func (k RegistryKey) Under() []RegistryKey {
	if !k.Exists {
		return nil
	}
	keys, err := k.key.Under()
	if len(keys) > maxUnder {
		keys, err = keys[:maxUnder], errors.Join(err, binread.Limit("more than %d keys", maxUnder))
	}
	if err != nil {
		k.hives.problem(k.key.Hive, k.Path, err)
	}
	all := make([]RegistryKey, len(keys))
	for i, sub := range keys {
		all[i] = RegistryKey{sub.Path, true, sub, k.hives}
	}
	slices.SortFunc(all, func(a, b RegistryKey) int {
		return strings.Compare(strings.ToLower(a.Path), strings.ToLower(b.Path))
	})
	return all
}

// Values returns the values in the order of their names.
func (k RegistryKey) Values() []hive.Value {
	if !k.Exists {
		return nil
	}
	values, err := k.key.Values()
	if err != nil {
		k.hives.problem(k.key.Hive, k.Path, err)
	}
	slices.SortFunc(values, func(a, b hive.Value) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return values
}

// Value returns a value, or false where it is absent.
func (k RegistryKey) Value(name string) (hive.Value, bool) {
	if !k.Exists {
		return hive.Value{}, false
	}
	v, err := k.key.Value(name)
	if err != nil && !absentKey(err) {
		k.hives.problem(k.key.Hive, k.Path+"!"+name, err)
	}
	return v, err == nil
}

// Has reports whether there is a value of that name.
func (k RegistryKey) Has(name string) bool {
	_, ok := k.Value(name)
	return ok
}

// Source is the place of the key, or of a value of it with its content. It must not be asked of a value that is a secret.
func (k RegistryKey) Source(values ...hive.Value) Source {
	text := k.Path
	for _, v := range values {
		text = k.Path + "!" + v.Name + " = " + Redact(ValueText(v))
	}
	return At(k.file(), 0, text)
}

// Mark is the place of a value without its content.
func (k RegistryKey) Mark(name string) Source { return At(k.file(), 0, k.Path+"!"+name) }

func (k RegistryKey) file() string {
	if k.key.Hive == nil {
		return ""
	}
	return k.key.Hive.Path
}

// ValueText is a value as text: a text as it is, with variables as written; a number in decimal; several texts with line ends between
// them; bytes in hexadecimal.
func ValueText(v hive.Value) string {
	if text, err := v.Text(); err == nil {
		return text
	}
	if n, err := v.Number(); err == nil {
		return strconv.FormatUint(n, 10)
	}
	if texts, err := v.Texts(); err == nil {
		return strings.Join(texts, "\n")
	}
	return hex.EncodeToString(v.Data)
}
