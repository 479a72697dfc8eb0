package policy

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/sshd"
)

// writtenLearner learns the keys of a table that every guest has written down. A default is left to the program: it comes from no
// line that could be named.
func writtenLearner(table, domain string, written func(doc *facts.Document) []string) learner {
	return learner{
		needs: facts.Request{Domains: []string{domain}},
		learn: func(ctx context.Context, l *lesson) ([]learnedLine, error) {
			var probes []probe
			for _, key := range l.common(written) {
				if learnable(key) {
					probes = append(probes, probe{table: table, key: tomlKey(key), kind: openSetting, quiet: true})
				}
			}
			return l.probe(ctx, probes)
		},
	}
}

func sshdLearner() learner {
	return writtenLearner("config.sshd", "sshd", func(doc *facts.Document) []string {
		s, ok := facts.Get[facts.SSHD](doc, "sshd")
		if !ok {
			return nil
		}
		var keys []string
		for name, v := range s.Effective {
			if keyword, ok := sshd.Keyword(name); ok && v != nil && v.Explicit {
				keys = append(keys, keyword)
			}
		}
		return keys
	})
}

func sysctlLearner() learner {
	return writtenLearner("config.sysctl", "sysctl", func(doc *facts.Document) []string {
		s, ok := facts.Get[facts.Sysctl](doc, "sysctl")
		if !ok {
			return nil
		}
		var keys []string
		for key, v := range s.Effective {
			if v.Explicit {
				keys = append(keys, key)
			}
		}
		return keys
	})
}

// keysLearner learns from a domain with one value for each key.
func keysLearner(table, domain string, values func(doc *facts.Document) map[string]*facts.Value[string]) learner {
	return writtenLearner(table, domain, func(doc *facts.Document) []string {
		var keys []string
		for key, v := range values(doc) {
			if v != nil && v.Explicit {
				keys = append(keys, key)
			}
		}
		return keys
	})
}

// valuesOf takes a domain with one value for each key out of a document.
func valuesOf[T ~map[string]*facts.Value[string]](doc *facts.Document, domain string) map[string]*facts.Value[string] {
	v, ok := facts.Get[T](doc, domain)
	if !ok {
		return nil
	}
	return *v
}

// systemdLearner learns from one of systemd's programs, whose keys stand without their section in a baseline.
func systemdLearner(domain string) learner {
	return keysLearner("config."+domain, domain, func(doc *facts.Document) map[string]*facts.Value[string] {
		values := map[string]*facts.Value[string]{}
		for key, v := range valuesOf[facts.SystemdConfig](doc, domain) {
			values[strings.TrimPrefix(key, sectionOf(domain)+".")] = v
		}
		return values
	})
}

func sectionOf(domain string) string {
	for _, f := range systemdFiles() {
		if f.domain == domain {
			return f.section
		}
	}
	return ""
}

func sudoLearner() learner {
	return probing([]probe{{table: "config.sudo", key: "nopasswd", kind: listSetting, domains: []string{domainSudoers}, empty: true}})
}

// pamLearner learns the options of PAM's modules that are in force where people log in or change their password.
func pamLearner() learner {
	var probes []probe
	for _, m := range pamModules()[:3] { // the others do the same in older guests
		for key := range strings.FieldsSeq(m.keys) {
			probes = append(probes, probe{table: "config.pam", key: tomlString(m.short() + "." + key), kind: openSetting, domains: []string{"pam"}, quiet: true})
		}
	}
	return probing(probes)
}

func firewallLearner() learner {
	return probing([]probe{{table: "network", key: "firewall", domains: []string{"firewall"}, skip: []string{firewallOff}}})
}

// repositoriesLearner learns where packages come from: any of the repositories that a guest has.
func repositoriesLearner() learner {
	return learner{
		needs: facts.Request{Domains: repositoryDomains()},
		learn: func(_ context.Context, l *lesson) ([]learnedLine, error) {
			places := map[string]string{}
			for _, doc := range l.docs {
				for _, r := range repositories(doc) {
					for _, url := range r.urls {
						places[url] = placeOf(r.source)
					}
					if r.name != "" && len(r.urls) == 0 {
						places[r.name] = placeOf(r.source)
					}
				}
			}
			return entryLines("packages", "repos_allowed", places), nil
		},
	}
}

// entryLines makes the entries of a list of texts with what each was learned from.
func entryLines(table, key string, evidence map[string]string) []learnedLine {
	var lines []learnedLine
	for _, name := range slices.Sorted(maps.Keys(evidence)) {
		if learnable(name) {
			lines = append(lines, learnedLine{table: table, key: key, value: tomlString(name), entry: true, evidence: evidence[name]})
		}
	}
	return lines
}
