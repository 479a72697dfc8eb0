package network

import (
	"fmt"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// keyfileDirs are where NetworkManager's profiles lie, highest priority first: of one UUID the first directory's counts.
var keyfileDirs = []string{
	"/run/NetworkManager/system-connections", "/etc/NetworkManager/system-connections", "/usr/lib/NetworkManager/system-connections",
}

const etcProfiles = 1 // in keyfileDirs

// networkmanager reads keyfiles, nm-settings-keyfile(5).
func (r *reader) networkmanager() {
	byUUID := map[string]string{} // the file, by UUID
	files := 0
	for i, dir := range keyfileDirs {
		for _, d := range r.s.DropIns(".nmmeta", dir) {
			if uuid := strings.TrimSuffix(path.Base(d.Path), ".nmmeta"); d.Masked && byUUID[uuid] == "" {
				byUUID[uuid] = d.Path
			}
		}
		own := map[string]string{}
		for _, e := range r.s.ReadDir(dir) {
			if e.Type.IsDir() || !isProfile(e.Name, i == etcProfiles) {
				continue
			}
			file := path.Join(dir, e.Name)
			if files++; files > maxFiles {
				r.limit(facts.Source{Path: file}, "more than %d files; the rest is not read", maxFiles)
				return
			}
			if err := r.small(file); err != nil {
				r.s.Problem(file, 0, err)
				continue
			}
			// The file was looked at a moment ago.
			o, err := r.s.Stat(file)
			if err == nil && i <= etcProfiles && (o.UID != 0 || o.Mode&0o077 != 0) {
				r.ignore(facts.Source{Path: file}, fmt.Sprintf("NetworkManager wants mode 0600 of root, this has %04o of %d", o.Mode&0o7777, o.UID))
				continue
			}
			settings, err := r.s.Settings(file)
			if err != nil {
				r.s.Problem(file, 0, err)
				continue
			}
			r.profile(file, settings, byUUID, own)
		}
		for uuid, file := range own {
			if byUUID[uuid] == "" {
				byUUID[uuid] = file
			}
		}
	}
}

// isProfile reports whether NetworkManager reads a file of this name; in /etc it minds no suffix.
func isProfile(name string, inEtc bool) bool {
	if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") {
		return false
	}
	ext := path.Ext(name)
	return ext == ".nmconnection" || inEtc && ext != ".nmmeta" && ext != ".pem" && ext != ".der"
}

// profileMethods are NetworkManager's words, where they are not ours.
var profileMethods = map[string]string{"ipv4.auto": "dhcp", "ipv4.manual": "static", "ipv6.manual": "static"}

// profile takes what is known to hold no secret.
func (r *reader) profile(file string, settings []facts.Setting, byUUID, own map[string]string) {
	f := facts.NetworkInterface{Manager: "networkmanager", Start: "auto", Source: facts.Source{Path: file}}
	mac := ""
	for _, set := range settings {
		at := redacted(set.Source)
		switch set.Section {
		case "connection":
			switch set.Key {
			case "id":
				f.ID = set.Value
			case "type":
				f.Kind = set.Value
			case "interface-name":
				f.Name, f.Source = set.Value, at
			case "autoconnect":
				if on, ok := facts.ParseBool(set.Value); ok && !on {
					f.Start = "manual"
				}
			case "uuid":
				f.Hidden = byUUID[set.Value]
				own[set.Value] = file
			}
		case "ipv4", "ipv6":
			r.profileAddress(&f, set, at)
		case "ethernet", "802-3-ethernet", "wifi", "802-11-wireless":
			if set.Key == "mac-address" {
				mac = "mac=" + set.Value
			}
		}
	}
	switch {
	case f.Name != "":
	case mac != "":
		f.Name = mac
	default:
		f.Name = "*"
	}
	r.add(f)
}

func (r *reader) profileAddress(f *facts.NetworkInterface, set facts.Setting, at facts.Source) {
	words := strings.FieldsFunc(set.Value, func(c rune) bool { return c == ';' || c == ',' || c == ' ' })
	switch key := strings.TrimRight(set.Key, "0123456789"); key {
	case "method":
		method := set.Value
		if ours, ok := profileMethods[set.Section+"."+method]; ok {
			method = ours
		}
		if set.Section == "ipv4" {
			f.Method4 = method
		} else {
			f.Method6 = method
		}
	case "address", "addresses":
		// "address/length,gateway", or with semicolons "address;length;gateway;" of old.
		if len(words) > 1 && family(words[1]) == 0 {
			words = append([]string{prefixed(words[0], words[1])}, words[2:]...)
		}
		if len(words) > 0 {
			r.line(&f.Addresses, words[0], at)
		}
		if len(words) > 1 {
			r.gateway(f, words[1], at)
		}
	case "gateway":
		r.gateway(f, set.Value, at)
	case "route":
		if len(words) > 1 && (words[0] == "0.0.0.0/0" || words[0] == "::/0") {
			r.gateway(f, words[1], at)
		}
	case "dns":
		for _, word := range words {
			r.line(&f.DNS, word, at)
		}
	case "dns-search":
		for _, word := range words {
			r.line(&f.Search, word, at)
		}
	}
}

// gateway adds one that is an address: 0.0.0.0 and :: stand for none.
func (r *reader) gateway(f *facts.NetworkInterface, address string, at facts.Source) {
	if address != "0.0.0.0" && address != "::" {
		r.line(&f.Gateways, address, at)
	}
}
