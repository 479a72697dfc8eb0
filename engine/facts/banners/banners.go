// Package banners collects the domain "banners": what the guest tells whom before and after a login.
//
// Sources: /etc/issue and /etc/issue.net, the parts in /etc/issue.d (agetty(8)), /etc/motd with /etc/motd.d
// (pam_motd(8)), and the file that sshd's Banner names. What scripts in update-motd.d would print is not known here.
package banners

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxBanner = 1 << 20 // bytes
	maxFiles  = 1000
)

// Collector collects the domain "banners".
var Collector = facts.New("banners", "The texts shown at a login, and whether they name the system", collect, "os", "sshd")

func collect(_ context.Context, s *facts.Scope) (*facts.Banners, error) {
	paths := []string{"/etc/issue", "/etc/issue.net", "/etc/motd"}
	paths = append(paths, s.Glob("/etc/issue.d/*.issue")...)
	paths = append(paths, s.Glob("/etc/motd.d/*")...)
	if d, ok := facts.Of[facts.SSHD](s, "sshd"); ok {
		paths = append(paths, ofServer(d)...)
	}
	if len(paths) > maxFiles {
		s.Problem("/etc/issue.d", 0, binread.Limit("%d files, want at most %d", len(paths), maxFiles))
		paths = paths[:maxFiles]
	}
	all := facts.Banners{}
	problems := 0
	for _, name := range paths {
		b, err := read(s, name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.Problem(name, 0, err)
			problems++
		}
		if b != nil {
			all[name] = b
		}
	}
	if len(all) == 0 && problems == 0 {
		return nil, fmt.Errorf("banners: %w", fs.ErrNotExist)
	}
	return &all, nil
}

// ofServer returns the files that sshd shows before a login.
func ofServer(d *facts.SSHD) []string {
	var paths []string
	add := func(v *facts.Value[any]) {
		if v == nil {
			return
		}
		if name, ok := v.Value.(string); ok && strings.HasPrefix(name, "/") {
			paths = append(paths, name)
		}
	}
	add(d.Effective["banner"])
	for _, m := range d.Match {
		add(m.Settings["banner"])
	}
	return paths
}

func read(s *facts.Scope, name string) (*facts.Banner, error) {
	o, err := s.Lstat(name)
	if err != nil {
		return nil, err
	}
	target, err := s.Stat(name)
	if err != nil {
		return nil, err
	}
	if target.Size > maxBanner {
		return nil, binread.Limit("file of %d bytes, want at most %d", target.Size, maxBanner)
	}
	text, err := s.ReadFile(name)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	b := &facts.Banner{Size: len(text), SHA256: hex.EncodeToString(sum[:]), OSEscapes: escapes(string(text)), NamesOS: namesOS(s, string(text))}
	if o.IsSymlink() {
		if b.Link, err = s.ReadLink(name); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// osEscape is a mark of agetty(8) that tells the machine, the release, the system's name, its version or os-release.
var osEscape = regexp.MustCompile(`\\[mrsvS]`)

func escapes(text string) []string {
	found := osEscape.FindAllString(strings.ReplaceAll(text, `\\`, ""), -1)
	slices.Sort(found)
	found = slices.Compact(found)
	if found == nil {
		return []string{}
	}
	return found
}

// namesOS reports whether the text has the system's id or the first word of its name as a word.
func namesOS(s *facts.Scope, text string) bool {
	os, ok := facts.Of[facts.OS](s, "os")
	if !ok {
		return false
	}
	name, _, _ := strings.Cut(os.PrettyName, " ")
	for _, word := range []string{os.ID, name} {
		if word == "" {
			continue
		}
		if re, err := regexp.Compile(`(?i)\b` + regexp.QuoteMeta(word) + `\b`); err == nil && re.MatchString(text) {
			return true
		}
	}
	return false
}
