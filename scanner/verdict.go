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

// verdict returns what the engines say of a file: what was kept, where all of them have said it before, or what they say now.
func (w *worker) verdict(ctx context.Context, o *Object) (v verdict, cached bool, err error) {
	key, keeps := w.key(o)
	if keeps {
		if v, ok := w.kept(key); ok {
			return v, true, nil
		}
	}
	if v, err = w.look(ctx, o); err != nil {
		return verdict{}, false, err
	}
	if keeps && !slices.ContainsFunc(v.Unscanned, func(u Unscanned) bool { return u.Reason.passing() }) {
		if b, err := cbor.Marshal(v); err == nil {
			w.Verdicts.Put(key, b)
		}
	}
	return v, false, nil
}

// key names all that a verdict on the file depends on.
func (w *worker) key(o *Object) (key [32]byte, ok bool) {
	if w.Verdicts == nil {
		return key, false
	}
	h := sha256.New()
	sum := o.sum()
	h.Write(sum[:])
	_, _ = fmt.Fprintf(h, "%t %+v\n", w.Archives, w.Limits)
	for _, e := range w.Engines {
		k := e.Key(o)
		if k == "" {
			return key, false
		}
		_, _ = fmt.Fprintf(h, "%q\n", k)
	}
	h.Sum(key[:0])
	return key, true
}

func (w *worker) kept(key [32]byte) (v verdict, ok bool) {
	b, ok := w.Verdicts.Get(key)
	if !ok {
		return v, false
	}
	// Names of a guest are bytes, which need not be UTF-8.
	dec, err := cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid}.DecMode()
	return v, err == nil && dec.Unmarshal(b, &v) == nil
}

// look shows a file, and then its members, to every engine.
func (w *worker) look(ctx context.Context, o *Object) (v verdict, err error) {
	if err := w.show(ctx, o, &v); err != nil {
		return verdict{}, err
	}
	if w.Archives && o.Class == Archive {
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
