package scanner

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// verdict is what engines say of a file and the members in it. It says nothing of the file's path and owner beyond what the keys
// of the engines name, so that it holds for any file with the same content and keys.
type verdict struct {
	Found     []found
	Unscanned []Unscanned // without Path
	Members   int

	size int             // about how many bytes it takes
	told map[string]bool // engines in Unscanned
}

// maxVerdict is about how many bytes of matches and records are taken down of one file: an archive has room for a million of them.
const maxVerdict = 16 << 20

// found is a match in a file, or in a member of it.
type found struct {
	Match  Match
	Member string
	SHA256 string
	Size   int64
	Class  Class
}

// key names all that a verdict on the file depends on.
func (w *worker) key(o *Object) (key [32]byte, ok bool) {
	if w.Store == nil {
		return key, false
	}
	h := sha256.New()
	sum := o.sum()
	h.Write(sum[:])
	_, _ = fmt.Fprintf(h, "%t %+v\n", w.Archives, w.Limits)
	if w.Archives && o.Holds {
		_, _ = fmt.Fprintf(h, "%q\n", o.Name()) // what a compressed file holds has its name
	}
	for _, e := range w.Engines {
		k := e.Key(o)
		if k == "" {
			w.unkept.Store(true)
			return key, false
		}
		_, _ = fmt.Fprintf(h, "%q\n", k)
	}
	h.Sum(key[:0])
	return key, true
}

// kept returns what was kept under the key.
func (w *worker) kept(key [32]byte, keeps bool) (v verdict, ok bool) {
	if !keeps {
		return v, false
	}
	b, ok := w.Store.Get(key)
	return v, ok && unmarshal(b, &v) == nil
}

// keep keeps a verdict, unless the next scan may have more luck.
func (w *worker) keep(key [32]byte, keeps bool, v verdict) {
	if !keeps || slices.ContainsFunc(v.Unscanned, func(u Unscanned) bool { return u.Reason.passing() }) {
		return
	}
	if b, err := cbor.Marshal(v); err == nil {
		w.Store.Put(key, b)
	}
}

// unmarshal reads what was kept. Names of a guest are bytes, which need not be UTF-8.
func unmarshal(b []byte, v any) error {
	dec, err := cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid}.DecMode()
	if err != nil {
		return err
	}
	return dec.Unmarshal(b, v)
}

// look shows a file, and then its members, to every engine.
func (w *worker) look(ctx context.Context, o *Object) (v verdict, err error) {
	if err := w.show(ctx, o, &v); err != nil {
		return verdict{}, err
	}
	if w.Archives && o.Holds {
		err = w.unpack(ctx, o, &v)
	}
	return v, err
}

// show shows one object to every engine.
func (w *worker) show(ctx context.Context, o *Object, v *verdict) error {
	for i, session := range w.sessions {
		matches, err := session.Scan(ctx, o)
		for _, m := range matches {
			v.add(w.Engines[i].Describe().Name, found{m, o.Member, o.SHA256(), int64(len(o.Content)), o.Class})
		}
		if err == nil {
			continue
		}
		var skip *Skip
		if !errors.As(err, &skip) {
			return err
		}
		v.skip(o.Member, w.Engines[i].Describe().Name, skip)
	}
	return ctx.Err()
}

func (v *verdict) add(engine string, f found) {
	if v.size += f.bytes(); v.size > maxVerdict {
		v.skip(f.Member, engine, &Skip{Reason: LimitReached, Detail: "more matches in this file than are told"})
		return
	}
	v.Found = append(v.Found, f)
}

// bytes is about how many bytes a match takes.
func (f *found) bytes() int {
	n := 512 + len(f.Member) + len(f.Match.Rule) + len(f.Match.Description)
	for key, text := range f.Match.Meta {
		n += 32 + len(key) + len(text)
	}
	for i := range f.Match.Strings {
		n += 64 + len(f.Match.Strings[i].Excerpt)
	}
	return n
}

// skip takes down what was not looked into. Where that is too much, one record of each engine stands for the others.
func (v *verdict) skip(member, engine string, skip *Skip) {
	if skip.Member != "" {
		member = skip.Member
	}
	if v.size += 128 + len(member) + len(skip.Detail); v.size > maxVerdict && v.told[engine] {
		return
	}
	if v.told == nil {
		v.told = map[string]bool{}
	}
	v.told[engine] = true
	v.Unscanned = append(v.Unscanned, Unscanned{Member: member, Engine: engine, Reason: skip.Reason, Detail: skip.Detail})
}
