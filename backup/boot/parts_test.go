package boot_test

import (
	"testing"

	"github.com/guestctl/guestctl/backup/boot"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
)

// TestPartsOfTheRealDisk agrees with what ldd and the menu of the disk say.
func TestPartsOfTheRealDisk(t *testing.T) {
	m := openReal(t, "debian12.raw")
	g := m.Guests[0]
	doc, err := facts.Collect(t.Context(), g, facts.Request{Domains: []string{"boot"}}, engine.Collectors(), 20_000)
	if err != nil {
		t.Fatal(err)
	}
	parts := boot.Parts(t.Context(), m, g, doc)
	for link, want := range map[string]string{
		"/vmlinuz": "kernel", "/initrd.img": "initrd", "/boot/grub/grub.cfg": "boot menu", "/sbin/init": "init",
		"/lib64/ld-linux-x86-64.so.2": "library of every boot", "/lib/x86_64-linux-gnu/libc.so.6": "library of every boot",
		"/usr/lib/x86_64-linux-gnu/systemd/libsystemd-core-252.so": "library of every boot",
		"/bin/sh": "program of every boot", "/sbin/agetty": "program of every boot", "/usr/sbin/nginx": "", "/boot/grub/i386-pc/normal.mod": "boot loader",
	} {
		path, err := g.Resolve(link)
		if err != nil {
			path = link
		}
		if parts[path] != want {
			t.Errorf("%s (%s) is %q, want %q", link, path, parts[path], want)
		}
	}
	if len(parts) < 30 || len(parts) > 200 {
		t.Errorf("%d parts: %v", len(parts), parts)
	}
}
