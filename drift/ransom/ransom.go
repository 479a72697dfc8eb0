// Package ransom looks for what ransomware leaves between two states of a guest: files whose content no longer is what their name
// promises and looks encrypted, files that came back under their name and one common suffix, and the same text in the directories of
// these.
//
// A sign is relative to the state before: what was encrypted there, or never had the format that its name promises, is none. One file
// is no finding; Reached says how many are. Ransomware that gives each file a suffix of its own, or new names to files without a
// telling ending, is not seen. Who encrypts files for good reasons leaves the same signs.
package ransom

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	headSize  = 16 << 10 // bytes that are read of a file
	headStart = 4 << 10  // bytes that are judged by themselves
	minSize   = 512      // bytes, below which entropy tells little
	// randomBits is the corrected entropy of a byte: random bytes have 7.9 and more from 512 bytes on, base64 6, machine code 6.5.
	randomBits = 7.8
	maxLooked  = 2000 // files that are read on both sides: 64 MiB in all
	maxNotes   = 200  // texts that are read
	maxTold    = 20   // examples, suffixes, names of notes

	fewest      = 5  // files from which a kind of sign counts as one, and a suffix is common: fewer are what a person renames
	fewestNotes = 3  // directories with one and the same text
	enough      = 10 // files with signs of more than one kind: what happens to all of them in two ways is no accident
	enoughAlone = 25 // files with signs of one kind
)

// Change is an object that is not as it was, and that nothing explains. Before or After is nil where there was none.
type Change struct {
	Path          string
	Before, After *guest.Object
}

// Signs are what was found.
type Signs struct {
	// Candidates are the files that could show a sign, and Looked how many of them were read, evenly spread.
	Candidates int `json:"candidates"`
	Looked     int `json:"looked"`
	Files      int `json:"files"`   // with a sign
	Content    int `json:"content"` // files that look encrypted and had the format that their name promises
	Renamed    int `json:"renamed"` // files that came back with other content under a suffix that several have
	Notes      int `json:"notes"`   // new texts of one name, in directories of files with a sign
	// Suffixes, NoteNames and Examples are sorted and at most 20.
	Suffixes  []string  `json:"suffixes"`
	NoteNames []string  `json:"note_names"`
	Examples  []Example `json:"examples"`
	Unread    []Unread  `json:"unread"`
}

// Example is a file with a sign.
type Example struct {
	Path string `json:"path"`
	Sign string `json:"sign"` // "was a.pdf"
}

// Unread is a file that could not be judged.
type Unread struct {
	Path  string `json:"path"`
	Cause string `json:"cause"`
}

// Reached reports whether the signs are enough to speak of ransomware.
func (s *Signs) Reached() bool {
	kinds := 0
	for _, yes := range []bool{s.Content >= fewest, s.Renamed >= fewest, s.Notes >= fewestNotes} {
		if yes {
			kinds++
		}
	}
	return s.Files >= enoughAlone || s.Files >= enough && kinds > 1
}

// Complete reports whether everything that could show a sign was judged.
func (s *Signs) Complete() bool { return s.Looked == s.Candidates && len(s.Unread) == 0 }

// Look judges the changes. The error is that of the context.
func Look(ctx context.Context, changes []Change) (*Signs, error) {
	l := &look{signs: &Signs{Suffixes: []string{}, NoteNames: []string{}, Examples: []Example{}, Unread: []Unread{}}, found: map[string]string{}, renamed: map[string][]candidate{}}
	all := candidates(changes)
	l.signs.Candidates, l.signs.Looked = len(all), min(len(all), maxLooked)
	for i := range l.signs.Looked {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		l.judge(all[i*len(all)/l.signs.Looked])
	}
	l.suffixes()
	l.notes(changes)
	l.tell()
	return l.signs, ctx.Err()
}

// candidate is a file whose content could show a sign.
type candidate struct {
	before, after *guest.Object
	suffix        string  // that the name got; "" for a file that kept it
	promised      *format // by the name of before, or nil
}

// candidates are files that changed under a name that promises something, and pairs of a file that went and one that came under its
// name and a suffix. They are by path.
func candidates(changes []Change) []candidate {
	gone := map[string]*guest.Object{}
	for _, c := range changes {
		if c.After == nil && c.Before.IsRegular() {
			gone[c.Path] = c.Before
		}
	}
	var all []candidate
	for _, c := range changes {
		if c.After == nil || !c.After.IsRegular() || c.After.Size < minSize {
			continue
		}
		one := candidate{before: c.Before, after: c.After}
		if one.before == nil {
			one.before, one.suffix = renamed(gone, c.Path)
		}
		if one.before == nil || !one.before.IsRegular() {
			continue
		}
		if one.promised = promised(one.before.Path); one.promised != nil || one.suffix != "" {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b candidate) int { return cmp.Compare(a.after.Path, b.after.Path) })
	return all
}

// renamed finds the file that a new one was before it got a suffix. A suffix begins with a sign: "file1" and "file10" are two files.
func renamed(gone map[string]*guest.Object, name string) (before *guest.Object, suffix string) {
	for i := len(name) - 1; i > 0 && name[i] != '/'; i-- {
		if c := name[i]; c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			continue
		}
		if o := gone[name[:i]]; o != nil {
			return o, name[i:]
		}
	}
	return nil, ""
}

// look is one at work.
type look struct {
	signs   *Signs
	found   map[string]string // signs, by path
	renamed map[string][]candidate
}

// judge reads a candidate: what does not look encrypted now is not read as it was.
func (l *look) judge(c candidate) {
	now, ok := l.head(c.after)
	if !ok || !encrypted(now) {
		return
	}
	was, ok := l.head(c.before)
	if !ok || bytes.Equal(was, now) {
		return
	}
	if c.promised != nil && c.promised.in(was) {
		l.signs.Content++
		l.found[c.after.Path] = "looks encrypted, was what ." + strings.TrimPrefix(path.Ext(c.before.Path), ".") + " promises"
	}
	if c.suffix != "" {
		l.renamed[c.suffix] = append(l.renamed[c.suffix], c)
	}
}

// head reads the first bytes of a file.
func (l *look) head(o *guest.Object) ([]byte, bool) {
	f, err := o.Open()
	var b []byte
	if err == nil {
		b, err = binread.ReadAt(f, 0, min(f.Size(), headSize), headSize)
	}
	if err != nil {
		l.signs.Unread = append(l.signs.Unread, Unread{o.Path, err.Error()})
		return nil, false
	}
	return b, true
}

// suffixes counts the renamed files whose suffix is a common one.
func (l *look) suffixes() {
	for suffix, list := range l.renamed {
		if len(list) < fewest {
			continue
		}
		l.signs.Renamed += len(list)
		l.signs.Suffixes = append(l.signs.Suffixes, suffix)
		for _, c := range list {
			l.found[c.after.Path] = strings.TrimPrefix(l.found[c.after.Path]+"; was "+c.before.Path, "; ")
		}
	}
	l.signs.Files = len(l.found)
}

// notes looks for new texts of one name in the directories of files with a sign. Elsewhere many directories have such: README.md.
func (l *look) notes(changes []Change) {
	dirs := map[string]bool{}
	for p := range l.found {
		dirs[path.Dir(p)] = true
	}
	byName := map[string][]*guest.Object{}
	for _, c := range changes {
		if c.Before == nil && c.After.IsRegular() && c.After.Size > 0 && c.After.Size <= headSize && dirs[path.Dir(c.Path)] {
			byName[path.Base(c.Path)] = append(byName[path.Base(c.Path)], c.After)
		}
	}
	read := 0
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		if len(byName[name]) < fewestNotes || read+len(byName[name]) > maxNotes && read > 0 {
			continue
		}
		var texts []*guest.Object
		for _, o := range byName[name][:min(len(byName[name]), maxNotes)] {
			read++
			if b, ok := l.head(o); ok && isText(b) {
				texts = append(texts, o)
			}
		}
		if len(texts) < fewestNotes {
			continue
		}
		l.signs.Notes += len(texts)
		l.signs.NoteNames = append(l.signs.NoteNames, name)
	}
}

func isText(b []byte) bool {
	return bytes.HasPrefix(b, []byte("\xff\xfe")) || utf8.Valid(b) && !bytes.ContainsRune(b, 0) // UTF-16 of Windows, or UTF-8
}

// tell puts the lists in order.
func (l *look) tell() {
	for _, p := range slices.Sorted(maps.Keys(l.found))[:min(len(l.found), maxTold)] {
		l.signs.Examples = append(l.signs.Examples, Example{p, l.found[p]})
	}
	for _, list := range []*[]string{&l.signs.Suffixes, &l.signs.NoteNames} {
		slices.Sort(*list)
		*list = (*list)[:min(len(*list), maxTold)]
	}
}
