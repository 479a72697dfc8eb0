package policy

import (
	"context"
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
	quiet      bool // it is nothing special that it is not known
}

// probe has the check of each probe read all guests: a check that asks whether a value is there tells it.
func (l *lesson) probe(ctx context.Context, probes []probe) ([]learnedLine, error) {
	asked := make([]learnedLine, len(probes))
	byKey := map[[2]string]probe{}
	for i, p := range probes {
		asked[i] = learnedLine{table: p.table, key: p.key, value: "{ exists = true }"}
		byKey[[2]string{p.table, p.key}] = p
	}
	asked, findings, err := l.ask(ctx, asked)
	if err != nil {
		return nil, err
	}
	var lines []learnedLine
	for i, one := range asked {
		if line, ok := l.answer(byKey[[2]string{one.table, one.key}], findings[i]); ok {
			lines = append(lines, line)
		}
	}
	return l.orLists(ctx, lines)
}

// orLists writes as lists what is not true as one text.
func (l *lesson) orLists(ctx context.Context, lines []learnedLine) ([]learnedLine, error) {
	if !slices.ContainsFunc(lines, func(line learnedLine) bool { return line.list != "" }) {
		return lines, nil
	}
	lines, findings, err := l.ask(ctx, lines)
	if err != nil {
		return nil, err
	}
	for i := range lines {
		fails := func(f finding.Finding) bool { return f.Status != finding.Pass }
		if lines[i].list != "" && slices.ContainsFunc(findings[i], fails) {
			lines[i].value = lines[i].list
		}
	}
	return lines, nil
}

// answer makes a line of what a probe found, and a note where the guests differ.
func (l *lesson) answer(p probe, fs []finding.Finding) (line learnedLine, ok bool) {
	if len(fs) != len(l.docs) {
		return line, false
	}
	value := fs[0].Actual
	var differ []string
	for i, f := range fs {
		switch {
		case f.Status == finding.Unknown && p.quiet:
			return line, false
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
			line.value = tomlList(strings.Split(value, ", "))
		}
	case openSetting:
		line.value, line.list = tomlString(value), tomlList(strings.Split(value, ", "))
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
	return learner{needs: needs, learn: func(ctx context.Context, l *lesson) ([]learnedLine, error) { return l.probe(ctx, probes) }}
}

func systemLearner() learner { return probing(systemProbes()) }

// systemProbes leaves out supported, which changes with time, and a machine id that is set, which is the machine's own. That a
// protection is off is nothing to ask of the next image.
func systemProbes() []probe {
	off := []string{"absent", "disabled"}
	return []probe{
		{table: "system", key: "os", domains: []string{domainOS}},
		{table: "system", key: "version", kind: versionSetting, domains: []string{domainOS}},
		{table: "system", key: "timezone", domains: []string{"timezone"}},
		{table: "system", key: "locale", domains: []string{"locale"}},
		{table: "system", key: "hostname", domains: []string{"hostname"}},
		{table: "system", key: "machine_id", domains: []string{"machine_id"}, skip: []string{"set", "missing"}},
		{table: "system", key: "default_target", domains: []string{"default_target"}},
		{table: "system", key: "selinux", domains: []string{"selinux"}, skip: off},
		{table: "system", key: "apparmor", domains: []string{"apparmor"}, skip: off},
		{table: "system", key: "fips", kind: boolSetting, domains: []string{"boot"}, skip: []string{"false"}},
		{table: "system", key: "crypto_policy", domains: []string{"crypto_policy"}},
		{table: "system", key: "ntp_servers", kind: listSetting, domains: []string{"timesync"}},
	}
}

func holdsLearner() learner {
	return probing([]probe{{table: "packages", key: "holds", kind: listSetting, domains: []string{domainPackages}, empty: true}})
}
