// Package profile collects the domain "profile": umask, TMOUT and root's PATH as the shells' start-up files set them.
//
// Sources: /etc/profile, the *.sh of /etc/profile.d, bash's and zsh's files for all users, /etc/environment, and root's own
// files (bash(1), section "INVOCATION"). They are read line by line and not run: conditions, loops and functions are not
// followed, and a value that the shell would compute stays as it is written. UMASK of login.defs and pam_umask are in
// other domains. The directories of PATH are described as they lie on the disks.
package profile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxFiles   = 2000
	maxEntries = 20_000  // of one kind
	maxLine    = 1 << 16 // bytes that are looked at
)

// Collector collects the domain "profile".
var Collector = facts.New("profile", "umask, TMOUT and root's PATH in the shells' start-up files", collect)

// systemWide are the files for all users, besides those of /etc/profile.d.
var systemWide = []string{
	"/etc/profile", "/etc/bash.bashrc", "/etc/bashrc", "/etc/bash/bashrc", "/etc/profile.local", "/etc/bash.bashrc.local",
	"/etc/zshenv", "/etc/zprofile", "/etc/zshrc", "/etc/zsh/zshenv", "/etc/zsh/zprofile", "/etc/zsh/zshrc", "/etc/environment",
	"/usr/etc/profile", "/usr/etc/bash.bashrc",
}

// ofRoot are the files of root's home.
var ofRoot = []string{"/root/.profile", "/root/.bash_profile", "/root/.bash_login", "/root/.bashrc", "/root/.zshenv", "/root/.zprofile", "/root/.zshrc"}

func collect(ctx context.Context, s *facts.Scope) (*facts.Profile, error) {
	var parts []string
	for _, d := range s.DropIns(".sh", "/etc/profile.d", "/usr/etc/profile.d") {
		if !d.Masked {
			parts = append(parts, d.Path)
		}
	}
	if len(parts) > maxFiles {
		s.Problem("/etc/profile.d", 0, binread.Limit("%d files, want at most %d", len(parts), maxFiles))
		parts = parts[:maxFiles]
	}
	p := &facts.Profile{Umask: []facts.UmaskSetting{}, Tmout: []facts.TmoutSetting{}, RootPath: []facts.PathSetting{}, PathDirs: []facts.PathDir{}}
	found := false
	for _, name := range slices.Concat(systemWide[:1], parts, systemWide[1:], ofRoot) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err := read(s, p, name)
		switch {
		case err == nil:
			found = true
		case !errors.Is(err, fs.ErrNotExist):
			s.Problem(name, 0, err)
			found = true
		}
	}
	if !found {
		return nil, fmt.Errorf("start-up files: %w", fs.ErrNotExist)
	}
	if len(p.RootPath) > 0 {
		directories(s, p)
	}
	return p, nil
}

// read adds what one file sets.
func read(s *facts.Scope, p *facts.Profile, name string) error {
	first, full := len(p.Tmout), false
	err := s.Lines(name, func(n int, text string) {
		if full {
			return
		}
		if len(text) > maxLine {
			s.Problem(name, n, binread.Limit("line of %d bytes, of which %d are looked at", len(text), maxLine))
			text = text[:maxLine]
		}
		if !strings.Contains(text, "umask") && !strings.Contains(text, "TMOUT") && !strings.Contains(text, "PATH") && !strings.Contains(text, pathmunge) {
			return
		}
		at := facts.At(name, n, strings.TrimSpace(text))
		for _, command := range facts.ShellCommands(text) {
			if len(p.Umask)+len(p.Tmout)+len(p.RootPath) >= maxEntries {
				full = true
				s.Problem(name, n, binread.Limit("more than %d settings", maxEntries))
				return
			}
			add(p, command, at, first)
		}
	})
	return err
}

// add takes one command in, as words. TMOUT's entries of the same file begin at first.
func add(p *facts.Profile, command []string, at facts.Source, first int) {
	declared, readOnly, exported := declaration(command)
	if declared > 0 {
		command = command[declared:]
	}
	if len(command) > 1 && command[0] == "umask" {
		value := command[len(command)-1]
		if strings.HasPrefix(value, "-") {
			return // only prints
		}
		p.Umask = append(p.Umask, facts.UmaskSetting{Value: value, Mode: umaskMode(value), Source: at})
		return
	}
	if len(command) > 1 && command[0] == pathmunge {
		p.RootPath = append(p.RootPath, facts.PathSetting{Entries: splitPath(command[1]), Source: at})
		return
	}
	for _, word := range command {
		name, value, ok := strings.Cut(word, "=")
		switch {
		case !ok && declared == 0:
			return // the command itself; what follows are its arguments
		case name == "TMOUT" && ok:
			p.Tmout = append(p.Tmout, facts.TmoutSetting{Value: number(value), ReadOnly: readOnly, Exported: exported, Source: at})
		case name == "TMOUT":
			for i := first; i < len(p.Tmout); i++ {
				p.Tmout[i].ReadOnly = p.Tmout[i].ReadOnly || readOnly
				p.Tmout[i].Exported = p.Tmout[i].Exported || exported
			}
		case name == "PATH" && ok:
			p.RootPath = append(p.RootPath, facts.PathSetting{Entries: splitPath(value), Source: at})
		}
	}
}
