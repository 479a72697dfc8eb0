// Package sshkeys collects the domain "ssh_keys": the guest's host keys and the keys that let users in.
//
// Sources: the files that HostKey names and /etc/ssh/ssh_host_*_key; for every user the files that AuthorizedKeysFile
// names (sshd(8), section "AUTHORIZED_KEYS FILE FORMAT"), in Match blocks too, and the private keys in ~/.ssh. Private
// keys are never read: their place, mode and owner go out, and the type that their name says. Keys that a command or a
// certificate authority gives are not known here.
package sshkeys

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	maxKeys  = 20_000 // in all files
	maxFiles = 20_000 // of authorized keys that are looked for
)

// Collector collects the domain "ssh_keys".
var Collector = facts.New("ssh_keys", "Host keys, authorized keys and where private keys lie", collect, "users", "sshd")

func collect(ctx context.Context, s *facts.Scope) (*facts.SSHKeys, error) {
	k := &facts.SSHKeys{Host: []facts.SSHHostKey{}, Authorized: []facts.SSHAuthorizedFile{}, Private: []facts.SSHPrivateKey{}}
	server, haveServer := facts.Of[facts.SSHD](s, "sshd")
	users, haveUsers := facts.Of[facts.Users](s, "users")
	r := reader{s: s}
	for _, name := range hostKeys(s, server) {
		k.Host = append(k.Host, r.hostKey(name)...)
	}
	if !haveUsers {
		if !haveServer && len(k.Host) == 0 {
			return nil, fmt.Errorf("ssh keys: %w", fs.ErrNotExist)
		}
		return k, nil
	}
	patterns := keyFiles(server)
	seen := map[string]bool{}
	for _, u := range *users {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, pattern := range patterns {
			name := expand(pattern, u)
			if name == "" || seen[u.Name+"\x00"+name] {
				continue
			}
			if len(seen) == maxFiles {
				s.Problem("/etc/passwd", 0, binread.Limit("more than %d files of keys to look for", maxFiles))
				return k, nil
			}
			seen[u.Name+"\x00"+name] = true
			if f := r.authorized(u.Name, name); f != nil {
				k.Authorized = append(k.Authorized, *f)
			}
		}
		if home := u.Home; u.HomeExists != nil && *u.HomeExists && !seen["\x00"+home] {
			seen["\x00"+home] = true
			k.Private = append(k.Private, r.private(u.Name, home+"/.ssh")...)
		}
	}
	return k, nil
}

// hostKeys returns the paths of the server's private keys.
func hostKeys(s *facts.Scope, server *facts.SSHD) []string {
	names := s.Glob("/etc/ssh/ssh_host_*_key")
	for _, name := range s.Glob("/etc/ssh/ssh_host_*_key.pub") {
		names = append(names, strings.TrimSuffix(name, ".pub"))
	}
	if server != nil {
		names = append(names, texts(server.Effective["hostkey"])...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// keyFiles returns the patterns of AuthorizedKeysFile, those of all blocks together.
func keyFiles(server *facts.SSHD) []string {
	patterns := []string{".ssh/authorized_keys", ".ssh/authorized_keys2"}
	if server == nil {
		return patterns
	}
	if set := texts(server.Effective["authorizedkeysfile"]); len(set) > 0 {
		patterns = set
	}
	for _, m := range server.Match {
		patterns = append(patterns, texts(m.Settings["authorizedkeysfile"])...)
	}
	return patterns
}

func texts(v *facts.Value[any]) []string {
	if v == nil {
		return nil
	}
	list, _ := v.Value.([]any)
	var all []string
	for _, e := range list {
		if text, ok := e.(string); ok {
			all = append(all, text)
		}
	}
	return all
}

// expand fills a pattern in for a user; "" when it names no file.
func expand(pattern string, u facts.User) string {
	if strings.EqualFold(pattern, "none") {
		return ""
	}
	name := strings.NewReplacer("%%", "%", "%h", u.Home, "%u", u.Name, "%U", strconv.FormatUint(uint64(u.UID), 10)).Replace(pattern)
	if !path.IsAbs(name) {
		if !path.IsAbs(u.Home) {
			return ""
		}
		name = u.Home + "/" + name
	}
	return path.Clean(name)
}

type reader struct {
	s    *facts.Scope
	keys int
}

// stat describes a file, or returns false for one that is not there; anything else is a problem.
func (r *reader) stat(name string) (guest.Object, bool) {
	o, err := r.s.Stat(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid) {
		r.s.Problem(name, 0, err)
	}
	return o, err == nil
}

func (r *reader) hostKey(name string) []facts.SSHHostKey {
	var k facts.SSHHostKey
	if o, ok := r.stat(name); ok {
		k.Private = privateKey(name, "", o)
	}
	if _, ok := r.stat(name + ".pub"); ok {
		if keys := r.public(name + ".pub"); len(keys) > 0 {
			k.Key = &keys[0]
		}
	}
	if k.Private == nil && k.Key == nil {
		return nil
	}
	return []facts.SSHHostKey{k}
}

func privateKey(name, user string, o guest.Object) *facts.SSHPrivateKey {
	k := &facts.SSHPrivateKey{Path: name, User: user, Mode: facts.ModeText(o.Mode), UID: o.UID, GID: o.GID}
	for _, typ := range []string{"ed25519", "ecdsa", "rsa", "dsa"} {
		if strings.Contains(path.Base(name), typ) {
			k.Type = typ
			break
		}
	}
	return k
}

// private returns the keys of a user's directory that have the names ssh-keygen gives.
func (r *reader) private(user, dir string) []facts.SSHPrivateKey {
	if o, ok := r.stat(dir); !ok || !o.IsDir() {
		return nil
	}
	var all []facts.SSHPrivateKey
	for _, e := range r.s.ReadDir(dir) {
		if !strings.HasPrefix(e.Name, "id_") || strings.HasSuffix(e.Name, ".pub") || e.Type.IsDir() || r.keys >= maxKeys {
			continue
		}
		r.keys++
		if o, ok := r.stat(dir + "/" + e.Name); ok && o.IsRegular() {
			all = append(all, *privateKey(dir+"/"+e.Name, user, o))
		}
	}
	return all
}

func (r *reader) authorized(user, name string) *facts.SSHAuthorizedFile {
	o, ok := r.stat(name)
	if !ok {
		return nil
	}
	return &facts.SSHAuthorizedFile{
		User: user, Path: name, Mode: facts.ModeText(o.Mode), UID: o.UID, Keys: r.public(name),
	}
}
