// Package groups collects the domain "groups": the guest's groups as a list, with duplicates.
//
// Sources: /etc/group (group(5)) and /etc/gshadow (gshadow(5)), and /usr/lib/group where nsswitch.conf has altfiles. Of
// passwords only the state goes out. Groups of a network service are not known here.
package groups

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

const (
	groupPath   = "/etc/group"
	gshadowPath = "/etc/gshadow"
	altPath     = "/usr/lib/group"
)

// Collector collects the domain "groups".
var Collector = facts.New("groups", "The groups of /etc/group with their members and gshadow", collect, "nsswitch")

func collect(_ context.Context, s *facts.Scope) (*facts.Groups, error) {
	records, err := s.Records(groupPath)
	if err != nil {
		return nil, err
	}
	if n, ok := facts.Of[facts.NSSwitch](s, "nsswitch"); ok && slices.Contains((*n)["group"], "altfiles") {
		more, err := s.Records(altPath)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.Problem(altPath, 0, err)
		}
		records = append(records, more...)
	}
	shadow, err := readGShadow(s)
	if err != nil {
		s.Problem(gshadowPath, 0, err)
	}
	all := facts.Groups{}
	for _, r := range records {
		if r.NIS() {
			continue
		}
		g, err := parseGroup(r)
		if err != nil {
			s.Problem(r.Source.Path, r.Source.Line, err)
			continue
		}
		if shadow != nil {
			g.GShadow = &facts.GShadow{State: facts.PasswordMissing, Admins: []string{}, Members: []string{}}
			if found, ok := shadow[g.Name]; ok {
				g.GShadow = found
			}
		}
		all = append(all, g)
	}
	return &all, nil
}

func parseGroup(r facts.Record) (facts.Group, error) {
	if len(r.Fields) < 3 || r.Fields[0] == "" {
		return facts.Group{}, fmt.Errorf("line has %d fields, want a name, a password, a number and members", len(r.Fields))
	}
	gid, err := strconv.ParseUint(r.Fields[2], 10, 32)
	if err != nil {
		return facts.Group{}, fmt.Errorf("the third field of %q is no gid", r.Fields[0])
	}
	return facts.Group{
		Name: r.Fields[0], GID: uint32(gid), Members: list(r.Field(3)),
		Password: facts.PasswordInPlace(r.Fields[1]), Source: r.Source,
	}, nil
}

// readGShadow returns the first line of each name, or nil when the guest has no gshadow.
func readGShadow(s *facts.Scope) (map[string]*facts.GShadow, error) {
	records, err := s.Records(gshadowPath)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all := map[string]*facts.GShadow{}
	for _, r := range records {
		if r.NIS() || all[r.Fields[0]] != nil {
			continue
		}
		if len(r.Fields) != 4 {
			s.Problem(gshadowPath, r.Source.Line, fmt.Errorf("line has %d fields, want 4", len(r.Fields)))
		}
		state, _ := facts.PasswordState(r.Field(1))
		all[r.Fields[0]] = &facts.GShadow{State: state, Admins: list(r.Field(2)), Members: list(r.Field(3)), Source: &r.Source}
	}
	return all, nil
}

// list splits names at commas; empty ones are none.
func list(field string) []string {
	names := []string{}
	for name := range strings.SplitSeq(field, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}
