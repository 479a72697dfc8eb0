// Package fips collects the domain "fips": what would put the guest into FIPS mode.
//
// The kernel argument fips=1 of the default boot entry decides (fips-mode-setup(8)). The marker /etc/system-fips and the
// module of dracut belong to it on RHEL up to 8. Whether a running kernel is in FIPS mode is not on disk.
package fips

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// Collector collects the domain "fips".
var Collector = facts.New("fips", "What would put the guest into FIPS mode", collect, "boot")

func collect(_ context.Context, s *facts.Scope) (*facts.FIPS, error) {
	f := &facts.FIPS{Marker: there(s, "/etc/system-fips")}
	for _, dir := range []string{"/etc/dracut.conf.d", "/usr/lib/dracut/dracut.conf.d"} {
		for _, e := range s.ReadDir(dir) {
			if f.Dracut == nil && strings.HasSuffix(e.Name, ".conf") && !e.Type.IsDir() {
				f.Dracut = dracut(s, dir+"/"+e.Name)
			}
		}
	}
	boot, ok := facts.Of[facts.Boot](s, "boot")
	if !ok {
		return f, nil
	}
	entry, ok := boot.DefaultEntry()
	if !ok {
		s.Problem("", 0, errors.New("which boot entry is the default is not known, and with it fips="))
		return f, nil
	}
	on := false
	if arg, ok := entry.Arg("fips"); ok {
		source := entry.Source
		if arg.Source != nil {
			source = *arg.Source
		}
		f.Kernel = &facts.KernelSetting{Key: arg.Key, Value: arg.Value, Source: source}
		on = arg.Value == "1"
	}
	f.Enabled = &on
	return f, nil
}

func there(s *facts.Scope, path string) *facts.Source {
	if _, err := s.Stat(path); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.Problem(path, 0, err)
		}
		return nil
	}
	return &facts.Source{Path: path}
}

// dracut returns the line that adds the module fips to the initramfs (dracut.conf(5)).
func dracut(s *facts.Scope, file string) *facts.Source {
	var found *facts.Source
	err := s.Lines(file, func(n int, text string) {
		name, value, ok := strings.Cut(strings.TrimSpace(text), "=")
		if !ok || !strings.HasPrefix(name, "add_dracutmodules") && !strings.HasPrefix(name, "dracutmodules") {
			return
		}
		for word := range strings.FieldsSeq(strings.Trim(value, `"' `)) {
			if word == "fips" {
				found = &facts.Source{Path: file, Line: n, Text: text}
			}
		}
	})
	if err != nil {
		s.Problem(file, 0, fmt.Errorf("dracut: %w", err))
	}
	return found
}
