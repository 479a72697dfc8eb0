package firewall

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxZones    = 1000
	maxElements = 50_000 // of one zone
	maxDepth    = 16
)

func firewalld(s *facts.Scope) *facts.FirewallD {
	conf := assignments(s, "/etc/firewalld/firewalld.conf")
	zones := s.DropIns(".xml", "/etc/firewalld/zones", "/usr/lib/firewalld/zones")
	if conf == nil && len(zones) == 0 {
		return nil
	}
	out := &facts.FirewallD{
		Enabled: facts.Started(s, "firewalld.service", "firewalld"), Zones: []facts.FirewallDZone{},
		DefaultZone: facts.LastAssignment(conf, "DefaultZone"), Backend: facts.LastAssignment(conf, "FirewallBackend"),
	}
	if out.DefaultZone == nil {
		out.DefaultZone = facts.Default("public")
	}
	for i, f := range zones {
		if i == maxZones {
			s.Problem("/etc/firewalld/zones", 0, binread.Limit("%d zones, read the first %d", len(zones), maxZones))
			break
		}
		if f.Masked {
			continue
		}
		b, ok := text(s, f.Path)
		if !ok {
			continue
		}
		z, err := zone(b)
		if err != nil {
			s.Problem(f.Path, 0, err)
			continue
		}
		z.Name, z.Path = strings.TrimSuffix(path.Base(f.Path), ".xml"), f.Path
		out.Zones = append(out.Zones, *z)
	}
	return out
}

// zone reads a file of firewalld.zone(5). Entities that the document defines are not known to the decoder.
func zone(text string) (*facts.FirewallDZone, error) {
	z := &facts.FirewallDZone{
		Target: "default", Interfaces: []string{}, Sources: []string{}, Services: []string{}, Ports: []string{}, Protocols: []string{},
	}
	d := xml.NewDecoder(bytes.NewReader([]byte(text)))
	depth, elements := 0, 0
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			if elements == 0 {
				return nil, errors.New("holds no zone")
			}
			return z, nil
		}
		if err != nil {
			return nil, err
		}
		switch e := t.(type) {
		case xml.StartElement:
			if elements++; elements > maxElements || depth == maxDepth {
				return nil, binread.Limit("more than %d elements, or %d in each other", maxElements, maxDepth)
			}
			if depth == 0 && e.Name.Local != "zone" {
				return nil, errors.New("holds a " + e.Name.Local + ", want a zone")
			}
			if depth < 2 { // deeper ones belong to rules
				element(z, e)
			}
			depth++
		case xml.EndElement:
			depth--
		}
	}
}

func element(z *facts.FirewallDZone, e xml.StartElement) {
	attr := map[string]string{}
	for _, a := range e.Attr {
		attr[a.Name.Local] = a.Value
	}
	switch e.Name.Local {
	case "zone":
		if attr["target"] != "" {
			z.Target = attr["target"]
		}
	case "interface":
		z.Interfaces = append(z.Interfaces, attr["name"])
	case "source":
		for _, kind := range []string{"address", "mac", "ipset"} {
			if attr[kind] != "" {
				z.Sources = append(z.Sources, attr[kind])
			}
		}
	case "service":
		z.Services = append(z.Services, attr["name"])
	case "port":
		z.Ports = append(z.Ports, attr["port"]+"/"+attr["protocol"])
	case "protocol":
		z.Protocols = append(z.Protocols, attr["value"])
	case "forward":
		z.Forward = true
	case "masquerade":
		z.Masquerade = true
	case "rule":
		z.RichRules++
	}
}
