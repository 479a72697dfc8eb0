package intel

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

func isSTIX(head []byte) bool {
	return isJSON(head, `objects"`, `spec_version"`, "bundle--", "indicator--", `pattern"`, `pattern_type"`)
}

// stixObject has what is read of an object of STIX 2.0 or 2.1.
type stixObject struct {
	Type        string `json:"type"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Pattern     string `json:"pattern"`
	PatternType string `json:"pattern_type"`
	ValidFrom   string `json:"valid_from"`
	ValidUntil  string `json:"valid_until"`
	Revoked     bool   `json:"revoked"`
	Confidence  *int   `json:"confidence"`
	Labels      []string
	Types       []string `json:"indicator_types"`
	References  []struct {
		URL    string `json:"url"`
		Source string `json:"source_name"`
	} `json:"external_references"`
	Hashes map[string]string `json:"hashes"`
}

// readSTIX reads a bundle, a page of TAXII 2.1, or an array of objects.
func readSTIX(b *builder, f *file) error {
	j := newJSONReader(f.r)
	err := j.list("objects", func() error {
		var o stixObject
		ok, err := j.value(&o)
		if err != nil {
			return err
		}
		if !ok {
			b.unused("stix: object with a value of the wrong type")
			return nil
		}
		return j.where(b.stixObject(&o))
	})
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return nil
}

// stixContext lists the types of objects that tell of indicators and are none.
func stixContext() []string {
	return []string{
		"attack-pattern", "bundle", "campaign", "course-of-action", "extension-definition", "grouping", "identity", "infrastructure",
		"intrusion-set", "language-content", "location", "malware", "malware-analysis", "marking-definition", "note", "observed-data",
		"opinion", "relationship", "report", "sighting", "threat-actor", "tool", "vulnerability",
	}
}

func (b *builder) stixObject(o *stixObject) error {
	switch {
	case slices.Contains(stixContext(), o.Type):
		return nil
	case o.Revoked:
		b.unused("stix: revoked")
		return nil
	case o.Type == "file":
		return b.stixFile(o)
	case o.Type != "indicator":
		b.unused("stix: object of type " + word(o.Type))
		return nil
	}
	info, ok := o.info()
	if !ok {
		b.unused("stix: time that is none")
		return nil
	}
	switch o.PatternType {
	case "stix", "":
		return b.stixPattern(o.Pattern, info)
	case "yara":
		return b.addRules("stix", o.Pattern, info)
	}
	b.unused("stix: pattern of type " + word(o.PatternType))
	return nil
}

func (b *builder) stixPattern(pattern string, info Info) error {
	a, unused, err := parsePattern(pattern)
	if err != nil {
		b.unused("stix: pattern with a mistake")
		return nil //nolint:nilerr // one of many patterns, which is counted
	}
	for _, why := range unused {
		b.unused("stix: " + why)
	}
	return b.addAlternatives("stix", a, info)
}

// stixFile takes a file that is an object of its own, by the strongest of its digests.
func (b *builder) stixFile(o *stixObject) error {
	var sums []Term
	for name, value := range o.Hashes {
		if t, ok := digestTerm(value); ok && t.Kind == stixHash(name) {
			sums = append(sums, t)
		}
	}
	t, ok := strongest(sums)
	if !ok {
		b.unused("stix: file without a digest")
		return nil
	}
	info, _ := o.info() // a file has no times
	return b.add(Indicator{t, info})
}

// stixHash is the kind of a digest by its name in STIX 2.0 or 2.1.
func stixHash(name string) Kind {
	return map[string]Kind{"MD5": MD5, "SHA1": SHA1, "SHA256": SHA256, "SHA512": SHA512}[strings.ReplaceAll(strings.ToUpper(name), "-", "")]
}

// info is what an object says of an indicator; ok is false when one of its times is none.
func (o *stixObject) info() (i Info, ok bool) {
	i.Label = o.Name
	for _, more := range [][]string{o.Types, o.Labels} {
		if i.Label == "" {
			i.Label = strings.Join(more, " ")
		}
	}
	for _, r := range o.References {
		if i.Reference == "" {
			i.Reference = r.URL
		}
	}
	if o.Confidence != nil {
		i.Score = min(max(*o.Confidence, 1), 100)
	}
	var e1, e2 error
	i.From, e1 = stixTime(o.ValidFrom)
	i.Until, e2 = stixTime(o.ValidUntil)
	return i, e1 == nil && e2 == nil
}

// stixTime reads a time; "" is 0.
func stixTime(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	return t.Unix(), err
}

// addRules takes the text of YARA rules.
func (b *builder) addRules(format, text string, info Info) error {
	if text == "" || len(text) > maxRules {
		b.unused(format + ": YARA rules that are empty or too long")
		return nil
	}
	return b.add(Indicator{Term{Kind: YARA, Value: text}, info})
}
