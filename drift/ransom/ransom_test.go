package ransom

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// sealed is text as AES in counter mode leaves it, with another key for each.
func sealed(t *testing.T, text, key string) string {
	t.Helper()
	k := sha256.Sum256([]byte(key))
	block, err := aes.NewCipher(k[:])
	if err != nil {
		t.Fatal(err)
	}
	out := make([]byte, len(text))
	cipher.NewCTR(block, make([]byte, aes.BlockSize)).XORKeyStream(out, []byte(text))
	return string(out)
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// prose are lines that compress badly enough for a file of some size.
func prose(seed string) string {
	var b strings.Builder
	for i := range 60 {
		fmt.Fprintf(&b, "%s %d: %x\n", seed, i, sha256.Sum256(fmt.Appendf(nil, "%s%d", seed, i)))
	}
	return b.String()
}

// documents are n files in each of four directories, of the formats in turn, with their magic and the noise of compression.
func documents(t *testing.T, n int) map[string]string {
	t.Helper()
	d := map[string]string{}
	for dir := range 4 {
		for i := range n {
			name := fmt.Sprintf("/srv/d%d/file%d", dir, i)
			body := sealed(t, strings.Repeat("x", 6000), name)
			ending, begin := []string{".pdf", ".JPG", ".docx", ".txt", ".db"}[i%5], []string{"%PDF-1.7\n", "\xff\xd8\xff\xe0", "PK\x03\x04", "", "SQLite format 3\x00"}[i%5]
			if ending == ".txt" {
				body = prose(name)
			}
			d[name+ending] = begin + body
		}
	}
	return d
}

// changed returns the files as edit leaves them.
func changed(files map[string]string, edit func(name, content string) (string, string)) map[string]string {
	out := map[string]string{}
	for name, content := range files {
		n, c := edit(name, content)
		out[n] = c
	}
	return out
}

func and[F any](a, b map[string]F) map[string]F {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// changes are those from one tree to the other.
func changes(t *testing.T, before, after map[string]memfs.File) (all []Change) {
	t.Helper()
	a, b := factstest.Guest(t, before), factstest.Guest(t, after)
	for _, p := range slices.Sorted(maps.Keys(and(before, after))) {
		c := Change{Path: p}
		if o, err := a.Stat(p); err == nil {
			c.Before = &o
		}
		if o, err := b.Stat(p); err == nil {
			c.After = &o
		}
		if before[p].Data != after[p].Data || before[p].Err != nil || after[p].Err != nil {
			all = append(all, c)
		}
	}
	return all
}

func looked(t *testing.T, before, after map[string]string) *Signs {
	t.Helper()
	s, err := Look(t.Context(), changes(t, factstest.Text(before), factstest.Text(after)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// notes are the same text in three of the directories.
func notes(name, text string) map[string]string {
	return map[string]string{"/srv/d0/" + name: text, "/srv/d1/" + name: text, "/srv/d2/" + name: text}
}

// TestSigns: each kind alone, together, and what only looks alike.
func TestSigns(t *testing.T) {
	many, some := documents(t, 10), documents(t, 3)
	seal := func(name, content string) (string, string) { return name, sealed(t, content, "k"+name) }
	lock := func(name, content string) (string, string) { return name + ".locked", sealed(t, content, "k"+name) }
	dumps, logs, blobs := map[string]string{}, map[string]string{}, map[string]string{}
	for i := range 30 {
		dumps[fmt.Sprintf("/srv/dump/%d.sql", i)] = prose(fmt.Sprint("sql", i))
		logs[fmt.Sprintf("/srv/log/app%d.log", i)] = prose(fmt.Sprint("log", i))
		blobs[fmt.Sprintf("/srv/blob/%d", i)] = sealed(t, prose("b"), strconv.Itoa(i))
	}
	type counts struct{ Files, Content, Renamed, Notes int }
	for name, c := range map[string]struct {
		before, after map[string]string
		want          counts
		reached       bool
	}{
		"nothing changed":              {many, many, counts{}, false},
		"encrypted in place":           {many, changed(many, seal), counts{40, 40, 0, 0}, true},
		"encrypted and renamed":        {some, changed(some, lock), counts{12, 12, 12, 0}, true},
		"some encrypted in place":      {some, changed(some, seal), counts{12, 12, 0, 0}, false},
		"some encrypted, and a note":   {some, and(changed(some, seal), notes("README.txt", "pay")), counts{12, 12, 0, 3}, true},
		"a note in UTF-16":             {some, and(changed(some, seal), notes("README.txt", "\xff\xfep\x00")), counts{12, 12, 0, 3}, true},
		"no text in many places":       {some, and(changed(some, seal), notes("thumbs.db", "a\x00b")), counts{12, 12, 0, 0}, false},
		"files without an ending":      {blobs, changed(blobs, lock), counts{30, 0, 30, 0}, true},
		"only the beginning encrypted": {dumps, changed(dumps, func(n, c string) (string, string) { return n, sealed(t, c[:4096], n) + c[4096:] + c + c }), counts{30, 30, 0, 0}, true},
		"a suffix for each": {some, changed(some, func(n, c string) (string, string) {
			return n + fmt.Sprintf(".%x", sha256.Sum256([]byte(n))), sealed(t, c, n)
		}), counts{12, 12, 0, 0}, false},
		"renamed and left as it was":    {many, changed(many, func(n, c string) (string, string) { return n + ".bak", c }), counts{}, false},
		"encrypted ones renamed alone":  {blobs, changed(blobs, func(n, c string) (string, string) { return n + ".bak", c }), counts{}, false},
		"a new number":                  {blobs, changed(blobs, func(n, c string) (string, string) { return n + "0", sealed(t, c, n) }), counts{}, false},
		"compressed under a suffix":     {dumps, changed(dumps, func(n, c string) (string, string) { return n + ".gz", zipped(t, c) }), counts{}, false},
		"compressed in place":           {dumps, changed(dumps, func(n, c string) (string, string) { return n, zipped(t, c) }), counts{}, false},
		"logs go round":                 {logs, and(changed(logs, func(n, c string) (string, string) { return n + ".1", c }), changed(logs, func(n, _ string) (string, string) { return n, prose("new") })), counts{}, false},
		"compressed logs go round":      {changed(logs, func(n, c string) (string, string) { return n + ".1.gz", zipped(t, c) }), and(changed(logs, func(n, _ string) (string, string) { return n + ".1.gz", zipped(t, prose("new"+n)) }), changed(logs, func(n, c string) (string, string) { return n + ".2.gz", zipped(t, c) })), counts{}, false},
		"photos are imported":           {some, and(some, changed(many, func(n, c string) (string, string) { return "/srv/photos" + n + ".jpg", "\xff\xd8\xff" + c })), counts{}, false},
		"a dump of a database":          {some, and(some, map[string]string{"/srv/all.sql": prose("all"), "/srv/all.sql.gz": zipped(t, prose("all"))}), counts{}, false},
		"texts are edited":              {dumps, changed(dumps, func(n, _ string) (string, string) { return n, prose("other") }), counts{}, false},
		"one file encrypted by hand":    {some, and(some, map[string]string{"/srv/d0/file0.pdf": sealed(t, prose("x"), "x")}), counts{1, 1, 0, 0}, false},
		"one text, once":                {some, and(some, map[string]string{"/srv/d0/notes.txt": "to do"}), counts{}, false},
		"one text in many places":       {some, and(some, notes("README.md", "a library")), counts{}, false},
		"what was encrypted before":     {changed(many, seal), changed(many, func(n, c string) (string, string) { return n, sealed(t, c, "other"+n) }), counts{}, false},
		"small files":                   {map[string]string{"/a.txt": "one"}, map[string]string{"/a.txt": sealed(t, "one", "k")}, counts{}, false},
		"a directory takes their place": {some, changed(some, func(n, c string) (string, string) { return n + "/x", sealed(t, c, n) }), counts{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := looked(t, c.before, c.after)
			if got := (counts{s.Files, s.Content, s.Renamed, s.Notes}); got != c.want || s.Reached() != c.reached || !s.Complete() {
				t.Errorf("%+v, reached %t, complete %t; want %+v, %t", got, s.Reached(), s.Complete(), c.want, c.reached)
			}
		})
	}
}

// TestWhatIsTold: the examples are sorted, and with what they were.
func TestWhatIsTold(t *testing.T) {
	some := documents(t, 6)
	s := looked(t, some, and(changed(some, func(n, c string) (string, string) { return n + ".locked", sealed(t, c, n) }), notes("HOW_TO.txt", "pay")))
	want := Example{"/srv/d0/file0.pdf.locked", "looks encrypted, was what .pdf promises; was /srv/d0/file0.pdf"}
	if len(s.Examples) != maxTold || s.Examples[0] != want || !slices.IsSortedFunc(s.Examples, func(a, b Example) int { return strings.Compare(a.Path, b.Path) }) {
		t.Errorf("%+v", s.Examples)
	}
	if d := cmp.Diff([][]string{{".locked"}, {"HOW_TO.txt"}}, [][]string{s.Suffixes, s.NoteNames}); d != "" {
		t.Error(d)
	}
}

// TestWhatCouldNotBeReadIsTold: it is no file without a sign.
func TestWhatCouldNotBeReadIsTold(t *testing.T) {
	before, after := factstest.Text(map[string]string{"/a.txt": prose("a")}), map[string]memfs.File{"/a.txt": {Data: prose("b"), Err: errors.New("bad block")}}
	s, err := Look(t.Context(), changes(t, before, after))
	if err != nil || s.Complete() || len(s.Unread) != 1 || s.Unread[0].Path != "/a.txt" || !strings.Contains(s.Unread[0].Cause, "bad block") {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestTooManyAreSampledAndTold: the files that are read stand evenly among all.
func TestTooManyAreSampledAndTold(t *testing.T) {
	before, after := map[string]string{}, map[string]string{}
	for i := range 2 * maxLooked {
		name := fmt.Sprintf("/srv/%05d.txt", i)
		before[name], after[name] = strings.Repeat("a", minSize), strings.Repeat("b", minSize)
		if i%40 == 0 {
			after[name] = sealed(t, before[name], name)
		}
	}
	s := looked(t, before, after)
	if s.Looked != maxLooked || s.Candidates != 2*maxLooked || s.Complete() || s.Files != 100 || !s.Reached() {
		t.Errorf("%+v", s)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	list := changes(t, factstest.Text(map[string]string{"/a.txt": prose("a")}), factstest.Text(map[string]string{"/a.txt": prose("b")}))
	if _, err := Look(ctx, list); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestRandom: what a cipher makes is random at every size that is judged, and what people and compilers write at none.
func TestRandom(t *testing.T) {
	for n := minSize; n <= headSize; n += 509 {
		if b := []byte(sealed(t, strings.Repeat("a", n), strconv.Itoa(n))); !encrypted(b) {
			t.Errorf("%d bytes of a cipher do not look encrypted", n)
		}
	}
	for name, b := range map[string]string{"text": prose("a"), "nothing": "", "zeros": strings.Repeat("\x00", headSize), "every byte in turn, but too few": sealed(t, strings.Repeat("a", minSize-1), "k")} {
		if random([]byte(b)) {
			t.Errorf("%s looks random", name)
		}
	}
	if b := zipped(t, prose("a")); !random([]byte(b)) || encrypted([]byte(b)) {
		t.Error("what is compressed is random, but not encrypted")
	}
}
