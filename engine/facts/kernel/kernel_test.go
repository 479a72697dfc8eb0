package kernel

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// bzImage is an image whose header says version.
func bzImage(version string) memfs.File {
	b := make([]byte, 0x400)
	copy(b[0x202:], "HdrS")
	b[0x20e], b[0x20f] = 0x00, 0x01 // 0x200 + 0x100
	copy(b[0x300:], version)
	return memfs.File{Data: string(b)}
}

func TestKernels(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]memfs.File
		want  []facts.Kernel
		state facts.State
	}{
		"none": {nil, []facts.Kernel{}, facts.OK},
		"Debian, two kernels": {
			map[string]memfs.File{
				"/lib":                  {Link: "usr/lib"},
				"/boot/vmlinuz-6.1.0-1": {}, "/usr/lib/modules/6.1.0-1/modules.dep": {},
				"/boot/vmlinuz-6.1.0-2": {}, "/usr/lib/modules/6.1.0-2/kernel/x.ko": {},
				"/usr/lib/modules/6.0.0/extra/left.ko": {},
			},
			[]facts.Kernel{
				{Release: "6.1.0-1", Image: "/boot/vmlinuz-6.1.0-1", Modules: "/lib/modules/6.1.0-1"},
				{Release: "6.1.0-2", Image: "/boot/vmlinuz-6.1.0-2", Modules: "/lib/modules/6.1.0-2"},
			},
			facts.OK,
		},
		"Fedora: image beside its modules, and a rescue copy": {
			map[string]memfs.File{"/lib": {Link: "usr/lib"}, "/usr/lib/modules/6.8.fc40/vmlinuz": {}, "/boot/vmlinuz-0-rescue-0a1b": {}},
			[]facts.Kernel{{Release: "6.8.fc40", Image: "/usr/lib/modules/6.8.fc40/vmlinuz", Modules: "/lib/modules/6.8.fc40"}},
			facts.OK,
		},
		"Alpine: the header says the release": {
			map[string]memfs.File{"/boot/vmlinuz-lts": bzImage("6.6.31-0-lts (buildozer@build) #1"), "/lib/modules/6.6.31-0-lts/modules.dep": {}},
			[]facts.Kernel{{Release: "6.6.31-0-lts", Image: "/boot/vmlinuz-lts", Modules: "/lib/modules/6.6.31-0-lts"}},
			facts.OK,
		},
		"image without modules": {
			map[string]memfs.File{"/boot/vmlinuz-5.4": {Data: "not a bzImage"}},
			[]facts.Kernel{{Release: "5.4", Image: "/boot/vmlinuz-5.4"}},
			facts.OK,
		},
		"header that points past the end": {
			map[string]memfs.File{"/boot/vmlinuz-5.4": {Data: bzImage("x").Data[:0x210]}},
			[]facts.Kernel{{Release: "5.4", Image: "/boot/vmlinuz-5.4"}},
			facts.OK,
		},
		"unreadable image": {
			map[string]memfs.File{"/boot/vmlinuz-5.4": {Data: bzImage("x").Data, Err: errors.New("bad sector")}},
			[]facts.Kernel{{Release: "5.4", Image: "/boot/vmlinuz-5.4"}},
			facts.Partial,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.Kernels](t, factstest.Guest(t, c.files), facts.Request{}, Collector)
			if status.State != c.state {
				t.Fatalf("state is %s (%v), want %s", status.State, status.Problems, c.state)
			}
			if diff := cmp.Diff(c.want, got.Installed, cmpopts.EquateEmpty()); diff != "" {
				t.Error("want -, got +\n" + diff)
			}
		})
	}
}
