package network

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

// kinds are the keys of netplan that hold definitions.
var kinds = []string{"bonds", "bridges", "dummy-devices", "ethernets", "modems", "nm-devices", "tunnels", "virtual-ethernets", "vlans", "vrfs", "wifis"}

// netplan merges the definitions of several files: a later scalar wins, lists add up (netplan(5), "General structure").
type netplan struct {
	r        *reader
	path     string
	renderer string
	size     int // of the files so far
	all      []*definition
	byID     map[string]*definition
}

type definition struct {
	facts.NetworkInterface
	dhcp4, dhcp6, ra, mac, match, setName string
	gateways                              map[string]facts.NetworkLine // gateway4 and gateway6
}

func (r *reader) netplan() {
	p := &netplan{r: r, renderer: "networkd", byID: map[string]*definition{}}
	for i, f := range r.s.DropIns(".yaml", "/etc/netplan", "/run/netplan", "/usr/lib/netplan", "/lib/netplan") {
		if i == maxFiles {
			r.limit(facts.Source{Path: f.Path}, "more than %d files; the rest is not read", maxFiles)
			break
		}
		if f.Masked {
			continue
		}
		p.path = f.Path
		if err := p.file(); err != nil {
			r.missing(f.Path, err)
		}
	}
	for _, d := range p.all {
		r.add(d.result(p.renderer))
	}
}

func (p *netplan) file() error {
	if err := p.r.small(p.path); err != nil {
		return err
	}
	b, err := p.r.s.ReadFile(p.path)
	if err != nil {
		return err
	}
	if p.size += len(b); p.size > maxYAMLAll {
		return binread.Limit("more than %d bytes of YAML in all; this file is not read", maxYAMLAll)
	}
	doc, err := parse(b)
	if err != nil {
		return err
	}
	for _, d := range doc.Docs {
		p.each(d.Body, func(key string, _ int, value ast.Node) {
			if key == "network" {
				p.network(value)
			}
		})
	}
	return nil
}

// each calls f for the entries of a mapping with their lines.
func (p *netplan) each(n ast.Node, f func(key string, line int, value ast.Node)) {
	m, ok := unwrap(n).(ast.MapNode)
	if !ok {
		if n != nil && n.Type() != ast.NullType {
			p.r.s.Problem(p.path, lineOf(n), fmt.Errorf("%s where a mapping is wanted", n.Type()))
		}
		return
	}
	for entries := m.MapRange(); entries.Next(); {
		kv := entries.KeyValue()
		f(text(kv.Key), lineOf(kv.Key), kv.Value)
	}
}

func (p *netplan) network(n ast.Node) {
	p.each(n, func(kind string, _ int, value ast.Node) {
		switch {
		case kind == "renderer":
			p.renderer = text(value)
		case slices.Contains(kinds, kind):
			renderer := ""
			p.each(value, func(id string, line int, body ast.Node) {
				if id == "renderer" {
					renderer = text(body)
					return
				}
				p.define(kind, id, line, body, renderer)
			})
		}
	})
}

func (p *netplan) define(kind, id string, line int, body ast.Node, renderer string) {
	d := p.byID[id]
	if d == nil {
		if len(p.all) == maxInterfaces {
			p.r.limit(facts.Source{Path: p.path, Line: line}, "more than %d interfaces; the rest is left out", maxInterfaces)
			return
		}
		d = &definition{gateways: map[string]facts.NetworkLine{}}
		d.NetworkInterface = facts.NetworkInterface{Name: id, Kind: kind, Manager: "netplan", Start: "auto", Renderer: renderer, Source: facts.Source{Path: p.path, Line: line}}
		p.byID[id], p.all = d, append(p.all, d)
	}
	p.each(body, func(key string, line int, value ast.Node) {
		switch key {
		case "renderer":
			d.Renderer = text(value)
		case "dhcp4":
			d.dhcp4 = text(value)
		case "dhcp6":
			d.dhcp6 = text(value)
		case "accept-ra":
			d.ra = text(value)
		case "set-name":
			d.setName = text(value)
		case "match":
			p.each(value, func(key string, _ int, value ast.Node) {
				switch key {
				case "name":
					d.match = strings.Join(p.strings(value), " ")
				case "macaddress":
					d.mac = text(value)
				}
			})
		case "activation-mode":
			if m := text(value); m == "manual" || m == "off" {
				d.Start = "manual"
			}
		case "addresses":
			p.list(&d.Addresses, value)
		case "gateway4", "gateway6":
			d.gateways[key] = facts.NetworkLine{Value: text(value), Source: facts.Source{Path: p.path, Line: line}}
		case "routes":
			p.routes(d, value)
		case "nameservers":
			p.each(value, func(key string, _ int, value ast.Node) {
				switch key {
				case "addresses":
					p.list(&d.DNS, value)
				case "search":
					p.list(&d.Search, value)
				}
			})
		}
	})
}

func (p *netplan) routes(d *definition, n ast.Node) {
	for _, route := range items(n) {
		to, via, at := "", "", 0
		p.each(route, func(key string, line int, value ast.Node) {
			switch key {
			case "to":
				to = text(value)
			case "via":
				via, at = text(value), line
			}
		})
		if to == "default" || to == "0.0.0.0/0" || to == "::/0" {
			p.r.line(&d.Gateways, via, facts.Source{Path: p.path, Line: at})
		}
	}
}

// list adds the items of a sequence. An item may be a mapping, whose key is the value, as an address with a label is.
func (p *netplan) list(list *[]facts.NetworkLine, n ast.Node) {
	for _, item := range items(n) {
		at := facts.Source{Path: p.path, Line: lineOf(item)}
		if _, ok := unwrap(item).(ast.MapNode); ok {
			p.each(item, func(key string, _ int, _ ast.Node) { p.r.line(list, key, at) })
			continue
		}
		p.r.line(list, text(item), at)
	}
	if _, alias := unwrap(n).(*ast.AliasNode); alias {
		p.r.s.Problem(p.path, lineOf(n), errors.New("an alias, which is not followed"))
	}
}

func (p *netplan) strings(n ast.Node) []string {
	var all []string
	for _, item := range items(n) {
		all = append(all, text(item))
	}
	return all
}

// result is the definition after all files.
func (d *definition) result(renderer string) facts.NetworkInterface {
	f := d.NetworkInterface
	if f.Renderer == "" {
		f.Renderer = renderer
	}
	for _, key := range []string{"gateway4", "gateway6"} {
		if g := d.gateways[key]; g.Value != "" {
			f.Gateways = append(f.Gateways, g)
		}
	}
	if d.match != "" || d.mac != "" {
		f.ID = f.Name
		switch {
		case d.setName != "":
			f.Name = d.setName
		case d.match != "":
			f.Name = d.match
		default:
			f.Name = "mac=" + d.mac
		}
	}
	if on, ok := facts.ParseBool(d.dhcp4); ok && on {
		f.Method4 = "dhcp"
	}
	if on, ok := facts.ParseBool(d.dhcp6); ok && on {
		f.Method6 = "dhcp"
	}
	static(&f)
	if on, ok := facts.ParseBool(d.ra); ok && on && f.Method6 == "" {
		f.Method6 = "auto"
	}
	return f
}
