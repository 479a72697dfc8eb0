package engine_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine"
)

// TestContainers converts one disk into each container that qemu-img writes, and wants the same guest in all of them, through an
// overlay that names the container as QEMU does, too.
func TestContainers(t *testing.T) {
	qemu, err := exec.LookPath("qemu-img")
	if err != nil {
		t.Skip("qemu-img is not installed")
	}
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), qemu, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	want := open(t, images+"debian12-small.qcow2")
	for _, c := range []struct{ format, qemu, options string }{
		{"vdi", "vdi", "static=on"},
		{"vdi", "vdi", "static=off"},
		{"vhdx", "vhdx", "subformat=fixed"},
		{"vhdx", "vhdx", "subformat=dynamic,block_size=1M"},
		{"vhd", "vpc", "subformat=fixed,force_size"},
		{"vhd", "vpc", "subformat=dynamic,force_size"},
		{"vmdk", "vmdk", "subformat=monolithicSparse"},
		{"vmdk", "vmdk", "subformat=monolithicFlat"},
		{"vmdk", "vmdk", "subformat=twoGbMaxExtentSparse"},
		{"vmdk", "vmdk", "subformat=twoGbMaxExtentFlat"},
		{"vmdk", "vmdk", "subformat=streamOptimized"},
	} {
		t.Run(c.qemu+","+c.options, func(t *testing.T) {
			dir := t.TempDir()
			disk, overlay := filepath.Join(dir, "disk"), filepath.Join(dir, "overlay")
			run("convert", "-O", c.qemu, "-o", c.options, images+"debian12-small.qcow2", disk)
			run("create", "-q", "-f", "qcow2", "-F", c.qemu, "-b", "disk", overlay)
			for path, format := range map[string]string{disk: c.format, overlay: "qcow2"} {
				m := open(t, path)
				if got := m.Disks[0].Description().Format; got != format {
					t.Errorf("format %s, want %s", got, format)
				}
				if diff := cmp.Diff(contents(want), contents(m)); diff != "" {
					t.Errorf("%s: volumes (-want +got):\n%s", filepath.Base(path), diff)
				}
			}
		})
	}
}

func contents(m *engine.Machine) string {
	var all strings.Builder
	for _, v := range m.Volumes {
		all.WriteString(v.Name + "=" + v.Content + " ")
	}
	for _, g := range m.Guests {
		all.WriteString(g.Root.Device)
	}
	return all.String()
}
