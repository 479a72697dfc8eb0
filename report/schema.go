package report

import (
	"encoding/json"
	"fmt"

	"github.com/invopop/jsonschema"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/evidence"
)

// SchemaNames lists the documents of which Schema knows the schema.
func SchemaNames() []string { return []string{"result", "inspection", "facts", "evidence"} }

// Schema returns the JSON Schema of a document of this program.
func Schema(name string) ([]byte, error) {
	r := &jsonschema.Reflector{ExpandedStruct: true, Anonymous: true, AllowAdditionalProperties: true}
	var s *jsonschema.Schema
	switch name {
	case "result":
		s = r.Reflect(&audit.Result{})
		s.Title = audit.Schema
	case "inspection":
		s = r.Reflect(&engine.Inspection{})
		s.Title = engine.InspectionSchema
	case "facts":
		s = factsSchema(r)
	case "evidence":
		s = r.Reflect(&evidence.Statement{})
		s.Title = evidence.PredicateType
	default:
		return nil, fmt.Errorf("no document called %q", name)
	}
	b, err := json.MarshalIndent(s, "", "  ")
	return append(b, '\n'), err
}

// factsSchema has one property for each collector, beside those every document has.
func factsSchema(r *jsonschema.Reflector) *jsonschema.Schema {
	s := r.Reflect(&struct {
		Schema     string                  `json:"schema"`
		Meta       facts.Meta              `json:"meta"`
		Collectors map[string]facts.Status `json:"collectors"`
	}{})
	s.Title = facts.Schema
	for _, c := range engine.Collectors() {
		domain := r.Reflect(c.New())
		for name, def := range domain.Definitions {
			s.Definitions[name] = def
		}
		domain.Definitions, domain.Version = nil, ""
		domain.Description = c.Doc
		s.Properties.Set(c.Name, domain)
	}
	return s
}
