package network

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

const scripts = "/etc/sysconfig/network-scripts"

// leftovers are the ends of names that are copies, which no program reads.
var leftovers = []string{"~", ".bak", ".old", ".orig", ".rej", ".rpmnew", ".rpmorig", ".rpmsave", ".scpmbackup"}

// ifcfgFiles returns the files ifcfg-NAME of a directory by NAME.
func (r *reader) ifcfgFiles(dir string) []string {
	var names []string
	for _, e := range r.s.ReadDir(dir) {
		name, ok := strings.CutPrefix(e.Name, "ifcfg-")
		if !ok || e.Type.IsDir() || name == "" || slices.ContainsFunc(leftovers, func(end string) bool { return strings.HasSuffix(name, end) }) {
			continue
		}
		if len(names) == maxFiles {
			r.limit(facts.Source{Path: path.Join(dir, e.Name)}, "more than %d files; the rest is not read", maxFiles)
			break
		}
		names = append(names, name)
	}
	return names
}

// variables are the assignments of a shell file in effect.
type variables struct {
	names []string // in the order of the file
	last  map[string]facts.Assignment
}

func (v variables) value(name string) string { return v.last[name].Value }

func (v variables) on(name string) (value, said bool) { return facts.ParseBool(v.value(name)) }

// variables reads a file of assignments, whose last one counts. What a shell would expand is a problem.
func (r *reader) variables(file string, wanted ...string) (variables, error) {
	v := variables{last: map[string]facts.Assignment{}}
	if err := r.small(file); err != nil {
		return v, err
	}
	all, err := r.s.Assignments(file)
	for _, a := range all {
		if !slices.ContainsFunc(wanted, func(prefix string) bool { return strings.HasPrefix(a.Name, prefix) }) {
			continue
		}
		if strings.ContainsAny(a.Value, "$`") {
			r.s.Problem(file, a.Source.Line, errors.New("value needs a shell to expand it"))
			continue
		}
		if _, again := v.last[a.Name]; !again {
			v.names = append(v.names, a.Name)
		}
		a.Source = redacted(a.Source)
		v.last[a.Name] = a
	}
	return v, err
}

// scriptKeys are the beginnings of the names that are taken.
var scriptKeys = []string{"DEVICE", "NAME", "TYPE", "BOOTPROTO", "ONBOOT", "IPADDR", "PREFIX", "NETMASK", "GATEWAY", "DNS", "DOMAIN", "IPV6", "DHCPV6C", "NM_CONTROLLED", "HWADDR"}

// networkScripts reads the ifcfg files of Red Hat's network-scripts, which NetworkManager's ifcfg-rh plugin reads too.
func (r *reader) networkScripts() {
	for _, name := range r.ifcfgFiles(scripts) {
		file := scripts + "/ifcfg-" + name
		v, err := r.variables(file, scriptKeys...)
		if err != nil {
			r.s.Problem(file, 0, err)
			continue
		}
		r.script(file, name, v)
	}
	const global = "/etc/sysconfig/network" // a directory where wicked is
	if o, err := r.s.Stat(global); err != nil || o.IsDir() {
		if err != nil {
			r.missing(global, err)
		}
		return
	}
	v, err := r.variables(global, "GATEWAY", "IPV6_DEFAULTGW")
	if err != nil {
		r.missing(global, err)
	}
	for _, key := range v.names {
		r.line(&r.n.Gateways, v.value(key), v.last[key].Source)
	}
}

func (r *reader) script(file, name string, v variables) {
	f := facts.NetworkInterface{Name: name, ID: v.value("NAME"), Kind: v.value("TYPE"), Manager: "network-scripts", Start: "auto", Source: facts.Source{Path: file}}
	if a, ok := v.last["DEVICE"]; ok && a.Value != "" {
		f.Name, f.Source = a.Value, a.Source
	} else if mac := v.value("HWADDR"); mac != "" {
		f.Name = "mac=" + mac
	}
	if on, said := v.on("ONBOOT"); said && !on {
		f.Start = "manual"
	}
	for _, key := range v.names {
		a := v.last[key]
		index := key[len(strings.TrimRight(key, "0123456789")):]
		switch strings.TrimRight(key, "0123456789") {
		case "IPADDR":
			mask := v.value("PREFIX" + index)
			if mask == "" {
				mask = v.value("NETMASK" + index)
			}
			r.line(&f.Addresses, prefixed(a.Value, mask), a.Source)
		case "GATEWAY", "IPV6_DEFAULTGW":
			r.line(&f.Gateways, a.Value, a.Source)
		case "DNS":
			r.line(&f.DNS, a.Value, a.Source)
		case "DOMAIN":
			r.words(&f.Search, a)
		case "IPV6ADDR", "IPV6ADDR_SECONDARIES":
			r.words(&f.Addresses, a)
		}
	}
	switch strings.ToLower(v.value("BOOTPROTO")) {
	case "dhcp", "bootp":
		f.Method4 = "dhcp"
	case "static":
		f.Method4 = "static"
	}
	if on, said := v.on("IPV6INIT"); said && !on {
		f.Method6 = "disabled"
	}
	if on, _ := v.on("DHCPV6C"); on {
		f.Method6 = "dhcp"
	}
	static(&f)
	if on, _ := v.on("IPV6_AUTOCONF"); on && f.Method6 == "" {
		f.Method6 = "auto"
	}
	if f.Method4 == "" {
		f.Method4 = "manual"
	}
	if on, said := v.on("NM_CONTROLLED"); said && !on {
		r.unmanaged[len(r.n.Interfaces)] = true
	}
	r.routes(scripts+"/route-"+name, &f)
	r.routes(scripts+"/route6-"+name, &f)
	r.add(f)
}

// words adds each word of a value.
func (r *reader) words(list *[]facts.NetworkLine, a facts.Assignment) {
	for word := range strings.FieldsSeq(a.Value) {
		r.line(list, word, a.Source)
	}
}

// routes reads lines "default via ADDRESS", arguments of ip-route(8).
func (r *reader) routes(file string, f *facts.NetworkInterface) {
	r.optional(file, func(at facts.Source, words []string) {
		if len(words) > 2 && slices.Contains([]string{"default", "0.0.0.0/0", "::/0"}, words[0]) && words[1] == "via" {
			r.line(&f.Gateways, words[2], at)
		}
	})
}

// optional calls line for the lines of a file that may be missing, without comments.
func (r *reader) optional(file string, line func(at facts.Source, words []string)) {
	err := r.small(file)
	if err == nil {
		err = r.s.Lines(file, func(n int, text string) {
			text, _, _ = strings.Cut(text, "#")
			if words := strings.Fields(text); len(words) > 0 && len(text) <= maxLine {
				line(source(file, n, text), words)
			} else if len(words) > 0 {
				r.s.Problem(file, n, errors.New("line is too long"))
			}
		})
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.s.Problem(file, 0, err)
	}
}
