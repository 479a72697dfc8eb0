package image

import (
	"errors"
	"io/fs"
	"slices"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
)

func TestWindowsNames(t *testing.T) {
	for path, want := range map[string][]string{
		`base.vhd`:                   {"base.vhd"},
		`.\base.vhd`:                 {"./base.vhd", "base.vhd"},
		`..\disks\base.vhd`:          {"../disks/base.vhd", "base.vhd"},
		`C:\disks\base.vhd`:          {"base.vhd"},
		`c:base.vhd`:                 {"base.vhd"},
		`\\server\share\base.vhd`:    {"base.vhd"},
		`\\?\Volume{1-2}\x\base.vhd`: {"base.vhd"},
		`/etc/passwd`:                {"passwd"},
		"base.vhd\x00\x00":           {"base.vhd"},
		`disks\`:                     {"disks/"},
		"":                           nil,
		`\`:                          nil,
	} {
		if got := WindowsNames(path); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

// parents stands for the files beside an image: those that exist have an identity.
type parents map[string]string

type identified struct {
	Image
	id     string
	closed *int
}

func (i identified) Close() error { *i.closed++; return nil }

func (i identified) Identity() Identity { return Identity{ID: i.id} }

func TestParentsAreTriedInOrder(t *testing.T) {
	files := parents{"wrong": "another", "right": "it", "also": "it"}
	for _, c := range []struct {
		names  []string
		want   string
		kind   error
		closed int
	}{
		{[]string{"right", "also"}, "right", nil, 0},
		{[]string{"gone", "also"}, "also", nil, 0},
		{[]string{"wrong", "right"}, "right", nil, 1},
		{[]string{"gone", "wrong", "absent"}, "", binread.ErrCorrupt, 1},
		{[]string{"gone"}, "", fs.ErrNotExist, 0},
		{nil, "", binread.ErrCorrupt, 0},
	} {
		closed := 0
		open := func(name, format string) (Image, error) {
			id, ok := files[name]
			if !ok || format != "f" {
				return nil, fs.ErrNotExist
			}
			return WithFile(identified{id: id, closed: &closed}, identified{closed: new(int)}), nil
		}
		_, name, err := OpenParent(open, "f", c.names, func(img Image) error {
			if id, ok := IdentityOf(img); !ok || id.ID != "it" {
				return binread.Corrupt("is %q", id.ID)
			}
			return nil
		})
		if name != c.want || !errors.Is(err, c.kind) || (err == nil) != (c.kind == nil) || closed != c.closed {
			t.Errorf("%q: %q, %v, %d closed, want %q, %v, %d", c.names, name, err, closed, c.want, c.kind, c.closed)
		}
	}
	if _, _, err := OpenParent(nil, "f", []string{"right"}, nil); !errors.Is(err, binread.ErrRefused) {
		t.Errorf("without a rule: %v, want kind %v", err, binread.ErrRefused)
	}
}
