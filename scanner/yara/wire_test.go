//go:build linux && cgo && !noyara

package yara

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/guestctl/guestctl/scanner"
)

func FuzzDecodeRequest(f *testing.F) {
	for _, r := range []request{
		{1, 0, 0, 0, nil}, {1 << 31, 1, scanner.Depths - 1, 1 << 40, []string{"a.sh", "/srv/a.sh"}}, {2, 2, 0, 5, nil}, {3, 0, scanner.Depths, 5, nil},
	} {
		f.Add(appendRequest(nil, r)[headSize:])
	}
	f.Add([]byte{1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, body []byte) {
		var r request
		if decodeRequest(body, &r, []int{0, 2}) != nil {
			return
		}
		if r.set > 1 || r.depth >= scanner.Depths || len(r.values) != 2*r.set {
			t.Fatalf("%+v", r)
		}
		if again := appendRequest(nil, r)[headSize:]; !bytes.Equal(again, body) {
			t.Errorf("%x became %x", body, again)
		}
	})
}

func FuzzDecodeHits(f *testing.F) {
	f.Add(appendHit(nil, hit{0, []place{{0, 5, 3}}}), int64(8))
	f.Add(appendHit(appendHit(nil, hit{rule: 1}), hit{0, []place{{1, 0, 0}, {0, 1, 1}}}), int64(2))
	f.Add(appendHit(nil, hit{0, []place{{0, 6, 3}}}), int64(8))
	f.Add([]byte{0, 0, 0, 0, 255}, int64(1))
	table := []rule{{Name: "a", Strings: []string{"$a", "$b"}}, {Name: "b"}}
	f.Fuzz(func(t *testing.T, body []byte, size int64) {
		if size < 0 || size > 1<<20 {
			return
		}
		hits, err := decodeHits(body, table, size)
		if err != nil {
			return
		}
		s := &set{Table: table, matches: make([]scanner.Match, len(table))}
		s.found(&scanner.Object{Content: make([]byte, size)}, hits) // must find every place
		var again []byte
		for _, h := range hits {
			again = appendHit(again, h)
		}
		if !bytes.Equal(again, body) {
			t.Errorf("%x became %x", body, again)
		}
	})
}

// FuzzDecodeResult is about what a worker says that compiled the rules of a user.
func FuzzDecodeResult(f *testing.F) {
	for _, r := range []compileResult{
		{Rules: []byte("x"), Table: []rule{{File: 0, Name: "a", Meta: []meta{{"score", "5"}}, Strings: []string{"$a"}}}},
		{Failed: []remark{{File: 1, Line: 3, Text: "bad"}}},
		{Notes: []remark{{File: -1}}},
		{},
	} {
		b, err := cbor.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	files := []file{{name: "a"}, {name: "b"}}
	job := compileJob{Files: []compileFile{{Number: 0}, {Number: 1}}}
	f.Fuzz(func(_ *testing.T, body []byte) {
		r, err := decodeResult(body)
		if err != nil || r.check(job) != nil {
			return
		}
		(&set{Table: r.Table, Files: []int{0, 1}}).prepare(files)
		for _, m := range append(r.Failed, r.Notes...) {
			_ = m.problem(files).String()
		}
	})
}

func TestRequestIsWhatWasAsked(t *testing.T) {
	want := request{7, 1, 3, 1 << 33, []string{"", "/srv/\xff"}}
	var got request
	if err := decodeRequest(appendRequest(nil, want)[headSize:], &got, []int{0, 2}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}
