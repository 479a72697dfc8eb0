package policy

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFormat(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"blank lines only", "\n \n\t\n", ""},
		{"already", "a = 1\n\n[b]\nc = \"d\"\n", "a = 1\n\n[b]\nc = \"d\"\n"},
		{"blanks around =", "a=1\nb   =    2\n  c\t= 3", "a = 1\nb = 2\nc = 3\n"},
		{"blanks at the end", "a = 1  \n# c \t\n", "a = 1\n# c\n"},
		{"line ends of Windows", "a = 1\r\n\r\n[b]\r\nc = [\r\n1]\r\n", "a = 1\n\n[b]\nc = [\n  1]\n"},
		{"a mark of the byte order", "\ufeffa=1", "a = 1\n"},
		{"blank lines between tables", "[a]\nb = 1\n[c]\nd = 1\n\n\n\n[e]\n", "[a]\nb = 1\n\n[c]\nd = 1\n\n[e]\n"},
		{"blank lines at the ends", "\n\na = 1\n\n\n", "a = 1\n"},
		{"a blank line after a name", "[a]\n\nb = 1\n", "[a]\nb = 1\n"},
		{"a comment above a table", "a = 1\n# of b\n# too\n[b]\nc = 1\n", "a = 1\n\n# of b\n# too\n[b]\nc = 1\n"},
		{"a comment of its own above a table", "a = 1\n# of a\n\n[b]\n", "a = 1\n# of a\n\n[b]\n"},
		{"names of tables", "[ a . 'b' ]\n[[ c.\"d\" ]]  # e\n", "[a.\"b\"]\n\n[[c.\"d\"]]  # e\n"},
		{"dotted keys", "a . 'b.c'.\"d\" = 1", "a.\"b.c\".\"d\" = 1\n"},
		{"lists", "a=[ 1,2 , 3, ]\nb=[]\nc=[ ]\nd=[[1],[ ]]\n", "a = [1, 2, 3]\nb = []\nc = []\nd = [[1], []]\n"},
		{"inline tables", "a={b=1,c={d = 2}}\ne={ }\n", "a = { b = 1, c = { d = 2 } }\ne = {}\n"},
		{"lists of several lines", "a = [\n1,\n    2, 3,\n\n\n[\n4 ]\n\n]\n", "a = [\n  1,\n  2, 3,\n\n  [\n    4]\n]\n"},
		{"comments in lists", "a = [ # b\n1, # c\n# d\n2 # e\n]# f\n", "a = [  # b\n  1,  # c\n  # d\n  2  # e\n]  # f\n"},
		{"a comment that ends a list", "a = [1, # b\n]\n", "a = [1,  # b\n]\n"},
		{"inline tables in lists", "a = [\n{b=1},\n  { c = \"d\"},\n]\n", "a = [\n  { b = 1 },\n  { c = \"d\" },\n]\n"},
		{"comments are aligned", "a = 1 # b\nlonger = 2 # c\n\nd = 3 # e\nf = 4\ng = 55 # h\n", "a = 1       # b\nlonger = 2  # c\n\nd = 3  # e\nf = 4\ng = 55  # h\n"},
		{"aligned by characters", "é = 1 # b\nab = 2 # c\n", ""}, // no bare key
		{"aligned by characters in strings", "a = 'é' # b\nab = 'e' # c\n", "a = \"é\"   # b\nab = \"e\"  # c\n"},
		{"literal strings", "a = 'b'\nc = 'd\\e'\nf = 'g\"h'\ni = ''\n", "a = \"b\"\nc = 'd\\e'\nf = 'g\"h'\ni = \"\"\n"},
		{"blocks", "a = '''\n  b  \n'''\nc = \"\"\"d\\\n   e\"\"\"  \n", "a = '''\n  b  \n'''\nc = \"\"\"d\\\n   e\"\"\"\n"},
		{"a block with signs in it", "a = \"\"\"\n# [b]\n\"\"\"\"\" # c\n", "a = \"\"\"\n# [b]\n\"\"\"\"\"  # c\n"},
		{"scalars", "a = 1979-05-27 07:32:00 \nb = +1_000\nc = -inf\nd=true\n", "a = 1979-05-27 07:32:00\nb = +1_000\nc = -inf\nd = true\n"},
		{"signs in strings", "a = \"#[{,='\"\nb = '#'\n", "a = \"#[{,='\"\nb = \"#\"\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Format("b.toml", []byte(c.text))
			if err != nil {
				if c.want != "" {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			keepsItsMeaning(t, []byte(c.text), got)
		})
	}
	if _, err := Format("b.toml", []byte("a = \n")); err == nil || !strings.HasPrefix(err.Error(), "b.toml:1:5: ") {
		t.Errorf("%v", err)
	}
}

// keepsItsMeaning holds a formatted text to the same values and signs of comments, and to stay as it is.
func keepsItsMeaning(t *testing.T, text, formatted []byte) {
	t.Helper()
	before, err := decode(newSource("before", strings.TrimPrefix(string(text), "\ufeff")))
	if err != nil {
		t.Fatal(err)
	}
	after, err := decode(newSource("after", string(formatted)))
	if err != nil {
		t.Fatalf("%v in\n%s", err, formatted)
	}
	// Go syntax compares what is no number as equal to itself.
	if !reflect.DeepEqual(before, after) && fmt.Sprintf("%#v", before) != fmt.Sprintf("%#v", after) {
		t.Errorf("%#v\nbecame\n%#v\nin\n%s", before, after, formatted)
	}
	if a, b := strings.Count(string(text), "#"), strings.Count(string(formatted), "#"); a != b {
		t.Errorf("%d signs of a comment became %d in\n%s", a, b, formatted)
	}
	again, err := Format("again", formatted)
	if err != nil || string(again) != string(formatted) {
		t.Errorf("%v, and not the same twice (-first +second)\n%s", err, cmp.Diff(string(formatted), string(again)))
	}
}

// TestFormatOfEveryFile formats every TOML file of the project.
func TestFormatOfEveryFile(t *testing.T) {
	seen := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".toml" || strings.HasPrefix(path, "../build/") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if formatted, wrong := Format(path, text); wrong == nil { // or it is a test of errors
			seen++
			keepsItsMeaning(t, text, formatted)
		}
		return nil
	})
	if err != nil || seen < 3 {
		t.Errorf("%d files, %v", seen, err)
	}
}

// FuzzFormat formats whatever is TOML.
func FuzzFormat(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add([]byte(s))
	}
	f.Add([]byte("a=[ # b\n1, 'c' ,{d=2,},\n\n\n# e\n]# f\n[ g . 'h' ]# i\n\n[[j]]\r\nk='''\r\n'''"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<16 {
			return
		}
		if formatted, err := Format("fuzz", text); err == nil {
			keepsItsMeaning(t, text, formatted)
		}
	})
}
