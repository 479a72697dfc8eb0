package rego

import "context"

// Examples are the facts that the tests of the checks call pass, by the checks' ids.
func (p *Program) Examples(ctx context.Context) (map[string]map[string]any, error) {
	cases, err := p.cases(ctx)
	if err != nil {
		return nil, err
	}
	examples := map[string]map[string]any{}
	for c, e := range cases {
		if e.pass != nil {
			examples[c.ID] = e.pass
		}
	}
	return examples, nil
}
