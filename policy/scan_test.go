package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestPositions holds the scanner against positions counted by hand. A key is written path@line:column=line:column, of the
// key and of its value.
func TestPositions(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"flat", "a = 1\nb.c = 'x'\n", []string{"a@1:1=1:5", "b@2:1=2:1", "b.c@2:3=2:7"}},
		{"tables", "[a.b]\nc = 1\n[ d . 'e' ]\nf=2", []string{"a@1:2=1:2", "a.b@1:4=1:4", "a.b.c@2:1=2:5", "d@3:3=3:3", "d.e@3:7=3:7", "d.e.f@4:1=4:3"}},
		{"quoted keys", "\"a.b\".'c # d' = 1\n\"\\u0065\\\"\" = 2\n", []string{`"a.b"@1:1=1:1`, `"a.b"."c # d"@1:7=1:17`, `"e""@2:1=2:14`}},
		{"list over lines", "a = [ # ]\n  1,\n\n  'b',]\nc = []", []string{"a@1:1=1:5", "a[0]@2:3=2:3", "a[1]@4:3=4:3", "c@5:1=5:5"}},
		{"lists in lists", "a = [[1, 2], [], [[3]]]", []string{
			"a@1:1=1:5", "a[0]@1:6=1:6", "a[0][0]@1:7=1:7", "a[0][1]@1:10=1:10", "a[1]@1:14=1:14", "a[2]@1:18=1:18", "a[2][0]@1:19=1:19", "a[2][0][0]@1:20=1:20",
		}},
		{"inline tables", "a = { b = 1, c.d = '}', e = {} }", []string{"a@1:1=1:5", "a.b@1:7=1:11", "a.c@1:14=1:14", "a.c.d@1:16=1:20", "a.e@1:25=1:29"}},
		{"inline table over lines", "a = { # }\n b = 1,\n c = 2, }", []string{"a@1:1=1:5", "a.b@2:2=2:6", "a.c@3:2=3:6"}},
		{"tables in a list", "a = [{ b = 1 }, { b = 2 }]", []string{"a@1:1=1:5", "a[0]@1:6=1:6", "a[0].b@1:8=1:12", "a[1]@1:17=1:17", "a[1].b@1:19=1:23"}},
		{"array of tables", "[[a]]\nb = 1\n[a.c]\nd = 2\n[[a]]\n[[a.e]]\nf = 3", []string{
			"a@1:3=1:3", "a[0]@1:3=1:3", "a[0].b@2:1=2:5", "a[0].c@3:4=3:4", "a[0].c.d@4:1=4:5", "a[1]@5:3=5:3", "a[1].e@6:5=6:5", "a[1].e[0]@6:5=6:5", "a[1].e[0].f@7:1=7:5",
		}},
		{"strings", "a = \"x # \\\" ] = [\"\nb = 'y \\'\nc = 3", []string{"a@1:1=1:5", "b@2:1=2:5", "c@3:1=3:5"}},
		{"strings over lines", "a = \"\"\"\n[b]\nc = \\\"\"\" 1\n\"\"\"\"\"\nd = '''\n'e' = \\'''\nf = 1", []string{"a@1:1=1:5", "d@5:1=5:5", "f@7:1=7:5"}},
		{"string that ends in quotes", "a = ['''x''''', \"\"\"y\"\"\"\", 'z']", []string{"a@1:1=1:5", "a[0]@1:6=1:6", "a[1]@1:17=1:17", "a[2]@1:27=1:27"}},
		{"other values", "a = 1979-05-27 07:32:00 # x\nb = -inf\nc = [0x1F, 1e3,true]", []string{"a@1:1=1:5", "b@2:1=2:5", "c@3:1=3:5", "c[0]@3:6=3:6", "c[1]@3:12=3:12", "c[2]@3:16=3:16"}},
		{"carriage returns", "a = 1\r\n\r\n[b]\r\nc = [\r\n1]\r\n", []string{"a@1:1=1:5", "b@3:2=3:2", "b.c@4:1=4:5", "b.c[0]@5:1=5:1"}},
		{"tabs and wide characters", "\t\"é\" =\t['é', 'x']", []string{`"é"@1:2=1:8`, `"é"[0]@1:9=1:9`, `"é"[1]@1:14=1:14`}},
		{"byte order mark", "\ufeffa = 1", []string{"a@1:1=1:5"}},
		{"comment at the end", "a = 1 # x", []string{"a@1:1=1:5"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			src, root, err := parse("t", []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := positions(src, root, ""); !slices.Equal(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func positions(src *source, n *node, path string) []string {
	at := func(off int) string {
		e := src.errorf(off, "")
		return fmt.Sprintf("%d:%d", e.Line, e.Column)
	}
	var all []string
	visit := func(c *node, path string) {
		all = append(all, fmt.Sprintf("%s@%s=%s", path, at(c.key), at(c.at)))
		all = append(all, positions(src, c, path)...)
	}
	for _, name := range n.keys {
		visit(n.table[name], join(path, name))
	}
	for i, item := range n.list {
		visit(item, fmt.Sprintf("%s[%d]", path, i))
	}
	return all
}

// TestHostile has texts that are made to cost much. Each must be refused with a position, or accepted, without harm.
func TestHostile(t *testing.T) {
	many := func(s string, n int) string { return strings.Repeat(s, n) }
	for _, c := range []struct{ name, text, want string }{
		{"lists in lists", "a = " + many("[", 500_000), "t:1:21: more than 16 lists and tables inside each other"},
		{"tables in tables", "a = " + many("{a=", 300_000), "t:1:53: more than 16 lists and tables inside each other"},
		{"long dotted key", many("a.", 400_000) + "a = 1", "t:1:34: a key of more than 16 parts"},
		{"long dotted table", "[" + many("a.", 400_000) + "a]", "t:1:35: a key of more than 16 parts"},
		{"long key", many("a", 900_000) + " = 1", "t:1:900001: a key of more than 512 bytes"},
		{"long quoted key", "'" + many("a", 900_000) + "' = 1", "t:1:900003: a key of more than 512 bytes"},
		{"too large", many("#", maxSize+1), "t: more than 1 MiB, which is not a baseline"},
		{"zero bytes", many("\x00", 1000), "t:1:1: files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8"},
		{"UTF-16", "\xff\xfea\x00=\x001\x00", "t:1:2: files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8"},
		{"unclosed list", "a = [" + many("1,", 100_000), "t:1:200005: unexpected EOF; expected value"},
		{"unclosed block", `a = """` + many("x\n", 100_000), "t:100000:2: unexpected EOF; expected '\"\"\"'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := parse("t", []byte(c.text)); err == nil || err.Error() != c.want {
				t.Errorf("got  %.200v\nwant %s", err, c.want)
			}
		})
	}
}
