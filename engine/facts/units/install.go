package units

import (
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// install is what the [Install] section of a unit says.
type install struct {
	aliases, also []string
	instance      string // DefaultInstance=
	rules         bool   // systemctl enable would make a link
}

// install reads the section of a unit and its drop-ins.
func (t *tree) install(f fragment) *install {
	if in, ok := t.installs[f.name]; ok {
		return in
	}
	in := &install{}
	t.installs[f.name] = in
	lists := map[string][]string{}
	for _, set := range t.read(f) {
		if set.Section != "Install" {
			continue
		}
		if set.Key == "UpheldBy" && !t.upholds {
			continue
		}
		switch set.Key {
		case "Alias", "WantedBy", "RequiredBy", "UpheldBy", "Also":
			if set.Value == "" {
				lists[set.Key] = nil
			}
			for _, word := range strings.Fields(set.Value) {
				lists[set.Key] = append(lists[set.Key], expand(word, f.name))
			}
		case "DefaultInstance":
			in.instance = set.Value
		}
	}
	in.aliases, in.also = lists["Alias"], lists["Also"]
	in.rules = len(in.aliases)+len(lists["WantedBy"])+len(lists["RequiredBy"])+len(lists["UpheldBy"]) > 0
	return in
}

// knows reports whether systemctl enable would call a link for the unit so.
func (in *install) knows(unit, link string) bool {
	if link == unit || slices.Contains(in.aliases, link) {
		return true
	}
	suffix := path.Ext(unit)
	return in.instance != "" && isTemplate(unit) && link == strings.TrimSuffix(unit, suffix)+in.instance+suffix
}

// expand fills in the specifiers that depend on nothing but the name (systemd.unit(5), "Specifiers").
func expand(text, name string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	plain := strings.TrimSuffix(name, path.Ext(name))
	prefix, instance, _ := strings.Cut(plain, "@")
	last := prefix[strings.LastIndex(prefix, "-")+1:]
	return strings.NewReplacer("%%", "%", "%i", instance, "%I", instance, "%p", prefix, "%P", prefix, "%n", name,
		"%N", plain, "%j", last, "%J", last).Replace(text)
}

// names returns the unit's own name and its aliases that exist, for drop-ins.
func (t *tree) names(name string) []string {
	names := []string{name}
	if template, ok := templateOf(name); ok {
		for _, alias := range t.aliases[template] {
			names = append(names, instantiate(name, alias))
		}
	}
	return append(names, t.aliases[name]...)
}

// read returns the settings of a unit's file and its drop-ins.
func (t *tree) read(f fragment) []facts.Setting {
	if all, ok := t.settings[f.name]; ok {
		return all
	}
	u := facts.Unit{DropIns: t.dropIns(t.names(f.name))}
	if !f.masked && f.err == nil {
		u.Path = f.object.path
	}
	all := t.s.UnitSettings(&u)
	t.settings[f.name] = all
	return all
}
