// Package sshd collects the domain "sshd": the settings that the OpenSSH server would run with.
//
// Sources: /etc/ssh/sshd_config, or the one of /usr/etc/ssh, with what they include (sshd_config(5)); the options that
// the service's unit, its drop-ins and its environment files give (systemd.exec(5), sshd(8)); and the defaults compiled
// into the version that the package database names. Rules as in OpenSSH's servconf.c: the first value of a keyword wins,
// lists grow, and what stands in a block "Match all" goes before what stands outside. Servers other than OpenSSH are
// not known here, nor are ports that a socket unit opens.
package sshd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/guestctl/guestctl/engine/facts"
)

const (
	etcConfig    = "/etc/ssh/sshd_config"
	vendorConfig = "/usr/etc/ssh/sshd_config"
)

// Collector collects the domain "sshd".
var Collector = facts.New("sshd", "The settings of the SSH server in effect", collect, "packages", "os")

// programs are where distributions keep the server.
var programs = []string{"/usr/sbin/sshd", "/usr/bin/sshd", "/sbin/sshd", "/usr/local/sbin/sshd"}

func collect(ctx context.Context, s *facts.Scope) (*facts.SSHD, error) {
	installed := program(s)
	line := commandLine(s)
	config := line.config
	if config == "" {
		config = etcConfig
		if !s.Exists(config) && s.Exists(vendorConfig) {
			config = vendorConfig
		}
	}
	if !installed && !s.Exists(config) {
		return nil, fmt.Errorf("sshd: %w", fs.ErrNotExist)
	}
	if !installed {
		s.Problem(config, 0, errors.New("no sshd program was found that would read it"))
	}
	v, known := serverVersion(s)
	if !known {
		s.Problem(config, 0, errors.New("the version of sshd is not known from the package database: defaults that depend on it are left out"))
	}
	p := parser{s: s, ctx: ctx, version: v}
	if err := p.commandLine(line.options); err != nil {
		return nil, err
	}
	err := p.file(config, 0, nil)
	if errors.Is(err, fs.ErrNotExist) && line.config != "" {
		s.Problem(config, 0, err)
		err = errRefuses
	}
	if err != nil {
		return nil, err
	}
	r := &facts.SSHD{
		Config: config, Files: p.inodes(), Effective: p.effective(), Match: p.blocks(), CommandLine: line.options,
	}
	if known {
		r.Version = v.String()
	}
	for name, value := range defaults(s, v, known) {
		if r.Effective[name] == nil {
			r.Effective[name] = facts.Default(value)
		}
	}
	for _, m := range append([]facts.SSHDMatch{{Settings: r.Effective}}, r.Match...) {
		p.editDefaults(m.Settings, algorithms(s, v, known))
	}
	return r, nil
}

// inodes describes the files that were read.
func (p *parser) inodes() []facts.Inode {
	all, owners := []facts.Inode{}, p.s.Owners()
	for _, name := range p.read {
		o, err := p.s.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // told of already, where it matters
		}
		if err != nil {
			p.s.Problem(name, 0, err)
			continue
		}
		all = append(all, owners.Inode(name, o))
	}
	return all
}

func program(s *facts.Scope) bool {
	for _, path := range programs {
		if s.Exists(path) {
			return true
		}
	}
	return false
}
