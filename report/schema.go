package report

import (
	"encoding/json"
	"fmt"
	"path"
	"reflect"

	"github.com/invopop/jsonschema"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/backup/seal"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/evidence"
)

// document is one kind of document, and its schema.
type document struct {
	name, title string
	reflect     func(r *jsonschema.Reflector) *jsonschema.Schema
}

// documents lists the documents of which Schema knows the schema.
func documents() []document {
	return []document{
		{"result", audit.Schema, reflected(&audit.Result{})},
		{"inspection", engine.InspectionSchema, reflected(&engine.Inspection{})},
		{"facts", facts.Schema, factsSchema},
		{"factsdiff", FactsDiffSchema, reflected(&FactsDiff{})},
		{"outliers", OutliersSchema, reflected(&Outliers{})},
		{"policydiff", audit.DiffSchema, reflected(&audit.Diff{})},
		{"timeline", audit.TimelineSchema, reflected(&audit.Timeline{})},
		{"bisection", audit.BisectionSchema, reflected(&audit.Bisection{})},
		{"evidence", evidence.PredicateType, reflected(&evidence.Statement{})},
		{"seal", seal.Schema, sealSchema},
	}
}

// SchemaNames lists the names of the documents.
func SchemaNames() []string {
	var names []string
	for _, d := range documents() {
		names = append(names, d.name)
	}
	return names
}

// Schema returns the JSON Schema of a document of this program.
func Schema(name string) ([]byte, error) {
	for _, d := range documents() {
		if d.name != name {
			continue
		}
		s := d.reflect(&jsonschema.Reflector{ExpandedStruct: true, Anonymous: true, AllowAdditionalProperties: true, Namer: typeName})
		s.Title = d.title
		b, err := json.MarshalIndent(s, "", "  ")
		return append(b, '\n'), err
	}
	return nil, fmt.Errorf("no document called %q", name)
}

// typeName names a type with its package: there are several called Identity.
func typeName(t reflect.Type) string {
	if t.PkgPath() == "" {
		return t.Name()
	}
	return path.Base(t.PkgPath()) + "." + t.Name()
}

func reflected(v any) func(*jsonschema.Reflector) *jsonschema.Schema {
	return func(r *jsonschema.Reflector) *jsonschema.Schema { return r.Reflect(v) }
}

// sealSchema describes the second line of a seal, which is all of it that is JSON.
func sealSchema(r *jsonschema.Reflector) *jsonschema.Schema {
	s := r.Reflect(&seal.Header{})
	s.Description = "The second line of a seal. The first is its name, and what follows are digests."
	return s
}

// factsSchema has one property for each collector, beside those every document has.
func factsSchema(r *jsonschema.Reflector) *jsonschema.Schema {
	s := r.Reflect(&struct {
		Schema     string                  `json:"schema"`
		Meta       facts.Meta              `json:"meta"`
		Collectors map[string]facts.Status `json:"collectors"`
	}{})
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
