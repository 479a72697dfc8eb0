package policy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	data "github.com/guestctl/guestctl/rules"
)

// Input is something that a policy was made of.
type Input struct {
	Kind string // "baseline", "waivers", "list", "rego" or "rules"
	Name string // as the user or another file named it
	// SHA256 is the digest of its bytes, in hexadecimal digits: of a file what sha256sum tells, of the built-in rules that of
	// rules.Digest.
	SHA256 string
}

// rulesInput stands for all the checks that are built in.
const rulesInput = "builtin:rules"

// Inputs lists what the policy was made of, by kind and name.
func (p *Policy) Inputs() []Input {
	all := slices.Clone(p.inputs)
	if slices.ContainsFunc(p.Checks, func(c Check) bool { return strings.HasPrefix(c.Position.File, "rules/") }) {
		all = append(all, Input{"rules", rulesInput, data.Digest()})
	}
	slices.SortFunc(all, func(a, b Input) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.SHA256, b.SHA256))
	})
	return slices.Compact(all)
}

// inputs are those that the loader read.
func (l *loader) inputs() []Input {
	all := slices.Clone(l.lists)
	for _, part := range l.parts {
		kind := "baseline"
		if part.words != nil {
			kind = "waivers"
		}
		all = append(all, input(kind, part.src.name, part.src.text))
	}
	for _, program := range l.rules.programs {
		for _, f := range program.Files() {
			all = append(all, Input{"rego", f.Name, f.SHA256})
		}
	}
	return all
}

func input(kind, name, text string) Input {
	sum := sha256.Sum256([]byte(text))
	return Input{kind, name, hex.EncodeToString(sum[:])}
}
