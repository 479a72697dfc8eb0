package rego

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
)

// TestChanges wants of each failing check what a person would change.
func TestChanges(t *testing.T) {
	value := func(v string) *facts.Value[string] { return &facts.Value[string]{Value: v, Explicit: true} }
	doc := &facts.Document{Schema: facts.Schema, Facts: map[string]any{
		"sshd": &facts.SSHD{
			Effective: map[string]*facts.Value[any]{"maxauthtries": {Value: "6"}, "permitrootlogin": {Value: "yes"}},
			Match:     []facts.SSHDMatch{{Criteria: "User ana", Settings: map[string]*facts.Value[any]{"permitrootlogin": {Value: "yes"}}}},
		},
		"sysctl":     &facts.Sysctl{Effective: map[string]facts.Value[string]{"kernel.sysrq": *value("438")}},
		"login_defs": &facts.LoginDefs{"UMASK": value("022")},
		"sudoers":    &facts.Sudoers{Rules: []facts.SudoRule{{Users: []string{"root"}, Commands: []string{"ALL"}}, {Users: []string{"ana"}, Commands: []string{"ALL"}, Tags: []string{"NOPASSWD"}}}},
		"shells":     &facts.Shells{"/bin/sh", "/usr/sbin/nologin"},
	}}
	for name, c := range map[string]struct {
		facts, wanted, deny string
		want                []string
	}{
		"the nearest number": {
			"sshd.effective.maxauthtries", "MaxAuthTries 1 to 4", "to_number(input.sshd.effective.maxauthtries.value) > 4",
			[]string{`sshd.effective.maxauthtries.value: "6" → "4"`},
		},
		"a setting that nothing sets": {
			"sysctl", "kernel.dmesg_restrict = 1", "not input.sysctl.effective[\"kernel.dmesg_restrict\"].value == \"1\"",
			[]string{`sysctl.effective: with kernel.dmesg_restrict = "1"`},
		},
		"a wanted word that is the name of the place": {
			"login_defs", "UMASK=027", "input.login_defs.UMASK.value == \"022\"",
			[]string{`login_defs.UMASK.value: "022" → "027"`},
		},
		"a word in a list": {
			"sudoers", "no NOPASSWD", "\"NOPASSWD\" in input.sudoers.rules[_].tags",
			[]string{`sudoers.rules[1].tags: without "NOPASSWD"`},
		},
		"an entry of a list": {
			"shells", "no nologin", "some s in input.shells; endswith(s, \"nologin\")",
			[]string{`shells: without "/usr/sbin/nologin"`},
		},
		"nothing that anybody could change": {
			"sshd", "the moon", "input.sshd.version != \"the sun\"", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			j, wrong := loaded(t, map[string]string{"a.rego": meta("a", c.facts) + "deny contains \"x\" if {\n\t" + strings.ReplaceAll(c.deny, "; ", "\n\t") + "\n}\n"})
			if wrong != "" {
				t.Fatal(wrong)
			}
			if diff := cmp.Diff(c.want, j.Changes(t.Context(), doc, j.selected[0], c.wanted)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestChangesOfSeveralFindings takes one step for each.
func TestChangesOfSeveralFindings(t *testing.T) {
	j, wrong := loaded(t, map[string]string{"a.rego": meta("a", "sshd.effective.permitrootlogin, sshd.match") + `deny contains "everywhere" if input.sshd.effective.permitrootlogin.value == "yes"

deny contains m.criteria if {
	some m in input.sshd.match
	m.settings.permitrootlogin.value == "yes"
}
`})
	if wrong != "" {
		t.Fatal(wrong)
	}
	doc := &facts.Document{Schema: facts.Schema, Facts: map[string]any{"sshd": &facts.SSHD{
		Effective: map[string]*facts.Value[any]{"permitrootlogin": {Value: "yes"}},
		Match:     []facts.SSHDMatch{{Criteria: "User ana", Settings: map[string]*facts.Value[any]{"permitrootlogin": {Value: "yes"}}}},
	}}}
	want := []string{
		`sshd.effective.permitrootlogin.value: "yes" → "no"`,
		`sshd.match[0].settings.permitrootlogin.value: "yes" → "no"`,
	}
	if diff := cmp.Diff(want, j.Changes(t.Context(), doc, j.selected[0], "PermitRootLogin no")); diff != "" {
		t.Error(diff)
	}
}
