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
}

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
			v.Found = append(v.Found, found{m, o.Member, o.SHA256(), int64(len(o.Content)), o.Class})
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

func (v *verdict) skip(member, engine string, skip *Skip) {
	if skip.Member != "" {
		member = skip.Member
	}
	v.Unscanned = append(v.Unscanned, Unscanned{Member: member, Engine: engine, Reason: skip.Reason, Detail: skip.Detail})
}
