package policy

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Difference is something in which two versions of a check differ.
type Difference struct {
	What string `json:"what"` // severity, title, asks, parameters, rule, condition, controls, fix
	Old  string `json:"old"`
	New  string `json:"new"`
}

// Differences tells in what a check of this policy and one of another differ, whatever the layout of their files. None means that both judge
// alike, and word what they find alike but for where they are written.
func (p *Policy) Differences(c *Check, other *Policy, o *Check) []Difference {
	list := []Difference{}
	for _, d := range []Difference{
		{"severity", string(c.Severity), string(o.Severity)},
		{"title", c.Title, o.Title},
		{"asks", p.asks(c), other.asks(o)},
		{"parameters", c.params(), o.params()},
		{"rule", c.source(), o.source()},
		{"condition", conditionsOf(c), conditionsOf(o)},
		{"controls", controlsOf(c), controlsOf(o)},
		{"fix", cmp.Or(c.Fix, c.Remedy), cmp.Or(o.Fix, o.Remedy)},
	} {
		if d.Old != d.New {
			list = append(list, d)
		}
	}
	return list
}

// asks is what the baselines ask by the check: of one that another judge decides all that they say to it.
func (p *Policy) asks(c *Check) string {
	said := map[By]any{ByScan: p.Malware, ByVerify: p.Verify, ByDrift: p.Drift, ByBackup: p.Backup}
	if of, ok := said[c.By]; ok {
		return c.asks + " " + jsonOf(of)
	}
	return c.asks
}

func (c *Check) params() string {
	if c.judge == nil {
		return ""
	}
	if values := c.judge.Params(c.rule); len(values) > 0 {
		return jsonOf(values)
	}
	return ""
}

// source tells the code of a check in Rego from any other.
func (c *Check) source() string {
	if c.judge == nil {
		return ""
	}
	return c.judge.Source(c.rule)
}

func conditionsOf(c *Check) string {
	var texts []string
	for _, cond := range c.conditions {
		texts = append(texts, cond.text)
	}
	return strings.Join(texts, "; ")
}

func controlsOf(c *Check) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(c.Controls)) {
		parts = append(parts, key+" "+strings.Join(c.Controls[key], ", "))
	}
	return strings.Join(parts, "; ")
}

// written is what stands below a key, in one form whatever its layout, without the options that every entry may have.
func (n *node) written() string {
	v := n.plain()
	if table, ok := v.(map[string]any); ok {
		for _, name := range optionKeys() {
			delete(table, name)
		}
	}
	return jsonOf(v)
}

// jsonOf writes a value; one that JSON has not, such as the number nan, as Go does.
func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%#v", v)
	}
	return string(b)
}
