package registry

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/hive"
)

// open returns a hive, opened when it is asked for first.
func (r *Registry) open(name string) *Hive {
	path, err := r.pathOf(name)
	r.mutex.Lock()
	defer r.mutex.Unlock()
	key := strings.ToUpper(name)
	if h := r.hives[key]; h != nil {
		return h
	}
	h := &Hive{Name: name, Path: path, err: err}
	r.hives[key] = h
	if err == nil {
		r.read(h)
	}
	return h
}

func (r *Registry) read(h *Hive) {
	opened, err := r.guest.Hive(h.Path)
	if opened == nil {
		h.err = err
		if _, ok := machine[h.Name]; ok && errors.Is(err, fs.ErrNotExist) {
			h.err = &fs.PathError{Op: "open", Path: h.Path, Err: errors.New("the hive is missing")}
		}
		return
	}
	h.hive, h.State = opened, opened.State()
	if err != nil {
		h.Problems = append(h.Problems, err)
	}
	for _, p := range h.State.Problems {
		h.Problems = append(h.Problems, errors.New(p))
	}
	if h.State.Condition == hive.Dirty && len(h.State.Problems) == 0 {
		h.Problems = append(h.Problems, errors.New("the hive was not written to the end"))
	}
}

// pathOf returns the guest path of a hive.
func (r *Registry) pathOf(name string) (string, error) {
	if file, ok := machine[name]; ok {
		return r.guest.SystemRoot + "/System32/config/" + file, nil
	}
	sid, isUser := strings.CutPrefix(name, `HKU\`)
	if !isUser {
		return "", fmt.Errorf("registry: %s is in no file: %w", name, fs.ErrNotExist)
	}
	users, err := r.Users()
	i := slices.IndexFunc(users, func(u User) bool { return strings.EqualFold(u.SID, sid) })
	switch {
	case i >= 0 && strings.EqualFold(sid, systemSID):
		return r.guest.SystemRoot + "/System32/config/DEFAULT", nil
	case i >= 0 && users[i].Profile == "":
		return "", fmt.Errorf("registry: the profile of %s is in none of the guest's volumes", sid)
	case i >= 0:
		return users[i].Profile + "/NTUSER.DAT", nil
	case err != nil:
		return "", err
	}
	return "", fmt.Errorf("registry: no profile of %s: %w", sid, fs.ErrNotExist)
}

// Users returns the profiles that the guest keeps, in the order of their SIDs. Those that could be read come with an error about the rest.
func (r *Registry) Users() ([]User, error) {
	return r.users()
}

func (r *Registry) readUsers() ([]User, error) {
	list, err := r.Key(profileList)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	keys, err := list.Under()
	var users []User
	for _, k := range keys {
		if len(users) == maxUsers {
			return users, binread.Limit("more than %d profiles", maxUsers)
		}
		u := User{SID: k.Name()}
		if !strings.HasPrefix(strings.ToUpper(u.SID), "S-1-") || strings.HasSuffix(u.SID, ".bak") {
			continue
		}
		if v, valueErr := k.Value("ProfileImagePath"); valueErr == nil {
			text, textErr := v.Text()
			err = cmp.Or(err, textErr)
			u.Profile, _ = r.guest.WindowsPath(text)
		} else if !errors.Is(valueErr, fs.ErrNotExist) {
			err = cmp.Or(err, valueErr)
		}
		users = append(users, u)
	}
	slices.SortFunc(users, func(a, b User) int { return strings.Compare(a.SID, b.SID) })
	return users, err
}

// Hives returns the hives of the machine and of every user, opened or not, in the order of their names.
func (r *Registry) Hives() []*Hive {
	names := slices.Sorted(maps.Keys(machine))
	users, _ := r.Users() // an error is that of HKLM\SOFTWARE, which is told with that
	for _, u := range users {
		if u.SID != systemSID {
			names = append(names, `HKU\`+u.SID)
		}
	}
	all := make([]*Hive, len(names))
	for i, name := range names {
		all[i] = r.open(name)
	}
	return all
}

// Err is why the hive could not be opened; nil where it was.
func (h *Hive) Err() error { return h.err }
