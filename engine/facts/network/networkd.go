package network

import (
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// networkDirs are where systemd-networkd's files lie, highest priority first (systemd.network(5)).
var networkDirs = []string{
	"/etc/systemd/network", "/run/systemd/network", "/usr/local/lib/systemd/network", "/usr/lib/systemd/network", "/lib/systemd/network",
}

// section is one [Section] of a file, of which there may be several with one name.
type section struct {
	name  string
	first facts.Source
	lines []facts.Setting
}

func (r *reader) networkd() {
	for i, f := range r.s.DropIns(".network", networkDirs...) {
		if i == maxFiles {
			r.limit(facts.Source{Path: f.Path}, "more than %d files; the rest is not read", maxFiles)
			return
		}
		if f.Masked {
			continue
		}
		var dirs []string
		for _, dir := range networkDirs {
			dirs = append(dirs, dir+"/"+path.Base(f.Path)+".d")
		}
		all := r.sections(f.Path)
		if len(all) == 0 {
			continue // networkd skips an empty file, which so masks those of its name
		}
		for j, d := range r.s.DropIns(".conf", dirs...) {
			if j == maxFiles {
				r.limit(facts.Source{Path: d.Path}, "more than %d files; the rest is not read", maxFiles)
				break
			}
			if !d.Masked {
				all = append(all, r.sections(d.Path)...)
			}
		}
		r.dotNetwork(f.Path, all)
	}
}

// sections reads a file. Each [Address] and [Route] is one of its own, so they are kept apart.
func (r *reader) sections(file string) []section {
	if err := r.small(file); err != nil {
		r.missing(file, err)
		return nil
	}
	var heads []int
	if err := r.s.Lines(file, func(n int, text string) {
		if strings.HasPrefix(strings.TrimSpace(text), "[") {
			heads = append(heads, n)
		}
	}); err != nil {
		r.missing(file, err)
		return nil
	}
	settings, err := r.s.Settings(file)
	if err != nil {
		r.s.Problem(file, 0, err)
	}
	var all []section
	head := 0
	for _, set := range settings {
		began := head
		for head < len(heads) && heads[head] < set.Source.Line {
			head++
		}
		if set.Section == "" {
			continue // systemd ignores what stands before the first section
		}
		if len(all) == 0 || head > began {
			all = append(all, section{name: set.Section, first: set.Source})
		}
		last := &all[len(all)-1]
		last.lines = append(last.lines, set)
	}
	return all
}

func (r *reader) dotNetwork(file string, all []section) {
	f := facts.NetworkInterface{Manager: "networkd", Start: "auto", Source: facts.Source{Path: file}}
	match, dhcp, ra := []facts.Setting{}, "", ""
	for _, sec := range all {
		gateway, isDefault := facts.Setting{}, true
		for _, set := range sec.lines {
			switch sec.name + "." + set.Key {
			case "Network.Address", "Address.Address":
				r.set(&f.Addresses, set, false)
			case "Network.Gateway":
				r.set(&f.Gateways, set, false)
			case "Network.DNS":
				r.set(&f.DNS, set, true)
			case "Network.Domains":
				r.set(&f.Search, set, true)
			case "Network.DHCP":
				dhcp = strings.ToLower(set.Value)
			case "Network.IPv6AcceptRA":
				ra = set.Value
			case "Route.Gateway":
				gateway = set
			case "Route.Destination":
				isDefault = set.Value == "" || set.Value == "0.0.0.0/0" || set.Value == "::/0"
			case "Link.Unmanaged":
				if on, ok := facts.ParseBool(set.Value); ok && on {
					f.Start = "manual"
				}
			case "Link.ActivationPolicy":
				if slices.Contains([]string{"manual", "down", "always-down"}, set.Value) {
					f.Start = "manual"
				}
			}
			if sec.name == "Match" {
				match = append(match, set)
			}
		}
		if gateway.Value != "" && isDefault {
			r.set(&f.Gateways, gateway, false)
		}
	}
	if len(match) == 0 {
		r.ignore(f.Source, "the file has no [Match], and networkd ignores it")
		return
	}
	f.Name, f.Source = matchName(match), redacted(match[0].Source)
	f.Hidden = r.hiddenBy(f)
	switch on, ok := facts.ParseBool(dhcp); {
	case ok && on, dhcp == "both":
		f.Method4, f.Method6 = "dhcp", "dhcp"
	case dhcp == "ipv4", dhcp == "v4":
		f.Method4 = "dhcp"
	case dhcp == "ipv6", dhcp == "v6":
		f.Method6 = "dhcp"
	}
	static(&f)
	if on, ok := facts.ParseBool(ra); ok && on && f.Method6 == "" {
		f.Method6 = "auto"
	}
	r.add(f)
}

// set adds the values of a setting, or takes all out where it is empty.
func (r *reader) set(list *[]facts.NetworkLine, set facts.Setting, words bool) {
	switch {
	case set.Value == "":
		*list = nil
	case words:
		for word := range strings.FieldsSeq(set.Value) {
			r.line(list, word, redacted(set.Source))
		}
	default:
		r.line(list, set.Value, redacted(set.Source))
	}
}

// matchName is the names of a [Match] that asks for nothing else, or all it asks for.
func matchName(match []facts.Setting) string {
	var words, names []string
	for _, set := range match {
		if set.Key == "Name" {
			names = append(names, strings.Fields(set.Value)...)
		}
		words = append(words, strings.ToLower(set.Key)+"="+set.Value)
	}
	if len(names) > 0 && !slices.ContainsFunc(match, func(s facts.Setting) bool { return s.Key != "Name" }) {
		return strings.Join(names, " ")
	}
	return strings.Join(words, " ")
}

// hiddenBy returns the earlier file that matches all names of f: of several networkd takes the first.
func (r *reader) hiddenBy(f facts.NetworkInterface) string {
	own := strings.Fields(f.Name)
	for i, earlier := range r.n.Interfaces {
		if i == maxFiles {
			break
		}
		if earlier.Manager != "networkd" || strings.ContainsAny(f.Name+earlier.Name, "=!") {
			continue
		}
		patterns := strings.Fields(earlier.Name)
		if !slices.ContainsFunc(own, func(name string) bool {
			return !slices.ContainsFunc(patterns, func(p string) bool {
				// Only a bad pattern is an error, and that matches nothing.
				match, err := path.Match(p, name)
				return p == name || match && err == nil && !strings.ContainsAny(name, "*?[")
			})
		}) {
			return earlier.Source.Path
		}
	}
	return ""
}

func redacted(at facts.Source) facts.Source { return source(at.Path, at.Line, at.Text) }
