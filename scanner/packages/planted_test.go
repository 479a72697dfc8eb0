package packages

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/engine/filesys"
)

// planted is a file system with changes that someone made to it.
type planted struct {
	filesys.FS
	nodes map[filesys.Node]*plantedNode
	names map[filesys.Node]map[string]filesys.Node // of directories; 0 is gone
	next  filesys.Node
}

type plantedNode struct {
	filesys.Stat
	content string
	target  string
}

type plantedFile struct{ *bytes.Reader }

func plantIn(f filesys.FS) *planted {
	return &planted{f, map[filesys.Node]*plantedNode{}, map[filesys.Node]map[string]filesys.Node{}, 1 << 40}
}

func (p *planted) Stat(n filesys.Node) (filesys.Stat, error) {
	if c, ok := p.nodes[n]; ok {
		return c.Stat, nil
	}
	return p.FS.Stat(n)
}

func (p *planted) Lookup(dir filesys.Node, name string) (filesys.Node, error) {
	if n, ok := p.names[dir][name]; ok {
		if n == 0 {
			return 0, fs.ErrNotExist
		}
		return n, nil
	}
	return p.FS.Lookup(dir, name)
}

func (p *planted) ReadDir(dir filesys.Node) ([]filesys.DirEntry, error) {
	entries, err := p.FS.ReadDir(dir)
	entries = slices.DeleteFunc(slices.Clone(entries), func(e filesys.DirEntry) bool { _, ok := p.names[dir][e.Name]; return ok })
	for _, name := range slices.Sorted(maps.Keys(p.names[dir])) {
		if n := p.names[dir][name]; n != 0 {
			entries = append(entries, filesys.DirEntry{Name: name, Node: n, Type: filesys.TypeOf(p.nodes[n].Mode)})
		}
	}
	slices.SortFunc(entries, func(a, b filesys.DirEntry) int { return cmp.Compare(a.Name, b.Name) })
	return entries, err
}

func (p *planted) ReadLink(n filesys.Node) (string, error) {
	if c, ok := p.nodes[n]; ok && c.target != "" {
		return c.target, nil
	}
	return p.FS.ReadLink(n)
}

func (p *planted) Open(n filesys.Node) (filesys.File, error) {
	if c, ok := p.nodes[n]; ok {
		return plantedFile{bytes.NewReader([]byte(c.content))}, nil
	}
	return p.FS.Open(n)
}

func (p *planted) Xattrs(n filesys.Node) (map[string][]byte, error) {
	if n >= 1<<40 {
		return nil, nil
	}
	return p.FS.Xattrs(n)
}

// find returns the node at a path that has no links in it, and that of its directory.
func (p *planted) find(t testing.TB, file string) (dir, n filesys.Node) {
	t.Helper()
	n = p.Root()
	for name := range strings.SplitSeq(strings.Trim(file, "/"), "/") {
		dir = n
		var err error
		if n, err = p.Lookup(dir, name); err != nil && name != path.Base(file) {
			t.Fatalf("%s: %v", file, err)
		}
	}
	return dir, n
}

// changed returns the node at a path as one that can be changed.
func (p *planted) changed(t testing.TB, file string, when time.Time) *plantedNode {
	t.Helper()
	_, n := p.find(t, file)
	if c, ok := p.nodes[n]; ok {
		return c
	}
	st, err := p.FS.Stat(n)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	f, err := p.FS.Open(n)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	b, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	st.Change = when
	c := &plantedNode{Stat: st, content: string(b)}
	p.nodes[n] = c
	return c
}

func (c *plantedNode) write(content string, when time.Time) {
	c.content, c.Size, c.Modify, c.Change = content, int64(len(content)), when, when
}

func (p *planted) put(t testing.TB, file string, c *plantedNode) {
	t.Helper()
	dir, _ := p.find(t, file)
	if p.names[dir] == nil {
		p.names[dir] = map[string]filesys.Node{}
	}
	if c == nil {
		p.names[dir][path.Base(file)] = 0
		return
	}
	p.next++
	c.Node, c.Links = p.next, 1
	p.nodes[p.next], p.names[dir][path.Base(file)] = c, p.next
}

// change makes one of the changes that testdata/record-packages.sh makes.
func (p *planted) change(t testing.TB, line string, when time.Time) {
	t.Helper()
	words := strings.Fields(line)
	octal := func(s string) uint32 {
		n, err := strconv.ParseUint(s, 8, 32)
		if err != nil {
			t.Fatal(err)
		}
		return uint32(n)
	}
	switch words[0] {
	case "append":
		c := p.changed(t, words[1], when)
		c.write(c.content+"changed\n", when)
	case "remove":
		p.put(t, words[1], nil)
	case "link":
		p.put(t, words[1], &plantedNode{Stat: filesys.Stat{Mode: modeLink | 0o777, Modify: when, Change: when}, target: words[2]})
	case "chmod":
		c := p.changed(t, words[2], when)
		c.Mode = c.Mode&^permissions | octal(words[1])
	case "new":
		c := &plantedNode{Stat: filesys.Stat{Mode: modeRegular | octal(words[1])}}
		c.write("new\n", when)
		p.put(t, words[2], c)
	case "forge":
		c := p.changed(t, words[2], when)
		was := md5.Sum([]byte(c.content))
		c.write(c.content+"changed\n", when)
		is := md5.Sum([]byte(c.content))
		list := p.changed(t, "/var/lib/dpkg/info/"+words[1]+".md5sums", when)
		forged := strings.Replace(list.content, hex.EncodeToString(was[:]), hex.EncodeToString(is[:]), 1)
		if forged == list.content {
			t.Fatalf("%s has no digest", words[2])
		}
		list.write(forged, when)
	default:
		t.Fatalf("unknown change %q", line)
	}
}
