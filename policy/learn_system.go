package policy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// probe is a setting whose value is learned from what its own check reads.
type probe struct {
	table, key string
	kind       settingKind
	skip       []string // values that say nothing about another guest
	domains    []string
	empty      bool // a list that is empty is learned too
}

// ask has the check of each probe read all guests: a check that asks whether a value is there tells it.
func (l *lesson) ask(ctx context.Context, probes []probe) ([]learnedLine, error) {
	asked := make([]learnedLine, len(probes))
	for i, p := range probes {
		asked[i] = learnedLine{table: p.table, key: p.key, value: "{ exists = true }"}
	}
	text, at := l.write(asked, false)
	p, err := loadText(text)
	if err != nil {
		return nil, fmt.Errorf("what is asked is no baseline: %w", err)
	}
	findings := l.judge(ctx, p)
	var lines []learnedLine
	for i, p := range probes {
		if line, ok := l.answer(p, findings[at[i].own]); ok {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// answer makes a line of what a probe found, and a note where the guests differ.
func (l *lesson) answer(p probe, fs []finding.Finding) (line learnedLine, ok bool) {
	value := fs[0].Actual
	var differ []string
	for i, f := range fs {
		switch {
		case f.Status == finding.Unknown:
			l.leave("%s.%s is not known of %s: %s", p.table, p.key, l.names[i], f.Message)
			return line, false
		case f.Status != finding.Pass && !p.empty || f.Status == finding.NotApplicable:
			return line, false
		}
		if differ = append(differ, f.Actual); f.Actual != value {
			ok = true
		}
	}
	if ok {
		slices.Sort(differ)
		l.leave("%s.%s differs: %s", p.table, p.key, strings.Join(slices.Compact(differ), ", "))
		return line, false
	}
	if slices.Contains(p.skip, value) {
		return line, false
	}
	line = learnedLine{table: p.table, key: p.key}
	switch p.kind {
	case boolSetting:
		line.value = value
	case listSetting:
		line.value = "[]"
		if fs[0].Status == finding.Pass {
			words := strings.Split(value, ", ")
			for i, w := range words {
				words[i] = tomlString(w)
			}
			line.value = "[" + strings.Join(words, ", ") + "]"
		}
	default:
		line.value = tomlString(value)
	}
	return line, learnable(value)
}

func probing(probes []probe) learner {
	var needs facts.Request
	for _, p := range probes {
		needs = needs.Merge(facts.Request{Domains: p.domains})
	}
	return learner{needs: needs, learn: func(ctx context.Context, l *lesson) ([]learnedLine, error) { return l.ask(ctx, probes) }}
}

func systemLearner() learner { return probing(systemProbes()) }

// systemProbes leaves out supported, which changes with time, and a machine id that is set, which is the machine's own.
func systemProbes() []probe {
	return []probe{
		{table: "system", key: "os", domains: []string{domainOS}},
		{table: "system", key: "version", kind: versionSetting, domains: []string{domainOS}},
		{table: "system", key: "timezone", domains: []string{"timezone"}},
		{table: "system", key: "locale", domains: []string{"locale"}},
		{table: "system", key: "hostname", domains: []string{"hostname"}},
		{table: "system", key: "machine_id", domains: []string{"machine_id"}, skip: []string{"set", "missing"}},
		{table: "system", key: "default_target", domains: []string{"default_target"}},
		{table: "system", key: "selinux", domains: []string{"selinux"}},
		{table: "system", key: "apparmor", domains: []string{"apparmor"}},
		{table: "system", key: "fips", kind: boolSetting, domains: []string{"boot"}},
		{table: "system", key: "crypto_policy", domains: []string{"crypto_policy"}},
		{table: "system", key: "ntp_servers", kind: listSetting, domains: []string{"timesync"}},
	}
}

func holdsLearner() learner {
	return probing([]probe{{table: "packages", key: "holds", kind: listSetting, domains: []string{domainPackages}, empty: true}})
}
