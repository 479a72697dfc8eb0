package rego

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Params are the values with which a check is judged, by name: those of the baseline, and defaults.
func (j *Judge) Params(c *Check) map[string]any {
	all, _ := j.data["guestctl"].(map[string]any)
	params, _ := all["params"].(map[string]any)
	values, _ := params[c.ID].(map[string]any)
	return values
}

// Source is a digest of what a check of a user is evaluated by: its package, the modules beside the checks and the data of the policy,
// whatever their layout and comments. It is "" for one that is built in, which is the same in every policy.
func (j *Judge) Source(c *Check) string {
	if j.program.builtin {
		return ""
	}
	sum := sha256.New()
	add := func(s string) { sum.Write(fmt.Appendf(nil, "%d %s\n", len(s), s)) }
	own := ""
	for _, m := range j.program.modulesOf(c) {
		own += m.String()
	}
	add(own)
	for _, name := range slices.Sorted(maps.Keys(j.program.modules)) {
		if m := j.program.modules[name]; !slices.ContainsFunc(j.program.Checks, func(one *Check) bool { return one.in(m) }) {
			add(m.String())
		}
	}
	data := map[string]any{}
	maps.Copy(data, j.program.data)
	if strings.Contains(own, "data.baseline") {
		data["baseline"] = j.data["baseline"]
	}
	add(fmt.Sprint(data)) // in which maps are sorted
	return hex.EncodeToString(sum.Sum(nil))[:16]
}
