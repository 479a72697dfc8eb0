package hivetest

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// parse reads the text of a hive. The root has the name ROOT.
func parse(text string) (*Key, error) {
	root := &Key{Name: "ROOT"}
	k := root
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		var err error
		switch {
		case line == "" || line[0] == ';':
		case line[0] == '[':
			k, err = root.at(line)
		default:
			err = k.set(line)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %q: %w", i+1, line, err)
		}
	}
	return root, nil
}

// at returns the key that a line in brackets names, which is made where it is missing.
func (k *Key) at(line string) (*Key, error) {
	path, ok := strings.CutSuffix(line[1:], "]")
	if !ok {
		return nil, fmt.Errorf("want ] at its end")
	}
	path, class, _ := strings.Cut(path, " class:")
	for part := range strings.SplitSeq(path, `\`) {
		if part != "" {
			k = k.child(part)
		}
	}
	if class != "" {
		k.Class = strings.Trim(class, `"`)
	}
	return k, nil
}

func (k *Key) child(name string) *Key {
	for _, c := range k.Keys {
		if strings.EqualFold(c.Name, name) {
			return c
		}
	}
	c := &Key{Name: name}
	k.Keys = append(k.Keys, c)
	return c
}

// assignment is a line with a value: its name or @, and what it is.
var assignment = regexp.MustCompile(`^(@|"(?:[^"\\]|\\.)*")=(?:([a-z]+(?:\([0-9a-f]+\))?):)?(.*)$`)

func (k *Key) set(line string) error {
	m := assignment.FindStringSubmatch(line)
	if m == nil {
		return fmt.Errorf("want \"name\"=value")
	}
	v := Value{}
	if m[1] != "@" {
		v.Name = unquote(m[1])
	}
	if err := v.decode(m[2], m[3]); err != nil {
		return err
	}
	k.Values = append(k.Values, v)
	return nil
}

// The numbers of the types.
const (
	sz, expandSZ, binaryData, dword, multiSZ, qword = 1, 2, 3, 4, 7, 11
)

// decode fills in what stands behind the equals sign: a kind, where one is written, and the text behind its colon.
func (v *Value) decode(kind, text string) (err error) {
	var n uint64
	switch kind {
	case "":
		v.Type, v.Data = sz, terminated(unquote(text))
	case "expand":
		v.Type, v.Data = expandSZ, terminated(unquote(text))
	case "multi":
		v.Type = multiSZ
		for _, quoted := range regexp.MustCompile(`"(?:[^"\\]|\\.)*"`).FindAllString(text, -1) {
			v.Data = append(v.Data, terminated(unquote(quoted))...)
		}
		v.Data = append(v.Data, 0, 0)
	case "dword":
		n, err = strconv.ParseUint(text, 16, 32)
		v.Type, v.Data = dword, binary.LittleEndian.AppendUint32(nil, uint32(n))
	case "qword":
		n, err = strconv.ParseUint(text, 16, 64)
		v.Type, v.Data = qword, binary.LittleEndian.AppendUint64(nil, n)
	case "zeros":
		n, err = strconv.ParseUint(text, 10, 24)
		v.Type, v.Data = binaryData, make([]byte, n)
	default:
		err = v.bytes(kind, text)
	}
	return err
}

// bytes decodes hex: and hex(type):.
func (v *Value) bytes(kind, text string) error {
	number, ok := strings.CutPrefix(kind, "hex")
	if !ok {
		return fmt.Errorf("unknown kind %q", kind)
	}
	v.Type = binaryData
	if number != "" {
		n, err := strconv.ParseUint(strings.Trim(number, "()"), 16, 32)
		if err != nil {
			return err
		}
		v.Type = uint32(n)
	}
	var err error
	v.Data, err = hex.DecodeString(strings.NewReplacer(",", "", " ", "").Replace(text))
	return err
}

func unquote(s string) string {
	s = strings.TrimSuffix(strings.TrimPrefix(s, `"`), `"`)
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(s)
}

func terminated(s string) []byte { return append(UTF16(s), 0, 0) }
