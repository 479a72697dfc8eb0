package boot

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
)

const fedora = head + `if [ -z "${kernelopts}" ]; then
  set kernelopts="root=/dev/fallback ro "
fi
insmod blscfg
blscfg
`

func bls(title, options string) string {
	return "title " + title + "\nversion x\nlinux /vmlinuz\ninitrd /initramfs.img $tuned_initrd\n" + options + "grub_class kernel\n"
}

func TestBLS(t *testing.T) {
	const id = "0a1b2c3d4e5f60718293a4b5c6d7e8f9-"
	dir := entriesDir + "/" + id
	files := map[string]string{
		"/boot/grub2/grub.cfg":             fedora,
		dir + "5.14.0-70.el9.x86_64.conf":  bls("old", "options $kernelopts $tuned_params\n"),
		dir + "5.14.0-503.el9.x86_64.conf": bls("new", "options root=/dev/new ro enforcing=0\n"),
		dir + "5.14.0-503~rc.el9.conf":     bls("none", ""),
		dir + "0-rescue.conf":              bls("Rocky (0-rescue)", "options root=/dev/x\noptions single\n"),
		entriesDir + "/.hidden.conf":       bls("hidden", ""),
		entriesDir + "/note.txt":           "",
		"/boot/vmlinuz":                    "",
	}
	for name, c := range map[string]struct{ env, want, title string }{
		"newest by rpm's order":   {block(), "root=/dev/new ro enforcing=0", "new"},
		"saved by id":             {block("saved_entry="+id+"5.14.0-70.el9.x86_64", "kernelopts=root=/dev/a selinux=0"), "root=/dev/a selinux=0", "old"},
		"kernelopts of grub.cfg":  {block("saved_entry=old"), "root=/dev/fallback ro", "old"},
		"tuned":                   {block("saved_entry=2", "tuned_params=isolcpus=1"), "root=/dev/fallback ro isolcpus=1", "old"},
		"rescue, several options": {block("saved_entry=3"), "root=/dev/x single", "Rocky (0-rescue)"},
	} {
		t.Run(name, func(t *testing.T) {
			all := map[string]string{"/boot/grub2/grubenv": c.env}
			for path, text := range files {
				all[path] = text
			}
			b, status := collectFrom(t, all)
			if status.State != facts.OK || len(b.Entries) != 4 {
				t.Fatalf("state is %s (%v), %d entries", status.State, status.Problems, len(b.Entries))
			}
			if got := words(b); got != c.want || b.Entries[b.Default].Title != c.title || b.Entries[b.Default].Kernel != "/boot/vmlinuz" {
				t.Errorf("got %q of %+v, want %q of %s", got, b.Entries[b.Default], c.want, c.title)
			}
		})
	}
}

func TestArgumentsKnowWhereTheyStand(t *testing.T) {
	b, _ := collectFrom(t, map[string]string{
		"/boot/grub2/grub.cfg": fedora, "/boot/grub2/grubenv": block("kernelopts=ro selinux=0"),
		entriesDir + "/m-1-1.conf": bls("x", "options quiet $kernelopts\n"),
	})
	e, _ := b.DefaultEntry()
	if want := (facts.Source{Path: entriesDir + "/m-1-1.conf", Line: 5, Text: "options quiet $kernelopts"}); e.Source != want {
		t.Errorf("entry comes from %+v, want %+v", e.Source, want)
	}
	if quiet, _ := e.Arg("quiet"); quiet.Source != nil {
		t.Errorf("quiet comes from %+v, want the entry's line", quiet.Source)
	}
	selinux, _ := e.Arg("selinux")
	if want := (facts.Source{Path: "/boot/grub2/grubenv", Line: 2, Text: "kernelopts=ro selinux=0"}); selinux.Source == nil || *selinux.Source != want {
		t.Errorf("selinux comes from %+v, want %+v", selinux.Source, want)
	}
}

func TestOtherLoaders(t *testing.T) {
	loader := map[string]string{
		"/boot/loader/loader.conf":      "timeout 3\ndefault b-*\n",
		"/boot/loader/entries/a-2.conf": "title A\nversion 2\nlinux /k\noptions a $x\n",
		"/boot/loader/entries/b-1.conf": "title B1\nversion 1\nlinux /k\noptions b1\n",
		"/boot/loader/entries/b-2.conf": "title B2\nversion 2\nlinux /k\noptions b2\n",
	}
	with := func(more ...string) map[string]string {
		files := map[string]string{}
		for path, text := range loader {
			files[path] = text
		}
		for i := 0; i < len(more); i += 2 {
			files[more[i]] = more[i+1]
		}
		return files
	}
	for name, c := range map[string]struct {
		files        map[string]string
		loader, want string
		state        facts.State
	}{
		"none":                              {nil, "none", "none", facts.OK},
		"systemd-boot, default pattern":     {loader, "systemd-boot", "b2", facts.OK},
		"systemd-boot, no default":          {with("/boot/loader/loader.conf", ""), "systemd-boot", "b2", facts.OK},
		"systemd-boot, default saved":       {with("/boot/loader/loader.conf", "default @saved\n"), "systemd-boot", "none", facts.OK},
		"systemd-boot, no variables":        {with("/boot/loader/loader.conf", "default a-2.conf\n"), "systemd-boot", "a $x", facts.OK},
		"systemd-boot and an image cut off": {with("/boot/EFI/Linux/x.efi", ""), "systemd-boot", "b2", facts.Partial},
		"entries without a loader":          {map[string]string{"/boot/loader/entries/a.conf": "linux /k\noptions ro\n"}, "bls", "ro", facts.OK},
		"extlinux without an entry":         {map[string]string{"/boot/extlinux.conf": ""}, "extlinux", "none", facts.OK},
		"stub on the EFI partition": {map[string]string{
			"/boot/efi/EFI/debian/grub.cfg": "search.fs_uuid 1c0f root hd0,gpt2 \nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n",
			cfg:                             "menuentry a { linux /k ro }",
		}, "grub2", "ro", facts.OK},
		"stub, /boot is a partition": {map[string]string{
			"/boot/efi/EFI/rocky/grub.cfg": "search --no-floppy --root-dev-only --fs-uuid --set=dev 1c0f\nset prefix=($dev)/grub2\nexport $prefix\nconfigfile $prefix/grub.cfg\n",
			"/boot/grub2/grub.cfg":         "menuentry a { linux /k ro }",
		}, "grub2", "ro", facts.OK},
		"stub, and a menu that looks beside it": {map[string]string{
			"/boot/efi/EFI/debian/grub.cfg": "search.fs_uuid 1c0f root hd0,gpt2 \nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n",
			cfg:                             "menuentry a { linux /k ro }\nif [ -z \"${config_directory}\" -a -f $prefix/custom.cfg ]; then source $prefix/custom.cfg; fi",
		}, "grub2", "ro", facts.OK},
		"two menus that agree":    {map[string]string{cfg: "menuentry a { linux /k ro }", "/boot/efi/EFI/x/grub.cfg": "menuentry b { linux /k ro }"}, "grub2", "ro", facts.OK},
		"two menus that disagree": {map[string]string{cfg: "menuentry a { linux /k ro }", "/boot/efi/EFI/x/grub.cfg": "menuentry b { linux /k ro selinux=0 }"}, "grub2", "ro", facts.Partial},
	} {
		t.Run(name, func(t *testing.T) {
			b, status := collectFrom(t, c.files)
			if status.State != c.state {
				t.Fatalf("state is %s (%v), want %s", status.State, status.Problems, c.state)
			}
			if b != nil && (b.Loader != c.loader || words(b) != c.want) {
				t.Errorf("got %s, %q (%s), want %s, %q", b.Loader, words(b), b.Why, c.loader, c.want)
			}
		})
	}
}
