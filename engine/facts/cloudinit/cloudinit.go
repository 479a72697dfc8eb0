// Package cloudinit collects the domain "cloud_init": whether cloud-init is there, would run, and what it left behind
// (cloud-init 24's documentation, "Directory layout"). It does not merge the configuration, and the kernel's argument
// cloud-init=disabled is not looked at.
package cloudinit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	state        = "/var/lib/cloud"
	disabled     = "/etc/cloud/cloud-init.disabled"
	maxInstances = 1_000
	maxValue     = 512 // bytes of an id or of a name of a source
)

// Collector collects the domain "cloud_init".
var Collector = facts.New("cloud_init", "What is there of cloud-init", collect)

func collect(_ context.Context, s *facts.Scope) (*facts.CloudInit, error) {
	c := &facts.CloudInit{Configs: []string{}, Instances: []string{}, Seeds: []string{}, Data: []string{}}
	c.Installed = s.Exists("/usr/bin/cloud-init") || s.Exists("/usr/local/bin/cloud-init")
	if s.Exists("/etc/cloud/cloud.cfg") {
		c.Configs = append(c.Configs, "/etc/cloud/cloud.cfg")
	}
	for _, d := range s.DropIns(".cfg", "/etc/cloud/cloud.cfg.d") {
		c.Configs = append(c.Configs, d.Path)
	}
	if !c.Installed && len(c.Configs) == 0 && !s.Exists(state) {
		return nil, fmt.Errorf("%s: %w", state, fs.ErrNotExist)
	}
	if s.Exists(disabled) {
		c.Disabled = &facts.Source{Path: disabled}
	}
	c.InstanceID = firstLine(s, state+"/data/instance-id")
	if c.Datasource = firstLine(s, state+"/instance/datasource"); c.Datasource != nil {
		c.Datasource.Value, _, _ = strings.Cut(c.Datasource.Value, ":") // what follows are its arguments
		c.Datasource.Source.Text = ""
	}
	c.Instances = list(s, state+"/instances")
	c.Seeds = list(s, state+"/seed")
	for _, dir := range c.Instances {
		for _, name := range []string{"user-data.txt", "user-data.txt.i", "vendor-data.txt", "vendor-data2.txt", "cloud-config.txt", "obj.pkl"} {
			if o, err := s.Stat(dir + "/" + name); err == nil && o.IsRegular() && o.Size > 0 {
				c.Data = append(c.Data, dir+"/"+name)
			} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
				s.Problem(dir+"/"+name, 0, err)
			}
		}
	}
	return c, nil
}

// list returns the directories in dir.
func list(s *facts.Scope, dir string) []string {
	all := []string{}
	for _, e := range s.ReadDir(dir) {
		switch {
		case !e.Type.IsDir():
		case len(all) == maxInstances:
			s.Problem(dir, 0, binread.Limit("more than %d directories; the rest is left out", maxInstances))
			return all
		default:
			all = append(all, dir+"/"+e.Name)
		}
	}
	return all
}

// firstLine returns the first line of a small file, or nil when there is none.
func firstLine(s *facts.Scope, path string) *facts.Value[string] {
	b, err := s.ReadFile(path)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.Problem(path, 0, err)
		}
		return nil
	}
	line, _, _ := strings.Cut(string(b), "\n")
	line = strings.TrimSpace(line)
	if line == "" || len(line) > maxValue {
		s.Problem(path, 1, fmt.Errorf("first line has %d bytes, want 1 to %d", len(line), maxValue))
		return nil
	}
	return &facts.Value[string]{Value: line, Explicit: true, Source: &facts.Source{Path: path, Line: 1}}
}
