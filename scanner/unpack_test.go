package scanner_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
	"github.com/guestctl/guestctl/scanner"
)

// in is a file for an archive.
type in struct{ name, content string }

func zipped(t testing.TB, files ...in) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.Create(f.name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, f.content)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func tarred(t testing.TB, files ...in) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.content))}); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, f.content)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func gzipped(t testing.TB, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, content)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// open scans one archive, and returns what of its members was shown: "member class content".
func open(t testing.TB, name, content string, opts scanner.Options) (*scanner.Result, []string) {
	t.Helper()
	opts.Archives = true
	r, shown := run(t, map[string]memfs.File{"/" + name: {Data: content}}, opts)
	var members []string
	for _, s := range shown {
		if m, ok := strings.CutPrefix(s, "/"+name+"!/"); ok {
			members = append(members, m)
		}
	}
	return r, members
}

func TestMembersAreShownWithTheirPlace(t *testing.T) {
	inner := gzipped(t, tarred(t, in{"b/c.sh", "#!/bin/sh\nevil\n"}, in{"../up", "one up"}, in{"/abs", "two"}))
	content := tarred(t, in{"x.zip", zipped(t, in{"a.tar.gz", inner}, in{"dir/", ""}, in{"page.php.gz", gzipped(t, "<?php evil")})})
	r, shown := open(t, "outer.tar", content, scanner.Options{})
	var got []string
	for _, s := range shown {
		place, class, _ := strings.Cut(s, " ")
		class, _, _ = strings.Cut(class, " ")
		got = append(got, place+" "+class)
	}
	want := []string{
		"x.zip archive", "x.zip!/a.tar.gz archive", "x.zip!/a.tar.gz!/../up text", "x.zip!/a.tar.gz!//abs text", "x.zip!/a.tar.gz!/b/c.sh script",
		"x.zip!/page.php.gz archive", "x.zip!/page.php.gz!/page.php script",
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	found := []string{"/outer.tar|x.zip!/a.tar.gz!/b/c.sh|evil", "/outer.tar|x.zip!/page.php.gz!/page.php|evil"}
	for _, h := range found {
		if !slices.Contains(hits(r), h) {
			t.Errorf("hits %q, want %q", hits(r), h)
		}
	}
	if r.Stats.Members != 7 || !r.Complete() || slices.ContainsFunc(shown, func(s string) bool { return strings.Contains(s, "(does not stand") }) {
		t.Errorf("statistics %+v, records %q, shown %q", r.Stats, unscanned(r), shown)
	}
}

func TestArchivesAreOpenedOnlyWhenAsked(t *testing.T) {
	r, shown := run(t, map[string]memfs.File{"/a.zip": {Data: zipped(t, in{"a", "evil"})}}, scanner.Options{})
	if len(shown) != 1 || r.Stats.Members != 0 {
		t.Errorf("shown %q", shown)
	}
}

func TestArchiveBehindAProgramIsOpened(t *testing.T) {
	for _, program := range []string{"#!/usr/bin/env python3\n", "\x7fELF" + strings.Repeat("\x00", 500), "MZ" + strings.Repeat("\x00", 500)} {
		_, shown := open(t, "app", program+zipped(t, in{"main.py", "evil"}), scanner.Options{})
		if !slices.Equal(shown, []string{"main.py text evil"}) {
			t.Errorf("%.5q: shown %q", program, shown)
		}
	}
}

// TestEnginesKnowWhatHoldsFiles has an engine with other rules for what stands in an archive: a verdict on a program with one at its
// end is not kept for these other rules.
func TestEnginesKnowWhatHoldsFiles(t *testing.T) {
	s := &store{}
	rules := "1"
	key := func(o *scanner.Object) string {
		if o.Holds {
			return "rules for all, " + rules
		}
		return "rules for " + string(o.Class)
	}
	for _, want := range []int{1, 0, 1} {
		_, shown := open(t, "app", "\x7fELF"+zipped(t, in{"main.py", "evil"}), scanner.Options{Store: s, Engines: []scanner.Engine{&fake{key: key}}})
		if len(shown) != want {
			t.Errorf("rules %s: shown %q, want %d members", rules, shown, want)
		}
		if want == 0 {
			rules = "2"
		}
	}
}

func TestMembersOnBothSidesOfTheMemory(t *testing.T) {
	var files []in
	for i, n := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 3 << 20, 5} {
		files = append(files, in{fmt.Sprintf("f%d", i), strings.Repeat("x", n)})
	}
	for name, content := range map[string]string{"t.tar": tarred(t, files...), "t.zip": zipped(t, files...)} {
		_, shown := open(t, name, content, scanner.Options{Limits: scanner.Limits{Ratio: 10_000}})
		for i, f := range files {
			if want := f.name + " text " + f.content; i >= len(shown) || shown[i] != want {
				t.Fatalf("%s: member %s of %d bytes is not shown as it is", name, f.name, len(f.content))
			}
		}
	}
}

func TestLimitsOfArchivesAreRecords(t *testing.T) {
	many := make([]in, 30)
	for i := range many {
		many[i] = in{fmt.Sprintf("m%02d", i), "x"}
	}
	zeros := strings.Repeat("\x00", 12<<20)
	for name, test := range map[string]struct {
		content string
		limits  scanner.Limits
		shown   int
		want    []string
	}{
		"members": {
			zipped(t, many...), scanner.Limits{Members: 20}, 20, []string{"/a limit: more than 20 members: the rest was not looked into"},
		},
		"members of archives in it": {
			tarred(t, in{"1", "x"}, in{"in.zip", zipped(t, many...)}, in{"2", "evil"}),
			scanner.Limits{Members: 20},
			20,
			[]string{"/a!/in.zip limit: more than 20 members: the rest was not looked into"},
		},
		"bytes": {
			tarred(t, in{"1", zeros[:1<<20]}, in{"2", zeros[:1<<20]}, in{"3", "evil"}),
			scanner.Limits{Unpacked: 3 << 19},
			2,
			[]string{"/a limit: unpacks to more than 1572864 bytes: the rest was not looked into"},
		},
		"ratio": {
			gzipped(t, zeros), scanner.Limits{}, 1, []string{"/a limit: unpacks to more than 200 times its size: the rest was not looked into"},
		},
		"time": {
			zipped(t, many...),
			scanner.Limits{ArchiveTime: time.Nanosecond},
			0,
			[]string{"/a timeout: the time for opening it was over: the rest was not looked into"},
		},
		"time of the engines": {
			zipped(t, in{"1", "x"}, in{"in.zip", zipped(t, many...)}),
			scanner.Limits{MembersTime: time.Nanosecond},
			1,
			[]string{"/a timeout: the time for opening it was over: the rest was not looked into"},
		},
		"a large member, and those beside it": {
			tarred(t, in{"1", "x"}, in{"2", strings.Repeat("x", 1<<20)}, in{"3", "evil"}), scanner.Limits{FileSize: 1<<20 + 9000}, 3, nil,
		},
		"a member that is too large, in a tar": {
			gzipped(t, tarred(t, in{"1", "x"}, in{"2", strings.Repeat("x", 1<<20)}, in{"3", "evil"})),
			scanner.Limits{FileSize: 1<<20 - 1},
			2,
			[]string{"/a!/2 too_large: more than 1048575 bytes"},
		},
		"a member that is too large, in a zip": {
			zipped(t, in{"1", "x"}, in{"2", strings.Repeat("x", 1<<20)}, in{"3", "evil"}),
			scanner.Limits{FileSize: 1<<20 - 1},
			2,
			[]string{"/a!/2 too_large: more than 1048575 bytes"},
		},
		"members that are too large take nothing of the other limits": {
			zipped(t, in{"1", zeros[:1<<20]}, in{"2", zeros[:1<<20]}, in{"3", "evil"}),
			scanner.Limits{FileSize: 1<<20 - 1, Unpacked: 1 << 20},
			1,
			[]string{"/a!/1 too_large: more than 1048575 bytes", "/a!/2 too_large: more than 1048575 bytes"},
		},
		"a compressed file that is too large": {
			gzipped(t, zeros[:1<<20]), scanner.Limits{FileSize: 1<<20 - 1}, 0, []string{"/a!/a too_large: more than 1048575 bytes"},
		},
	} {
		r, shown := open(t, "a", test.content, scanner.Options{Limits: test.limits})
		if diff := cmp.Diff(test.want, unscanned(r)); diff != "" || len(shown) != test.shown {
			t.Errorf("%s: shown %d, want %d; records (-want +got):\n%s", name, len(shown), test.shown, diff)
		}
	}
}

func TestArchivesInEachOtherAreOpenedFiveDeep(t *testing.T) {
	content := "evil"
	for range scanner.MaxNesting {
		content = zipped(t, in{"a", content})
	}
	r, _ := open(t, "z", content, scanner.Options{})
	if got := hits(r); !r.Complete() || !slices.Equal(got, []string{"/z|a!/a!/a!/a!/a|evil"}) {
		t.Errorf("hits %q, records %q", got, unscanned(r))
	}
	r, _ = open(t, "z", zipped(t, in{"a", content}), scanner.Options{})
	want := []string{"/z!/a!/a!/a!/a!/a limit: more than 5 archives in each other"}
	if diff := cmp.Diff(want, unscanned(r)); diff != "" || len(r.Hits) > 0 {
		t.Errorf("hits %q, records (-want +got):\n%s", hits(r), diff)
	}
}

func TestArchivesThatAreManyTimesInEachOtherEnd(t *testing.T) {
	content := "x"
	for range 4 {
		files := make([]in, 40)
		for i := range files {
			files[i] = in{strconv.Itoa(i), content}
		}
		content = zipped(t, files...)
	}
	r, shown := open(t, "z", content, scanner.Options{Limits: scanner.Limits{Members: 2000}})
	if len(shown) != 2000 || r.Stats.Skipped["limit"] != 1 {
		t.Errorf("%d members were shown, want 2000; records %q", len(shown), unscanned(r))
	}
}

func TestDamagedMembersAreShownAsFarAsTheyGo(t *testing.T) {
	noise := make([]byte, 200_000)
	for i := range noise {
		noise[i] = byte(i * i >> 7)
	}
	whole := tarred(t, in{"1", "evil one"}, in{"2", "evil two" + string(noise)})
	packed := gzipped(t, whole)
	for name, content := range map[string]string{
		"a.tar": whole[:len(whole)/2], "a.tar.gz": packed[:len(packed)/2], "b.gz": gzipped(t, "evil"+string(noise))[:20_000],
	} {
		r, shown := open(t, name, content, scanner.Options{})
		found := slices.DeleteFunc(hits(r), func(h string) bool { return strings.Contains(h, "||") })
		if len(found) != len(shown) || len(shown) == 0 || r.Stats.Skipped["damaged"] == 0 {
			t.Errorf("%s: hits %q in %d members, records %q", name, hits(r), len(shown), unscanned(r))
		}
	}
}

func TestSkipsOfEnginesNameTheMember(t *testing.T) {
	f := &fake{scan: func(o *scanner.Object) error {
		if o.Member == "in.zip!/b" {
			return &scanner.Skip{Reason: scanner.TimedOut}
		}
		return nil
	}}
	r, _ := open(t, "a.zip", zipped(t, in{"in.zip", zipped(t, in{"b", "1"})}, in{"c", "2"}), scanner.Options{Engines: []scanner.Engine{f}})
	want := []scanner.Unscanned{{Path: "/a.zip", Member: "in.zip!/b", Engine: "fake", Reason: scanner.TimedOut}}
	if diff := cmp.Diff(want, r.Unscanned); diff != "" || r.Stats.Members != 3 {
		t.Errorf("%d members, records (-want +got):\n%s", r.Stats.Members, diff)
	}
}

func TestAnEngineThatFailsOnAMemberEndsTheScan(t *testing.T) {
	broken := errors.New("broken")
	f := &fake{scan: func(o *scanner.Object) error {
		if o.Member != "" {
			return broken
		}
		return nil
	}}
	g := factstest.Guest(t, map[string]memfs.File{"/a.zip": {Data: zipped(t, in{"a", "x"})}})
	if _, err := scanner.Run(context.Background(), g, scanner.Options{Engines: []scanner.Engine{f}, Archives: true}); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

func TestKeptVerdictsOfArchivesHaveTheirMembers(t *testing.T) {
	s := &store{}
	content := zipped(t, in{"a\xff", "evil"}, in{"b.gz", gzipped(t, "evil")[:15]})
	scan := func(name string) *scanner.Result {
		r, _ := open(t, name, content, scanner.Options{Store: s, Engines: []scanner.Engine{&fake{key: func(*scanner.Object) string { return "k" }}}})
		return r
	}
	first, second := scan("a.zip"), scan("a.zip")
	if !slices.Equal(hits(first), hits(second)) || !slices.Equal(unscanned(first), unscanned(second)) || second.Stats.Cached != 2 ||
		second.Stats.Members != first.Stats.Members || len(first.Hits) == 0 {
		t.Errorf("first %q %q, second %q %q %+v", hits(first), unscanned(first), hits(second), unscanned(second), second.Stats)
	}
	packed := gzipped(t, "evil")
	for _, name := range []string{"one.gz", "two.gz"} { // the same content, whose member is named after the file
		r, _ := open(t, name, packed, scanner.Options{Store: s, Engines: []scanner.Engine{&fake{key: func(*scanner.Object) string { return "k" }}}})
		if want := []string{"/" + name + "|" + strings.TrimSuffix(name, ".gz") + "|evil"}; !slices.Equal(hits(r)[1:], want) {
			t.Errorf("hits %q, want %q beside the file", hits(r), want)
		}
	}
}

func TestMembersAreAllowedByTheirDigest(t *testing.T) {
	o := scanner.Object{Content: []byte("evil")}
	r, _ := open(t, "a.zip", zipped(t, in{"a", "evil"}), scanner.Options{Allowed: map[string]bool{o.SHA256(): true}})
	if len(r.Hits) > 0 {
		t.Errorf("hits %q", hits(r))
	}
}

// TestBombsOfTheGoLibrary opens the files that its tests of archive/zip have: the zip of Russ Cox that is its own only member, and one
// that holds 4 GiB of zeros, three archives deep.
func TestBombsOfTheGoLibrary(t *testing.T) {
	for name, want := range map[string]string{
		"itself.zip":  "/x!/r/r.zip!/r/r.zip!/r/r.zip!/r/r.zip!/r/r.zip limit: more than 5 archives in each other",
		"biggest.zip": "/x!/bigger.zip!/big.zip limit: unpacks to more than 200 times its size: the rest was not looked into",
	} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		r, _ := open(t, "x", string(b), scanner.Options{Limits: scanner.Limits{FileSize: 4 << 30}})
		if diff := cmp.Diff([]string{want}, unscanned(r)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
