package clamav

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxRules is how many signatures of one file become rules.
const maxRules = 200_000

// Reasons why a signature cannot become a rule, beside those of its bytes (hex.go).
const (
	otherTarget  = "unsupported target: " // with its number
	otherOffset  = "unsupported offset"
	noExecutable = "offset in an executable, with a target that is none"
)

// Translate writes those signatures of an .ndb or .ndu file (Name:Target:Offset:Hex[:MinFL[:MaxFL]]) that YARA can express as
// YARA rules. name is that of the file; it begins the identifiers of the rules, which are unique within one name. Signatures for
// any file, PE and ELF are translated. ClamAV matches them also in what it unpacks, and YARA in the file as it is. Stats counts
// what could not be translated, by the reason. An error is one of reading, or a file with too many signatures.
func Translate(r io.Reader, name string) (yara string, stats Stats, err error) {
	var rules strings.Builder
	imports := map[string]bool{}
	err = eachLine(r, func(number int, line string) error {
		s, reason := parseBody(line)
		if reason != "" {
			stats.miss(reason)
			return nil
		}
		if stats.Used++; stats.Used > maxRules {
			return fmt.Errorf("%s: more than %d signatures", name, maxRules)
		}
		imports[s.module] = true
		s.write(&rules, name, number)
		return nil
	})
	if err != nil {
		return "", stats, err
	}
	var head strings.Builder
	for _, module := range []string{"elf", "pe"} {
		if imports[module] {
			head.WriteString("import \"" + module + "\"\n")
		}
	}
	return head.String() + rules.String(), stats, nil
}

// body is a signature of bytes.
type body struct {
	name      string
	bytes     string // of YARA, between the braces
	condition string
	module    string // of YARA that the condition uses, or ""
}

// parseBody reads a line, or says why it is not used.
func parseBody(line string) (s body, reason string) {
	fields := strings.Split(line, ":")
	if len(fields) < 4 || len(fields) > 6 || !isName(fields[0]) {
		return s, malformed
	}
	applies, ok := levels(fields[4:])
	switch {
	case !ok:
		return s, malformed
	case !applies:
		return s, otherVersions
	}
	s.name = fields[0]
	k, reason := kindOf(fields[1])
	if reason != "" {
		return s, reason
	}
	if s.bytes, reason = hexString(fields[3], fields[2] == "*"); reason != "" {
		return s, reason
	}
	if s.condition, reason = s.place(fields[2], k); reason != "" {
		return s, reason
	}
	if k.is != "" {
		s.condition = k.is + " and " + s.condition
	}
	return s, ""
}

// kind is a kind of file, as YARA sees it. The zero value is any file.
type kind struct{ module, is, offset, size string }

// kindOf is the kind that a target is.
func kindOf(target string) (k kind, reason string) {
	switch target {
	case "0":
		return kind{}, ""
	case "1":
		return kind{"pe", "uint16(0) == 0x5a4d", "raw_data_offset", "raw_data_size"}, ""
	case "6":
		return kind{"elf", "uint32(0) == 0x464c457f", "offset", "size"}, ""
	}
	if n, err := strconv.ParseUint(target, 10, 8); err == nil {
		return kind{}, otherTarget + strconv.FormatUint(n, 10)
	}
	return kind{}, malformed
}

// place is the condition that an offset is: "*", "n", "EOF-n", "EP+n", "EP-n", "Sx+n", "SL+n", "SEx", each but the last with ",m"
// for so many bytes that it may be further.
func (s *body) place(offset string, k kind) (condition, reason string) {
	if offset == "*" {
		return "$a", ""
	}
	at, shift, shifted := strings.Cut(offset, ",")
	within := func(from string) string { return "$a at " + from }
	if shifted {
		n, ok := number(shift)
		if !ok {
			return "", malformed
		}
		within = func(from string) string { return fmt.Sprintf("$a in (%s..%s + %d)", from, from, n) }
	}
	if n, ok := number(at); ok {
		return within(strconv.Itoa(n)), ""
	}
	if rest, ok := strings.CutPrefix(at, "EOF-"); ok {
		n, ok := number(rest)
		if !ok {
			return "", malformed
		}
		return fmt.Sprintf("filesize >= %d and %s", n, within(fmt.Sprintf("filesize - %d", n))), ""
	}
	from, size, reason := k.locate(at)
	s.module = k.module
	switch {
	case reason != "":
		return "", reason
	case size != "" && shifted:
		return "", otherOffset
	case size != "":
		return fmt.Sprintf("$a in (%s..%s + %s)", from, from, size), ""
	}
	return within(from), ""
}

// locate is a place in an executable, with a size where it is a whole section.
func (k kind) locate(at string) (from, size, reason string) {
	if rest, ok := strings.CutPrefix(at, "SE"); ok {
		x, ok := number(rest)
		if !ok {
			return "", "", malformed
		}
		if k.module == "" {
			return "", "", noExecutable
		}
		section := fmt.Sprintf("%s.sections[%d].", k.module, x)
		return section + k.offset, section + k.size, ""
	}
	base, n, ok := signed(at)
	if !ok {
		return "", "", otherOffset
	}
	switch x, isSection := number(base[1:]); {
	case base == "EP":
		from = k.module + ".entry_point"
	case base == "SL":
		from = fmt.Sprintf("%s.sections[%s.number_of_sections - 1].%s", k.module, k.module, k.offset)
	case base[0] == 'S' && isSection:
		from = fmt.Sprintf("%s.sections[%d].%s", k.module, x, k.offset)
	default:
		return "", "", otherOffset
	}
	if k.module == "" {
		return "", "", noExecutable
	}
	return from + n, "", ""
}

// signed splits "EP+4" into "EP" and " + 4".
func signed(at string) (base, distance string, ok bool) {
	i := strings.IndexAny(at, "+-")
	if i < 1 {
		return "", "", false
	}
	n, ok := number(at[i+1:])
	return at[:i], fmt.Sprintf(" %c %d", at[i], n), ok
}

// number reads an offset.
func number(s string) (int, bool) {
	n, err := strconv.ParseUint(s, 10, 31)
	return int(n), err == nil
}

// write adds the signature as a rule.
func (s *body) write(b *strings.Builder, file string, number int) {
	_, _ = fmt.Fprintf(b, `
rule %s_L%d_%s : clamav
{
    meta:
        signature = "%s"
        source = "%s"
        score = %d
    strings:
        $a = { %s }
    condition:
        %s
}
`, identifier(file), number, identifier(s.name), quoted(s.name), quoted(file), scoreOf(s.name), s.bytes, s.condition)
}

// identifier makes a name one of YARA's, at most 48 bytes.
func identifier(name string) string {
	b := []byte(name[:min(len(name), 48)])
	for i, c := range b {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			b[i] = '_'
		}
	}
	if len(b) == 0 || b[0] <= '9' {
		return "_" + string(b)
	}
	return string(b)
}

// quoted escapes a text for between the quotes of YARA.
func quoted(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			_, _ = fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
