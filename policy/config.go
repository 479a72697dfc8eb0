package policy

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// byKey is a domain with one value for each key.
type byKey struct {
	id, domain, title string
	values            func(*facts.Document) (map[string]*facts.Value[string], bool)
	key               func(written string) string // as the domain has it; nil: the same
	fallback          string                      // what holds where nothing is written
	unlimited         map[string]string           // by key, the value that is no limit
	line              string                      // how the file writes it, for fixes: "%s %s"
	file              string                      // to write it into where it is nowhere
}

func loginDefs(c *compiler, n *node) {
	c.byKey(n, byKey{
		id: "config.login_defs." + n.name, domain: "login_defs", title: n.name + " of login.defs",
		values: func(doc *facts.Document) (map[string]*facts.Value[string], bool) {
			v, ok := facts.Get[facts.LoginDefs](doc, "login_defs")
			if !ok {
				return nil, false
			}
			return *v, true
		},
		fallback: "the shadow tools' own default holds", unlimited: map[string]string{"PASS_MAX_DAYS": "-1"},
		line: "%s %s", file: "/etc/login.defs",
	})
}

func auditdSetting(c *compiler, n *node) {
	c.byKey(n, byKey{
		id: "config.auditd." + strings.ToLower(n.name), domain: "auditd", title: n.name + " of auditd.conf", key: strings.ToLower,
		values: func(doc *facts.Document) (map[string]*facts.Value[string], bool) {
			v, ok := facts.Get[facts.Auditd](doc, "auditd")
			if !ok {
				return nil, false
			}
			return *v, true
		},
		fallback: "auditd's own default holds", line: "%s = %s", file: "/etc/audit/auditd.conf",
	})
}

// systemdFile is the configuration of one of systemd's programs, of which the facts have what is in effect.
type systemdFile struct{ domain, section string }

func systemdFiles() []systemdFile {
	return []systemdFile{{"journald", "Journal"}, {"coredump", "Coredump"}, {"timesyncd", "Time"}, {"logind", "Login"}, {"resolved", "Resolve"}}
}

// systemdSetting reads a key of one section, such as config.journald.Storage.
func systemdSetting(domain string) func(*compiler, *node) {
	return func(c *compiler, n *node) { c.systemd(n, domain, "config."+domain+"."+n.name) }
}

func (c *compiler) systemd(n *node, domain, id string) {
	i := slices.IndexFunc(systemdFiles(), func(f systemdFile) bool { return f.domain == domain })
	section := systemdFiles()[i].section
	c.byKey(n, byKey{
		id: id, domain: domain, title: n.name + " of " + domain + ".conf",
		key: func(written string) string {
			if strings.Contains(written, ".") {
				return written
			}
			return section + "." + written
		},
		values: func(doc *facts.Document) (map[string]*facts.Value[string], bool) {
			v, ok := facts.Get[facts.SystemdConfig](doc, domain)
			if !ok {
				return nil, false
			}
			return *v, true
		},
		fallback: "the program's own default holds", line: "%s=%s", file: "/etc/systemd/" + domain + ".conf.d/zz-baseline.conf",
	})
}

func (c *compiler) byKey(n *node, k byKey) {
	key := n.name
	if k.key != nil {
		key = k.key(key)
	}
	if key == "" || strings.ContainsAny(key, " \t\n=") {
		c.fail(n.key, "%s is no key of a file", n.path)
		return
	}
	none, bounded := k.unlimited[key]
	c.setting(n, &setting{
		id: k.id, title: k.title, kind: openSetting, domains: []string{k.domain},
		unlimited: func(v string) bool { return bounded && v == none },
		read: func(doc *facts.Document) (reading, Outcome) {
			values, ok := k.values(doc)
			if !ok {
				return reading{}, unknown(k.domain + " was not collected")
			}
			v := values[key]
			if v == nil {
				return reading{fallback: k.fallback}, Outcome{Notes: []string{"written nowhere: " + k.fallback}}
			}
			return textReading(v)
		},
		fix: func(doc *facts.Document, want string) string {
			values, _ := k.values(doc)
			return fixLine(values[key], fmt.Sprintf(k.line, path.Base(strings.ReplaceAll(key, ".", "/")), want), k.file)
		},
	})
}

// textReading is a value with its provenance. One that is a default is told as such.
func textReading(v *facts.Value[string]) (reading, Outcome) {
	o := Outcome{Where: valueWhere(v)}
	if !v.Explicit && v.Source == nil {
		o.Notes = []string{"written nowhere: this is the default"}
	}
	return reading{set: true, value: v.Value}, o
}

// fixLine says which line to write where.
func fixLine[T any](v *facts.Value[T], line, file string) string {
	if v != nil && v.Source != nil && v.Source.Line > 0 {
		return fmt.Sprintf("write %q in place of line %d of %s", line, v.Source.Line, v.Source.Path)
	}
	return fmt.Sprintf("write %q into %s", line, file)
}

// iniSetting reads config.ini."/path"."Section.Key". Of files that systemd overlays with drop-ins the value in effect is
// judged.
func iniSetting(c *compiler, n *node) {
	p, ok := c.configPath(n)
	if !ok {
		return
	}
	id := "config.ini:" + p + ":" + n.name
	for _, f := range systemdFiles() {
		if p == "/etc/systemd/"+f.domain+".conf" {
			c.systemd(n, f.domain, id)
			return
		}
	}
	c.fileSetting(n, p, id, facts.FormINI)
}

// jsonSetting reads config.json."/path"."a.b.c".
func jsonSetting(c *compiler, n *node) {
	if p, ok := c.configPath(n); ok {
		c.fileSetting(n, p, "config.json:"+p+":"+n.name, facts.FormJSON)
	}
}

// configPath is the path of the guest that the table of n is called by.
func (c *compiler) configPath(n *node) (string, bool) {
	return n.parent, c.guestPath(n.key, n.parent, false)
}

func (c *compiler) fileSetting(n *node, p, id, form string) {
	if n.name == "" {
		c.fail(n.key, "%s names no setting", n.path)
		return
	}
	asked, overlays := form+n.name, p+".d/*"
	s := &setting{
		id: id, title: n.name + " of " + p, kind: openSetting,
		files: map[string]facts.FileRequest{p: {Settings: []string{asked}}},
		read:  func(doc *facts.Document) (reading, Outcome) { return settingOf(p, file(doc, p), asked) },
	}
	if form == facts.FormINI {
		s.globs = []string{overlays}
		s.read = func(doc *facts.Document) (reading, Outcome) {
			r, o := settingOf(p, file(doc, p), asked)
			if found := matched(doc, overlays); len(found) > 0 && o.Status == "" {
				o = unknown(fmt.Sprintf("%s and more may override %s, and are not read for it", found[0], p))
				o.Where = locations(found)
			}
			return r, o
		}
	}
	c.setting(n, s)
}

// settingOf is one setting of a file.
func settingOf(p string, f *facts.File, asked string) (reading, Outcome) {
	const fallback = "the program's own default holds"
	if !f.Exists {
		o := Outcome{Where: missing(p, f).Where, Notes: append(missing(p, f).Notes, p+" does not exist")}
		return reading{fallback: fallback}, o
	}
	if f.Type != "file" {
		return reading{}, unknown(fmt.Sprintf("%s is no file with content (%s)", p, f.Type))
	}
	form, _, _ := strings.Cut(asked, ":")
	if why := f.Unparsed[form]; why != "" {
		o := unknown(fmt.Sprintf("%s is not %s that can be read: %s", p, strings.ToUpper(form), why))
		o.Where = fileWhere(p, f)
		return reading{}, o
	}
	v, ok := f.Settings[asked]
	switch {
	case !ok:
		return reading{}, unknown(fmt.Sprintf("%s was not looked through for it", p))
	case v == nil || v.Kind == "null":
		return reading{fallback: fallback}, Outcome{Where: fileWhere(p, f), Notes: []string{"not set in " + p}}
	case v.Secret:
		o := unknown("the value looks like a secret, which stays in the guest")
		o.Where = []finding.Location{location(v.Source, "")}
		return reading{}, o
	case v.Kind == "table":
		return reading{}, unknown("is a table, of which one value has to be named")
	}
	value := &facts.Value[string]{Value: v.Value, Explicit: true, Source: &v.Source, Shadowed: v.Shadowed}
	return reading{set: true, value: v.Value, list: v.List, many: v.Kind == "list"}, Outcome{Where: valueWhere(value)}
}
