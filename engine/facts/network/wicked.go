package network

import (
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

const wickedDir = "/etc/sysconfig/network"

// wickedKeys are the beginnings of the names that are taken.
var wickedKeys = []string{"BOOTPROTO", "STARTMODE", "IPADDR", "PREFIXLEN", "NETMASK", "NAME", "INTERFACETYPE"}

// wicked reads ifcfg(5), routes(5) and the static part of netconfig(8) as SUSE has them.
func (r *reader) wicked() {
	o, err := r.s.Stat(wickedDir)
	if err != nil || !o.IsDir() {
		if err != nil {
			r.missing(wickedDir, err)
		}
		return
	}
	first := len(r.n.Interfaces)
	for _, name := range r.ifcfgFiles(wickedDir) {
		file := wickedDir + "/ifcfg-" + name
		v, err := r.variables(file, wickedKeys...)
		if err != nil {
			r.s.Problem(file, 0, err)
			continue
		}
		r.ifcfg(file, name, v)
	}
	byName := map[string]*facts.NetworkInterface{}
	for i := range r.n.Interfaces[first:] {
		byName[r.n.Interfaces[first+i].Name] = &r.n.Interfaces[first+i]
	}
	r.optional(wickedDir+"/routes", func(at facts.Source, words []string) {
		list := &r.n.Gateways
		if len(words) > 3 && byName[words[3]] != nil {
			list = &byName[words[3]].Gateways
		}
		r.defaultRoute(list, words, at)
	})
	const file = wickedDir + "/config"
	v, err := r.variables(file, "NETCONFIG_DNS_STATIC_")
	if err != nil {
		r.missing(file, err)
	}
	r.words(&r.n.DNS, v.last["NETCONFIG_DNS_STATIC_SERVERS"])
	r.words(&r.n.Search, v.last["NETCONFIG_DNS_STATIC_SEARCHLIST"])
}

// defaultRoute takes a line "default GATEWAY NETMASK INTERFACE", in which "-" stands for nothing.
func (r *reader) defaultRoute(list *[]facts.NetworkLine, words []string, at facts.Source) {
	if len(words) > 1 && (words[0] == "default" || words[0] == "0.0.0.0/0" || words[0] == "::/0") && words[1] != "-" {
		r.line(list, words[1], at)
	}
}

// starting says what STARTMODE means; without one an interface waits for a person.
var starting = map[string]string{
	"auto": "auto", "boot": "auto", "onboot": "auto", "on": "auto", "nfsroot": "auto", "hotplug": "hotplug", "ifplugd": "auto",
}

func (r *reader) ifcfg(file, name string, v variables) {
	f := facts.NetworkInterface{Name: name, ID: v.value("NAME"), Kind: v.value("INTERFACETYPE"), Manager: "wicked", Start: "manual", Source: facts.Source{Path: file}}
	if how := starting[strings.ToLower(v.value("STARTMODE"))]; how != "" {
		f.Start = how
	}
	for _, key := range v.names {
		suffix, ok := strings.CutPrefix(key, "IPADDR")
		if !ok {
			continue
		}
		mask := v.value("PREFIXLEN" + suffix)
		if mask == "" {
			mask = v.value("NETMASK" + suffix)
		}
		r.line(&f.Addresses, prefixed(v.value(key), mask), v.last[key].Source)
	}
	for word := range strings.SplitSeq(strings.ToLower(v.value("BOOTPROTO")), "+") {
		switch word {
		case "dhcp":
			f.Method4, f.Method6 = "dhcp", "dhcp"
		case "dhcp4":
			f.Method4 = "dhcp"
		case "dhcp6":
			f.Method6 = "dhcp"
		case "auto6":
			f.Method6 = "auto"
		case "none":
			f.Method4, f.Method6 = "manual", "manual"
		case "autoip":
			if f.Method4 == "" {
				f.Method4 = "link-local"
			}
		}
	}
	static(&f)
	if name == "lo" {
		f.Method4 = "loopback"
	}
	r.optional(wickedDir+"/ifroute-"+name, func(at facts.Source, words []string) { r.defaultRoute(&f.Gateways, words, at) })
	r.add(f)
}
