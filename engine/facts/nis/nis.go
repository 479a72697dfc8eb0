// Package nis collects the domain "nis": the lines of the account files that take in a network service's accounts.
//
// Sources: lines that begin with + or - in /etc/passwd, /etc/shadow, /etc/group and /etc/gshadow. Whether they are in
// force is for nsswitch.conf to say, with its source "compat" (nsswitch.conf(5)).
package nis

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/guestctl/guestctl/engine/facts"
)

// Collector collects the domain "nis".
var Collector = facts.New("nis", "Lines of the account files that stand for accounts of a network service", collect)

func collect(_ context.Context, s *facts.Scope) (*facts.NIS, error) {
	all, found := facts.NIS{}, false
	for _, path := range []string{"/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"} {
		records, err := s.Records(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = true
		for _, r := range records {
			if r.NIS() {
				all = append(all, facts.NISEntry{Name: r.Fields[0], Source: r.Source})
			}
		}
	}
	if !found {
		return nil, fmt.Errorf("account files: %w", fs.ErrNotExist)
	}
	return &all, nil
}
