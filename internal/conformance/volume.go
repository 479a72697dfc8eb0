// Package conformance holds what every implementation of an engine interface must do, whatever bytes it was given.
package conformance

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

// Table opens disk with f and checks what must hold for sound and hostile bytes alike: an error of a known kind, or
// volumes inside the disk whose every byte can be asked for, with distinct names, the same at every opening.
func Table(tb testing.TB, f volume.Format, disk *volume.Volume) (*volume.Table, error) {
	tb.Helper()
	t, err := f.Open(context.Background(), []*volume.Volume{disk}, volume.Options{})
	again, err2 := f.Open(context.Background(), []*volume.Volume{disk}, volume.Options{})
	if diff := cmp.Diff(describe(t, err), describe(again, err2)); diff != "" {
		tb.Fatalf("two openings differ (-first +second):\n%s", diff)
	}
	if err != nil {
		if !known(err) {
			tb.Errorf("error of no known kind: %v", err)
		}
		return nil, err
	}
	names := map[string]bool{}
	for _, v := range t.Volumes {
		switch {
		case names[v.Name]:
			tb.Errorf("two volumes are called %s", v.Name)
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
		names[v.Name] = true
	}
	return t, nil
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
		text += fmt.Sprintf("%s %d+%d %q %q %q %v\n", v.Name, v.Offset, v.Size, v.Kind, v.UUID, v.Label, v.Active)
	}
	return text
}
