package rego

import (
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
)

// forbidden are the built-in functions of OPA that reach out of the facts: a network, a clock, chance, the environment, or
// the files of the host, which "$ref" of a JSON Schema reads. The last ones take all memory or time in one step, which no limit ends. A name
// that ends with a dot is all of its family.
func forbidden() []string {
	return []string{
		"http.", "net.lookup_ip_addr", "opa.runtime", "rand.", "time.now_ns", "uuid.", "providers.", "graphql.", "io.jwt.",
		"rego.parse_module", "trace", "crypto.x509.", "rego.metadata.",
		"json.match_schema", "json.verify_schema", "bits.lsh", "graph.reachable_paths", "strings.render_template",
	}
}

// capabilities is what policies may use: the functions of OPA without the forbidden ones, and our own. It is made once and not changed.
var capabilities = sync.OnceValue(func() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.AllowNet = []string{}
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool {
		return slices.ContainsFunc(forbidden(), func(name string) bool {
			return b.Name == name || strings.HasSuffix(name, ".") && strings.HasPrefix(b.Name, name)
		})
	})
	for _, f := range functions() {
		c.Builtins = append(c.Builtins, f.Decl)
	}
	return c
})

// instead says what a policy uses in the place of a forbidden function.
func instead(name string) string {
	switch {
	case name == "time.now_ns":
		return "a policy has no clock; input.meta.now_day is the day of the collection, in days since 1970-01-01"
	case name == "bits.lsh":
		return "multiply by a power of two"
	case name == "graph.reachable_paths" || name == "strings.render_template":
		return "it may take any time"
	case slices.ContainsFunc(forbidden(), func(f string) bool { return name == f || strings.HasPrefix(name, f) }):
		return "a policy reads nothing but the facts"
	}
	return ""
}
