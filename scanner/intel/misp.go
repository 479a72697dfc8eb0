package intel

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

func isMISP(head []byte) bool {
	return isJSON(head, `Event"`, `Attribute"`, `to_ids"`)
}

// mispAttribute has what is read of an attribute.
type mispAttribute struct {
	Type    string          `json:"type"`
	Value   string          `json:"value"`
	Comment string          `json:"comment"`
	ToIDs   json.RawMessage `json:"to_ids"`
	Deleted json.RawMessage `json:"deleted"`
}

// mispEvent gathers the attributes of an event, whose title may come after them.
type mispEvent struct {
	b     *builder
	j     *jsonReader
	title string
	uuid  string
	found []Indicator
}

// maxEvent is how many indicators one event has at most.
const maxEvent = 500_000

// readMISP reads an event, or what a search for events or attributes answers: {"Event": {...}}, {"response": [{"Event": ...}]},
// {"response": {"Attribute": [...]}}, and arrays of events.
func readMISP(b *builder, f *file) error {
	j := newJSONReader(f.r)
	e := &mispEvent{b: b, j: j}
	err := e.read()
	if err == nil {
		err = e.flush()
	}
	if err == nil {
		err = j.end()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return nil
}

// read reads any value, and looks for events and attributes in it.
func (e *mispEvent) read() error {
	d, err := e.j.delim()
	switch {
	case err != nil:
		return err
	case d == '[':
		return e.j.elements(e.read)
	case d == '{':
		return e.j.members(e.member)
	}
	return nil
}

func (e *mispEvent) member(key string) error {
	switch key {
	case "Event":
		event := &mispEvent{b: e.b, j: e.j}
		if err := event.read(); err != nil {
			return err
		}
		return event.flush()
	case "response", "Object":
		if key == "Object" {
			return e.objects()
		}
		return e.read()
	case "Attribute":
		return e.attributes()
	case "info":
		_, err := e.j.value(&e.title)
		return err
	case "uuid":
		_, err := e.j.value(&e.uuid)
		return err
	}
	return e.j.skip()
}

// objects reads objects, each of which is one thing with several attributes: of the digests of a file the strongest is enough.
func (e *mispEvent) objects() error {
	each := func() error {
		object := &mispEvent{b: e.b, j: e.j}
		if err := object.read(); err != nil {
			return err
		}
		var sums []Term
		for _, i := range object.found {
			if i.Kind.hash() != 0 {
				sums = append(sums, i.Term)
			}
		}
		best, _ := strongest(sums)
		for _, i := range object.found {
			if i.Kind.hash() == 0 || i.Kind == best.Kind {
				e.found = append(e.found, i)
			}
		}
		return e.full()
	}
	switch d, err := e.j.delim(); {
	case err != nil || d == 0:
		return err
	case d == '{':
		return e.j.members(func(string) error { return e.j.skip() })
	}
	return e.j.elements(each)
}

func (e *mispEvent) full() error {
	if len(e.found) > maxEvent {
		return e.j.where(tooMany("indicators in one event", maxEvent))
	}
	return nil
}

func (e *mispEvent) attributes() error {
	switch d, err := e.j.delim(); {
	case err != nil || d == 0:
		return err
	case d == '{':
		return e.j.members(func(string) error { return e.j.skip() })
	}
	return e.j.elements(func() error {
		var a mispAttribute
		ok, err := e.j.value(&a)
		switch {
		case err != nil:
			return err
		case !ok:
			e.b.unused("misp: attribute with a value of the wrong type")
		case isTrue(a.Deleted):
			e.b.unused("misp: deleted")
		case !isTrue(a.ToIDs):
			e.b.unused("misp: not for detection (to_ids)")
		default:
			found, why := a.indicators()
			if why != "" {
				e.b.unused("misp: " + why)
			}
			e.found = append(e.found, found...)
		}
		return e.full()
	})
}

// flush hands on the indicators of an event.
func (e *mispEvent) flush() error {
	for _, i := range e.found {
		if i.Label == "" {
			i.Label = e.title
		}
		if e.uuid != "" {
			i.Reference = "misp event " + e.uuid
		}
		if i.Kind == YARA && len(i.Value) > maxRules {
			e.b.unused("misp: YARA rules that are too long")
			continue
		}
		if err := e.b.add(i); err != nil {
			return e.j.where(err)
		}
	}
	e.found = nil
	return nil
}

// isTrue takes the forms in which MISP writes a flag.
func isTrue(b json.RawMessage) bool {
	return slices.Contains([]string{"true", "1", `"1"`, `"true"`}, string(b))
}

// indicators are those of an attribute; of a file name with a digest, the digest.
func (a *mispAttribute) indicators() (found []Indicator, why string) {
	kind, value := a.Type, a.Value
	label := a.Comment
	if rest, ok := strings.CutPrefix(kind, "filename|"); ok {
		name, digest, _ := strings.Cut(value, "|")
		kind, value = rest, digest
		if label == "" {
			label = name
		}
	}
	info := Info{Label: label}
	take := func(t Term, ok bool, of ...Kind) {
		if ok && slices.Contains(of, t.Kind) {
			found = append(found, Indicator{t, info})
		} else {
			why = "value that is no " + word(a.Type)
		}
	}
	first, second, _ := strings.Cut(value, "|")
	t, ok := termOf(value)
	switch kind {
	case "md5", "sha1", "sha256", "sha512":
		take(t, ok, Kind(kind))
	case "domain", "hostname":
		take(t, ok, Domain)
	case "ip-dst", "ip-src":
		take(t, ok, Address, Network)
	case "ip-dst|port", "ip-src|port", "hostname|port":
		t, ok = termOf(first)
		take(t, ok, Address, Network, Domain)
	case "domain|ip":
		t, ok = termOf(first)
		take(t, ok, Domain)
		t, ok = termOf(second)
		take(t, ok, Address, Network)
	case "url":
		take(t, ok, URL)
	case "filename":
		if isWindows(value) {
			return nil, "path of Windows"
		}
		t, ok = nameTerm(value)
		take(t, ok, Name, Path)
	case "yara":
		take(Term{Kind: YARA, Value: value}, value != "", YARA)
	default:
		return nil, "attribute of type " + word(a.Type)
	}
	return found, why
}

// isMISPHashes knows the list of digests of the values of a feed, which is for those who look for one value in many feeds.
func isMISPHashes(head []byte) bool {
	return isText(head) && hashLine(lines(head)[0])
}

func hashLine(line string) bool {
	digest, uuid, ok := strings.Cut(strings.TrimSpace(line), ",")
	return ok && len(digest) == 32 && isHex(digest) && isUUID(uuid)
}

// readMISPHashes counts: from the digest of a value nobody gets the value, which stands in an event.
func readMISPHashes(b *builder, f *file) error {
	return f.eachLine(func(line string) error {
		if strings.TrimSpace(line) != "" {
			b.unused("misp: hashes.csv without its events")
		}
		return nil
	})
}

func isUUID(s string) bool {
	parts := strings.Split(s, "-")
	return len(s) == 36 && len(parts) == 5 && isHex(strings.Join(parts, ""))
}
