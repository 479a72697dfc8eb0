// Package timezone collects the domain "timezone": the zone the guest's clock is shown in.
//
// Sources: /etc/localtime, which the C library reads (tzset(3), localtime(5)): a link into the zone database, or a copy of
// one of its files, named by comparing it with the guest's own database. A guest without the file runs in UTC. Besides
// it, what Debian's /etc/timezone or an old /etc/sysconfig/clock say. A TZ variable that some program sets is not known
// here, and no zone database but the guest's own is used. Windows has names of its own, which CLDR's table translates.
package timezone

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	localtime = "/etc/localtime"
	maxHops   = 40 // links behind /etc/localtime
)

// databases are the directories of zone files: of the C libraries, and where Alpine copies the one zone in use.
var databases = []string{"/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"}

// Collector collects the domain "timezone".
var Collector = facts.New("timezone", "The time zone in effect and how it is set", collect).On(guest.Unix, guest.Windows)

func collect(ctx context.Context, s *facts.Scope) (*facts.Timezone, error) {
	if s.Guest.System == guest.Windows {
		return windows(s)
	}
	text, err := textZone(s)
	if err != nil {
		return nil, err
	}
	z, err := effective(ctx, s, text)
	if err != nil {
		return nil, err
	}
	z.Text = text
	if text != nil && canonical(text.Value) != canonical(z.Zone.Value) && !slices.Contains(z.Names, text.Value) {
		z.Zone.Shadowed = append(z.Zone.Shadowed, facts.Shadow[string]{Source: *text.Source, Value: text.Value})
	}
	return z, nil
}

func effective(ctx context.Context, s *facts.Scope, text *facts.Value[string]) (*facts.Timezone, error) {
	o, err := s.Lstat(localtime)
	if errors.Is(err, fs.ErrNotExist) {
		return utc("default", nil), nil
	}
	if err != nil {
		return nil, err
	}
	source := &facts.Source{Path: localtime}
	name := ""
	if o.IsSymlink() {
		if name, err = linkedZone(s, source); err != nil {
			return nil, err
		}
	}
	content, err := s.ReadFile(localtime)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return dangling(s, name, source), nil
	case err != nil:
		return nil, err
	}
	rules, err := parseTZif(content)
	switch {
	case err != nil:
		s.Problem(localtime, 0, fmt.Errorf("%w: the C library takes UTC", err))
		how := "copy"
		if name != "" {
			how = "link"
		}
		return utc(how, source), nil
	case name != "":
		return set("link", name, []string{name}, source), nil
	}
	return copied(ctx, s, content, rules, text, source)
}

// dangling is for a link to a file that is not there, as on an image without the zone database: the C library takes UTC,
// whatever the link says.
func dangling(s *facts.Scope, name string, source *facts.Source) *facts.Timezone {
	if name != "" && canonical(name) == "UTC" {
		return set("link", name, []string{name}, source)
	}
	s.Problem(localtime, 0, fmt.Errorf("link %s leads to no file: the C library takes UTC", source.Text))
	z := utc("link", source)
	if name != "" {
		z.Zone.Shadowed = []facts.Shadow[string]{{Source: *source, Value: name}}
	}
	return z
}

// linkedZone follows the links behind /etc/localtime until one leads into a zone database, and returns the name it uses:
// the file there may be a link again, which is only another name of the same zone.
func linkedZone(s *facts.Scope, source *facts.Source) (string, error) {
	at := localtime
	for range maxHops {
		o, err := s.Lstat(at)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !o.IsSymlink() {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		target, err := s.ReadLink(at)
		if err != nil {
			return "", err
		}
		if source.Text == "" {
			source.Text = "-> " + target
		}
		if !path.IsAbs(target) {
			target = path.Join(path.Dir(o.Path), target)
		}
		at = path.Clean(target)
		for _, dir := range databases {
			if name, ok := strings.CutPrefix(at, dir+"/"); ok {
				return name, nil
			}
		}
	}
	return "", nil
}

// textZone returns what the guest's text files say the zone is, or nil when it has none.
func textZone(s *facts.Scope) (*facts.Value[string], error) {
	var v *facts.Value[string]
	err := s.Lines("/etc/timezone", func(n int, text string) {
		name := strings.TrimSpace(text)
		if v == nil && name != "" && name[0] != '#' {
			v = &facts.Value[string]{Value: name, Explicit: true, Source: &facts.Source{Path: "/etc/timezone", Line: n, Text: text}}
		}
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if v != nil {
		return v, nil
	}
	all, err := s.Assignments("/etc/sysconfig/clock")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, name := range []string{"ZONE", "TIMEZONE"} { // of Red Hat, of SUSE
		if v := facts.LastAssignment(all, name); v != nil {
			return v, nil
		}
	}
	return nil, nil
}

func set(how, name string, names []string, source *facts.Source) *facts.Timezone {
	return &facts.Timezone{
		Zone: facts.Value[string]{Value: name, Explicit: true, Source: source},
		How:  how, Names: names,
	}
}

// utc is the zone of a guest whose /etc/localtime sets none.
func utc(how string, source *facts.Source) *facts.Timezone {
	return &facts.Timezone{Zone: facts.Value[string]{Value: "UTC", Source: source}, How: how, Names: []string{"UTC"}}
}

func canonical(name string) string {
	zone, _ := facts.CanonicalZone(name)
	return zone
}
