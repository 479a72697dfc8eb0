package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/nearest"
)

// pamModule is a module with options that a baseline can ask for.
type pamModule struct {
	name string // "pam_pwquality.so"
	// stack and services say where it must be in force. Where a guest has none of the services, "other" stands for them.
	stack    string
	services []string
	file     func(*facts.PAM) map[string]*facts.Value[string] // its own file; nil: it has none
	path     string                                           // of that file, for fixes
	keys     string
	never    string // keys whose value 0 means that there is no limit
}

// pamModules lists the modules. A key belongs to the first that has it; another is named before it: "pwhistory.retry". The
// modules after the first of a key do the same in older guests.
func pamModules() []pamModule {
	logins, change := []string{"login", "sshd"}, []string{"passwd"}
	return []pamModule{
		{
			name: "pam_pwquality.so", stack: "password", services: change, path: "/etc/security/pwquality.conf",
			file: func(p *facts.PAM) map[string]*facts.Value[string] { return p.Pwquality },
			keys: "minlen minclass dcredit ucredit lcredit ocredit maxrepeat maxsequence maxclassrepeat gecoscheck dictcheck usercheck " +
				"usersubstr enforcing retry difok enforce_for_root local_users_only badwords dictpath",
			never: "maxrepeat maxsequence maxclassrepeat",
		},
		{
			name: "pam_faillock.so", stack: "auth", services: logins, path: "/etc/security/faillock.conf",
			file:  func(p *facts.PAM) map[string]*facts.Value[string] { return p.Faillock },
			keys:  "deny fail_interval unlock_time root_unlock_time even_deny_root audit silent no_log_info local_users_only nodelay admin_group dir",
			never: "deny unlock_time root_unlock_time",
		},
		{
			name: "pam_pwhistory.so", stack: "password", services: change, path: "/etc/security/pwhistory.conf",
			file: func(p *facts.PAM) map[string]*facts.Value[string] { return p.Pwhistory },
			keys: "remember retry enforce_for_root file debug",
		},
		{name: "pam_cracklib.so", stack: "password", services: change, keys: "minlen minclass dcredit ucredit lcredit ocredit maxrepeat maxsequence difok retry enforce_for_root"},
		{name: "pam_tally2.so", stack: "auth", services: logins, keys: "deny unlock_time root_unlock_time even_deny_root", never: "deny unlock_time root_unlock_time"},
		{name: "pam_unix.so", stack: "password", services: change, keys: "remember minlen rounds"},
	}
}

func (m pamModule) short() string {
	return strings.TrimSuffix(strings.TrimPrefix(m.name, "pam_"), ".so")
}

func (m pamModule) has(key string) bool { return slices.Contains(strings.Fields(m.keys), key) }

// pamSetting judges an option of a module as it is in force where people log in or change their password: what the stack
// says goes before the module's own file.
func pamSetting(c *compiler, n *node) {
	module, key, named := strings.Cut(n.name, ".")
	if !named {
		module, key = "", n.name
	}
	var choice []pamModule
	var known []string
	for _, m := range pamModules() {
		if (module == "" || module == m.short()) && m.has(key) {
			choice = append(choice, m)
		}
		known = append(known, strings.Fields(m.keys)...)
	}
	if len(choice) == 0 {
		suggestion := nearest.Word(key, known)
		if suggestion != "" {
			suggestion = "config.pam." + suggestion
		}
		c.failSuggest(n.key, suggestion, "unknown key %s: no module that is looked at has such an option", n.path)
		return
	}
	c.setting(n, &setting{
		id: "config.pam." + n.name, title: "Option " + key + " of PAM", kind: openSetting, domains: []string{"pam"},
		unlimited: func(v string) bool {
			return (v == "0" || v == "never") && slices.Contains(strings.Fields(choice[0].never), key)
		},
		readAll: func(doc *facts.Document) ([]place, Outcome) {
			p, ok := facts.Get[facts.PAM](doc, "pam")
			if !ok {
				return nil, unknown("PAM was not collected")
			}
			return pamPlaces(p, choice, key)
		},
		fix: func(_ *facts.Document, want string) string {
			return fmt.Sprintf("have %s in the %s stack, and write \"%s = %s\" into %s", choice[0].name, choice[0].stack, key, want, choice[0].path)
		},
	})
}

// pamPlaces are the values in force in each service.
func pamPlaces(p *facts.PAM, modules []pamModule, key string) ([]place, Outcome) {
	var places []place
	for _, name := range pamServices(p, modules[0].services) {
		service := p.Services[name]
		if service == nil {
			return nil, unknown("PAM has no service " + name)
		}
		if service.Broken {
			o := unknown("PAM refuses the configuration of " + name + ", so that every call of it fails")
			o.Where = []finding.Location{{Path: service.Path}}
			return nil, o
		}
		found := []place(nil)
		for _, m := range modules {
			if found = m.places(p, service, name, key); len(found) > 0 {
				break
			}
		}
		if len(found) == 0 {
			why := fmt.Sprintf("%s is not in force in the %s stack of %s", modules[0].name, modules[0].stack, name)
			found = []place{{"for " + name, reading{fallback: why}, []finding.Location{{Path: service.Path, Note: why}}}}
		}
		places = append(places, found...)
	}
	return places, Outcome{}
}

// pamServices are those of the names that the guest has, or what stands for them.
func pamServices(p *facts.PAM, names []string) []string {
	var all []string
	for _, name := range names {
		if p.Services[name] != nil {
			all = append(all, name)
		}
	}
	if len(all) == 0 {
		all = []string{"other"}
	}
	return all
}

// places are the uses of a module in one service, or none where it does not decide anything there.
func (m pamModule) places(p *facts.PAM, service *facts.PAMService, name, key string) []place {
	file := map[string]*facts.Value[string]{}
	if m.file != nil {
		file = m.file(p)
	}
	var places []place
	for _, rule := range m.rules(service) {
		if on := m.option(rule, file, "enforcing"); m.has("enforcing") && key != "enforcing" && on.set && on.value == "0" {
			continue // it warns, and lets every password through
		}
		r := m.option(rule, file, key)
		where := []finding.Location{location(rule.Source, "")}
		if _, written := rule.Options[key]; !written && r.set {
			where = append(where, valueWhere(file[key])...)
		}
		places = append(places, place{"for " + name, r, where})
	}
	return places
}

// option is the value of an option for one use of the module.
func (m pamModule) option(rule facts.PAMRule, file map[string]*facts.Value[string], key string) reading {
	v, written := rule.Options[key]
	_, other := rule.Options["conf"]
	switch {
	case written && v == "":
		return reading{set: true, value: "true"} // a flag
	case written:
		return reading{set: true, value: v}
	case other:
		return reading{fallback: "its settings are in a file that conf= names"}
	case file[key] != nil:
		return reading{set: true, value: file[key].Value}
	}
	return reading{fallback: m.name + " takes its own default"}
}

// rules are the uses of a module that can be reached and that decide. Pam_faillock must both count and look.
func (m pamModule) rules(service *facts.PAMService) []facts.PAMRule {
	stack := service.Auth
	if m.stack == "password" {
		stack = service.Password
	}
	var rules []facts.PAMRule
	counts, looks := false, slices.ContainsFunc(service.Account, func(r facts.PAMRule) bool { return r.Module == m.name && r.Reachable })
	for _, r := range stack {
		if r.Module != m.name || !r.Reachable || r.Control == "optional" {
			continue
		}
		_, pre := r.Options["preauth"]
		_, fails := r.Options["authfail"]
		counts, looks = counts || fails, looks || pre
		if m.name != "pam_faillock.so" || pre || fails {
			rules = append(rules, r)
		}
	}
	if m.name == "pam_faillock.so" && (!counts || !looks) {
		return nil
	}
	return rules
}
