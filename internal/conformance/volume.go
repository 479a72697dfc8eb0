// Package conformance holds what every implementation of an engine interface must do, whatever bytes it was given.
package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

// Table opens disk with f, which needs one member alone, and checks what must hold for sound and hostile bytes alike: an error of a known
// kind, or volumes inside the disk whose every byte can be asked for, with distinct names, the same at every opening.
func Table(tb testing.TB, f volume.Format, disk *volume.Volume) (*volume.Table, error) {
	tb.Helper()
	t, err := openTwice(tb, f, []*volume.Volume{disk})
	if err != nil {
		return nil, err
	}
	distinct(tb, t)
	for _, v := range t.Volumes {
		switch {
		case v.Name != fmt.Sprintf("p%d", v.Number):
			tb.Errorf("number %d is called %s", v.Number, v.Name)
		case v.Parent != disk:
			tb.Errorf("%s has parent %v, want the disk", v.Name, v.Parent)
		case v.Offset <= 0 || v.Size <= 0 || v.Size > disk.Size-v.Offset:
			tb.Errorf("%s is %d bytes at %d, want it within the %d of the disk", v.Name, v.Size, v.Offset, disk.Size)
		default:
			if err := binread.Fill(v, make([]byte, 1), v.Size-1); err != nil {
				tb.Errorf("last byte of %s: %v", v.Name, err)
			}
		}
	}
	return t, nil
}

// Set opens the members of a set with f and checks what must hold for sound and hostile bytes alike: an error of a known kind, or volumes
// that lie on members, with distinct names, the same at every opening. Every byte can be asked for, or an error of a known kind says why
// it cannot be had; and where a volume says that bytes lie on a member, they do.
func Set(tb testing.TB, f volume.Format, members []*volume.Volume) (*volume.Table, error) {
	tb.Helper()
	t, err := openTwice(tb, f, members)
	if err != nil {
		return nil, err
	}
	distinct(tb, t)
	for _, v := range t.Volumes {
		switch {
		case !slices.Contains(members, v.Parent):
			tb.Errorf("%s has parent %v, want one of the members", v.Name, v.Parent)
		case v.Size <= 0:
			tb.Errorf("%s has %d bytes", v.Name, v.Size)
		case v.Err != nil && !known(v.Err):
			tb.Errorf("%s: error of no known kind: %v", v.Name, v.Err)
		default:
			for _, off := range []int64{0, v.Size / 2, v.Size - 1} {
				located(tb, v, off, members)
			}
		}
	}
	return t, nil
}

// located checks that the bytes of v at off are read from where they lie.
func located(tb testing.TB, v *volume.Volume, off int64, members []*volume.Volume) {
	tb.Helper()
	p, ok := v.Locate(off, 64)
	got, want := make([]byte, max(1, p.Len)), make([]byte, p.Len)
	err := binread.Fill(v, got, off)
	switch {
	case err != nil && !known(err):
		tb.Errorf("%s at %d: error of no known kind: %v", v.Name, off, err)
	case !ok || err != nil:
	case !slices.Contains(members, p.At) || p.Len < 1 || p.Len > 64 || p.Off < 0 || p.Len > p.At.Size-p.Off:
		tb.Errorf("%s at %d lies at %d+%d of %s", v.Name, off, p.Off, p.Len, p.At.Name)
	default:
		if err := binread.Fill(p.At, want, p.Off); err != nil || !bytes.Equal(got, want) {
			tb.Errorf("%s at %d is not what lies at %d of %s: %v", v.Name, off, p.Off, p.At.Name, err)
		}
	}
}

// openTwice opens the members, and wants the same a second time.
func openTwice(tb testing.TB, f volume.Format, members []*volume.Volume) (*volume.Table, error) {
	tb.Helper()
	t, err := f.Open(context.Background(), members, volume.Options{})
	again, err2 := f.Open(context.Background(), members, volume.Options{})
	if diff := cmp.Diff(describe(t, err), describe(again, err2)); diff != "" {
		tb.Fatalf("two openings differ (-first +second):\n%s", diff)
	}
	if err != nil && !known(err) {
		tb.Errorf("error of no known kind: %v", err)
	}
	return t, err
}

func distinct(tb testing.TB, t *volume.Table) {
	tb.Helper()
	names := map[string]bool{}
	for _, v := range t.Volumes {
		if names[v.Name] {
			tb.Errorf("two volumes are called %s", v.Name)
		}
		names[v.Name] = true
	}
}

func known(err error) bool {
	for _, kind := range []error{binread.ErrCorrupt, binread.ErrChecksum, binread.ErrLimit, binread.ErrUnsupported} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// describe is what a person sees of a table.
func describe(t *volume.Table, err error) string {
	if err != nil {
		return err.Error()
	}
	text := fmt.Sprintf("%s %q\n", t.UUID, t.Problems)
	for _, v := range t.Volumes {
		text += fmt.Sprintf("%s %d+%d %q %q %q %v %v\n", v.Name, v.Offset, v.Size, v.Kind, v.UUID, v.Label, v.Active, v.Err)
	}
	return text
}
