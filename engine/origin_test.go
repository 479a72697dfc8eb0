package engine_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/guest"
)

// origins returns the origin of every file of the image by path, and how many files have none.
func origins(t *testing.T, path string) (all map[string][32]byte, unknown int) {
	t.Helper()
	m, err := engine.Open(t.Context(), []string{path}, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	all = map[string][32]byte{}
	err = m.Guests[0].Walk(t.Context(), "/", func(o guest.Object, err error) error {
		if !o.IsRegular() || o.Size == 0 {
			return err
		}
		name, ok := o.Origin(time.Now().Add(time.Hour))
		if !ok {
			unknown++
			return err
		}
		all[o.Path] = name
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all, unknown
}

const sshd = "/etc/ssh/sshd_config"

// offsetOf is where a text stands on the virtual disk.
func offsetOf(t *testing.T, qemu func(...string), image, text string) int {
	t.Helper()
	raw := image + ".raw"
	qemu("qemu-img", "convert", "-O", "raw", image, raw)
	b, err := os.ReadFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, []byte(text))
	if at < 0 {
		t.Fatalf("%q is nowhere on the disk", text)
	}
	return at
}

// TestAnOverlayHasTheOriginsOfItsBase makes an overlay with qemu-img and changes one cluster of it with qemu-io: only the files in
// that cluster get another origin, through every container.
func TestAnOverlayHasTheOriginsOfItsBase(t *testing.T) {
	for _, tool := range []string{"qemu-img", "qemu-io"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	for _, format := range []string{"raw", "qcow2", "compressed"} {
		t.Run(format, func(t *testing.T) {
			dir := t.TempDir()
			qemu := func(args ...string) {
				t.Helper()
				if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
					t.Fatalf("%v: %v\n%s", args, err, out)
				}
			}
			base, overlay := filepath.Join(dir, "base"), filepath.Join(dir, "overlay.qcow2")
			kind := format
			switch format {
			case "compressed":
				kind = "qcow2"
				qemu("qemu-img", "convert", "-c", "-O", "qcow2", images+"debian12-small.qcow2", base)
			default:
				qemu("qemu-img", "convert", "-O", format, images+"debian12-small.qcow2", base)
			}
			qemu("qemu-img", "create", "-q", "-f", "qcow2", "-o", "cluster_size=512", "-b", "base", "-F", kind, overlay)
			before, none := origins(t, base)
			if len(before) < 10 || none > 0 {
				t.Fatalf("%d files have an origin, %d have none", len(before), none)
			}
			through, _ := origins(t, overlay)
			for path, name := range before {
				if through[path] != name {
					t.Errorf("%s has another origin through an empty overlay", path)
				}
			}
			at := offsetOf(t, qemu, base, "PermitRootLogin") &^ 511
			qemu("qemu-io", "-f", "qcow2", "-c", fmt.Sprintf("write -P 0x23 %d 512", at), overlay)
			again, _ := origins(t, overlay)
			if len(again) != len(before) || again[sshd] == before[sshd] {
				t.Errorf("%d files, want %d; %s has the origin it had before a write to it", len(again), len(before), sshd)
			}
			if again["/etc/passwd"] != before["/etc/passwd"] {
				t.Errorf("/etc/passwd has another origin after a write elsewhere")
			}
			now := time.Now()
			if err := os.Chtimes(base, now, now); err != nil {
				t.Fatal(err)
			}
			if touched, _ := origins(t, base); touched[sshd] == before[sshd] {
				t.Errorf("%s has the same origin in a file that was touched", sshd)
			}
		})
	}
}
