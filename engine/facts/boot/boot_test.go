package boot

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

const (
	cfg = "/boot/grub/grub.cfg"
	env = "/boot/grub/grubenv"
)

func testdata(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func collectFrom(t testing.TB, files map[string]string) (*facts.Boot, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.Boot](t, factstest.Guest(t, factstest.Text(files)), facts.Request{}, Collector)
}

// block is an environment block with the given lines.
func block(lines ...string) string {
	text := envSignature + "\n" + strings.Join(lines, "\n") + "\n"
	return text + strings.Repeat("#", max(0, 1024-len(text)))
}

// words renders the arguments of the default entry.
func words(b *facts.Boot) string {
	e, ok := b.DefaultEntry()
	if !ok {
		return "none"
	}
	var list []string
	for _, a := range e.Args {
		w := a.Key
		if a.Value != "" {
			w += "=" + a.Value
		}
		list = append(list, w)
	}
	return strings.Join(list, " ")
}

// TestDebian runs a grub.cfg as Debian 12 writes it.
func TestDebian(t *testing.T) {
	b, status := collectFrom(t, map[string]string{
		cfg: testdata(t, "grub.cfg"), env: testdata(t, "grubenv"),
		"/boot/vmlinuz-6.1.0-56-cloud-amd64": "", "/boot/initrd.img-6.1.0-56-cloud-amd64": "",
	})
	if status.State != facts.OK {
		t.Fatalf("state is %s: %v", status.State, status.Problems)
	}
	if b.Loader != "grub2" || len(b.Entries) != 3 || b.Default != 0 || b.Why != "set default=0" {
		t.Errorf("got %s, %d entries, default %d, %s", b.Loader, len(b.Entries), b.Default, b.Why)
	}
	line := "linux	/boot/vmlinuz-6.1.0-56-cloud-amd64 root=UUID=1c0ffee0-0000-4000-8000-000000000012 ro console=ttyS0 quiet"
	want := facts.BootEntry{
		Title: "Debian GNU/Linux", ID: "gnulinux-simple-1c0ffee0-0000-4000-8000-000000000012", Kind: "normal",
		Kernel: "/boot/vmlinuz-6.1.0-56-cloud-amd64", Initrd: "/boot/initrd.img-6.1.0-56-cloud-amd64",
		Args: []facts.BootArg{
			{Key: "root", Value: "UUID=1c0ffee0-0000-4000-8000-000000000012"},
			{Key: "ro"},
			{Key: "console", Value: "ttyS0"},
			{Key: "quiet"},
		},
		Source: facts.Source{Path: cfg, Line: 111, Text: line},
	}
	if diff := cmp.Diff(want, b.Entries[0]); diff != "" {
		t.Error("want -, got +\n" + diff)
	}
	if b.Entries[1].Kind != "normal" || b.Entries[2].Kind != "recovery" {
		t.Errorf("kinds are %s, %s", b.Entries[1].Kind, b.Entries[2].Kind)
	}
}

// head is how grub-mkconfig begins with GRUB_DEFAULT=saved.
const head = `if [ -s $prefix/grubenv ]; then
  load_env
fi
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
   set next_entry=
   save_env next_entry
else
   set default="${saved_entry}"
fi
`

const three = head + `
menuentry 'A' --class x --id a { linux /boot/a one }
submenu 'More' --id more {
  menuentry 'B' --id b { linux /boot/b two }
  menuentry "C > D" --id c { linux /boot/c three }
}
menuentry 'E' { chainloader +1; }
menuentry 'F' --id f { linuxefi /boot/f four; initrdefi /boot/fi }
`

func TestDefaultEntry(t *testing.T) {
	for name, c := range map[string]struct {
		env       []string
		want, why string
	}{
		"nothing saved":            {nil, "one", "no default is set: the first"},
		"number":                   {[]string{"saved_entry=3"}, "four", "grubenv saved_entry=3"},
		"number of a submenu":      {[]string{"saved_entry=1"}, "two", "grubenv saved_entry=1: the first"},
		"number in a submenu":      {[]string{"saved_entry=1>1"}, "three", "grubenv saved_entry=1>1"},
		"id":                       {[]string{"saved_entry=f"}, "four", "grubenv saved_entry=f"},
		"title":                    {[]string{"saved_entry=F"}, "four", "grubenv saved_entry=F"},
		"ids of both levels":       {[]string{"saved_entry=more>c"}, "three", "grubenv saved_entry=more>c"},
		"title with a bracket":     {[]string{"saved_entry=More>C >> D"}, "three", "grubenv saved_entry=More>C >> D"},
		"names no entry":           {[]string{"saved_entry=gone"}, "one", "grubenv saved_entry=gone, which names no entry: the first"},
		"number without an entry":  {[]string{"saved_entry=9"}, "one", "grubenv saved_entry=9, which names no entry: the first"},
		"an id within a submenu":   {[]string{"saved_entry=c"}, "one", "grubenv saved_entry=c, which names no entry: the first"},
		"next_entry beats saved":   {[]string{"saved_entry=a", "next_entry=f"}, "four", "grubenv next_entry=f"},
		"an entry without a Linux": {[]string{"saved_entry=2"}, "none", "grubenv saved_entry=2, which starts no Linux kernel"},
	} {
		t.Run(name, func(t *testing.T) {
			b, status := collectFrom(t, map[string]string{cfg: three, env: block(c.env...)})
			if status.State != facts.OK {
				t.Fatalf("state is %s: %v", status.State, status.Problems)
			}
			if got := words(b); got != c.want || b.Why != c.why {
				t.Errorf("got %q because of %q, want %q because of %q", got, b.Why, c.want, c.why)
			}
		})
	}
}

func TestArguments(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"quotes":             {`menuentry a { linux /k 'a b' c="d e" f\ g "h" }`, "a b c=d e f\" \"g h"},
		"last one wins":      {`menuentry a { linux /k apparmor=0 apparmor=1 }`, "apparmor=0 apparmor=1"},
		"variable is split":  {"set opts='ro quiet'\nmenuentry a { linux /k $opts }", "ro quiet"},
		"variable in a word": {"set r=sda1\nmenuentry a { linux /k root=/dev/${r}x ro }", "root=/dev/sda1x ro"},
		"continued line":     {"menuentry a { linux /k ro \\\n  selinux=0\n}", "ro selinux=0"},
		"comment":            {"menuentry a { linux /k ro # selinux=0\n}", "ro"},
		"hash in a word":     {"menuentry a { linux /k ro#x }", "ro#x"},
		"behind a dash-dash": {"menuentry a { linux /k ro -- selinux=0 }", "ro"},
		"single quotes keep": {"menuentry a { linux /k 'a$b\\c' }", `a$b\c`},
		"branch by grubenv":  {"load_env\nmenuentry a { if [ \"${x}\" = 1 ]; then linux /k yes; else linux /k no; fi }", "yes"},
		"nested conditions":  {"load_env\nif [ -n \"$x\" -a ! -f /nowhere ]; then if test $x = 2; then set o=a; elif true; then set o=b; fi; fi\nmenuentry a { linux /k $o }", "b"},
		"function":           {"function f { linux /k wrong\n}\nmenuentry a { f; linux /k right }", "right"},
		"title in quotes":    {"menuentry \"a } b\" { linux /k ro }", "ro"},
		"Xen":                {"menuentry a { multiboot2 /xen dom0_mem=1G\nmodule2 /k ro selinux=0\nmodule2 /initrd }", "ro selinux=0"},
	} {
		t.Run(name, func(t *testing.T) {
			b, status := collectFrom(t, map[string]string{cfg: c.script, env: block("x=1")})
			if status.State != facts.OK {
				t.Fatalf("state is %s: %v", status.State, status.Problems)
			}
			if got := words(b); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestWhatOnlyARunningGRUBKnows(t *testing.T) {
	const firmware = "if [ \"$grub_platform\" = \"efi\" ]; then\n\tmenuentry 'UEFI Firmware Settings' { fwsetup }\nfi\n"
	const entry = "menuentry a { linux /k ro }\n"
	for name, c := range map[string]struct {
		script, want string
		state        facts.State
	}{
		"an entry behind the default":   {entry + firmware, "ro", facts.OK},
		"an entry before the default":   {"set default=1\n" + firmware + entry, "none", facts.Partial},
		"an entry before, and an id":    {"set default=a\n" + firmware + entry, "ro", facts.OK},
		"a default of unknown value":    {"set default=$grub_cpu\n" + entry, "none", facts.Partial},
		"a default set in doubt":        {"if sleep --interruptible 3; then set default=1; fi\n" + entry, "none", facts.Partial},
		"a default set either way":      {"set default=0\nif sleep 3; then set default=0; fi\n" + entry, "ro", facts.OK},
		"an argument of unknown value":  {"probe --set=u --fs-uuid $root\nmenuentry a { linux /k root=UUID=$u }", "root=UUID=", facts.Partial},
		"a kernel in doubt":             {"menuentry a { if keystatus; then linux /k a; else linux /k b; fi }", "b", facts.Partial},
		"the same kernel either way":    {"menuentry a { if keystatus; then linux /k a; else linux /k a; fi }", "a", facts.OK},
		"an included menu in doubt":     {"if keystatus; then source /boot/grub/x.cfg; fi\n" + entry, "none", facts.Partial},
		"an included menu that is gone": {"source /boot/grub/gone.cfg\n" + entry, "ro", facts.Partial},
		"a guarded include":             {"if [ -f $prefix/custom.cfg ]; then source $prefix/custom.cfg; fi\n" + entry, "ro", facts.OK},
	} {
		t.Run(name, func(t *testing.T) {
			b, status := collectFrom(t, map[string]string{cfg: c.script, "/boot/grub/x.cfg": "menuentry x { linux /k x }"})
			if got := words(b); got != c.want || status.State != c.state {
				t.Errorf("got %q, %s (%v), want %q, %s", got, status.State, status.Problems, c.want, c.state)
			}
		})
	}
}

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
		"none":                           {nil, "none", "none", facts.OK},
		"systemd-boot, default pattern":  {loader, "systemd-boot", "b2", facts.OK},
		"systemd-boot, no default":       {with("/boot/loader/loader.conf", ""), "systemd-boot", "b2", facts.OK},
		"systemd-boot, default saved":    {with("/boot/loader/loader.conf", "default @saved\n"), "systemd-boot", "none", facts.OK},
		"systemd-boot, no variables":     {with("/boot/loader/loader.conf", "default a-2.conf\n"), "systemd-boot", "a $x", facts.OK},
		"systemd-boot and a unified one": {with("/boot/EFI/Linux/x.efi", ""), "systemd-boot", "b2", facts.Partial},
		"entries without a loader":       {map[string]string{"/boot/loader/entries/a.conf": "linux /k\noptions ro\n"}, "bls", "ro", facts.OK},
		"extlinux":                       {map[string]string{"/boot/extlinux.conf": ""}, "", "", facts.Unsupported},
		"stub on the EFI partition": {map[string]string{
			"/boot/efi/EFI/debian/grub.cfg": "search.fs_uuid 1c0f root hd0,gpt2 \nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n",
			cfg:                             "menuentry a { linux /k ro }",
		}, "grub2", "ro", facts.OK},
		"stub, /boot is a partition": {map[string]string{
			"/boot/efi/EFI/rocky/grub.cfg": "search --no-floppy --root-dev-only --fs-uuid --set=dev 1c0f\nset prefix=($dev)/grub2\nexport $prefix\nconfigfile $prefix/grub.cfg\n",
			"/boot/grub2/grub.cfg":         "menuentry a { linux /k ro }",
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

func TestDamagedScripts(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"open quote":            {cfg: "menuentry a { linux /k ro }\nmenuentry 'b { linux"},
		"open double quote":     {cfg: "menuentry a { linux /k ro }\nset x=\"$y"},
		"open brace":            {cfg: "menuentry a { linux /k ro }\nmenuentry b { linux /k"},
		"open if":               {cfg: "menuentry a { linux /k ro }\nif true; then linux"},
		"fi alone":              {cfg: "menuentry a { linux /k ro }\nfi\n"},
		"nested too deep":       {cfg: "menuentry a { linux /k ro }\n" + strings.Repeat("submenu x { ", 100_000)},
		"ifs too deep":          {cfg: "menuentry a { linux /k ro }\n" + strings.Repeat("if true; then ", 100_000)},
		"too many words":        {cfg: "menuentry a { linux /k ro }\n" + strings.Repeat("x ", maxTokens)},
		"includes itself":       {cfg: "source $prefix/grub.cfg\nmenuentry a { linux /k ro }"},
		"grubenv is no block":   {cfg: "load_env\nmenuentry a { linux /k ro }", env: "default=1\n"},
		"grubenv read for ever": {cfg: strings.Repeat("load_env\n", 1000) + "menuentry a { linux /k ro }", env: block()},
		"a variable that grows": {cfg: "set a=xxxxxxxx\n" + strings.Repeat("set a=$a$a\n", 40) + "menuentry a { linux /k ro }"},
		"a condition too long":  {cfg: "if [ " + strings.Repeat("a = a -o ", 5000) + "b ]; then set default=1; fi\nmenuentry a { linux /k ro }"},
		"too many entries":      {cfg: strings.Repeat("menuentry a { linux /k ro }\n", maxEntries+1)},
		"problems without end":  {cfg: strings.Repeat("source /x\n", 10_000) + "menuentry a { linux /k ro }"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, status := collectFrom(t, files); status.State != facts.Partial && status.State != facts.Error || len(status.Problems) > maxProblems+1 {
				t.Errorf("state is %s with %d problems, want partial or error", status.State, len(status.Problems))
			}
		})
	}
}

func TestUnreadableConfiguration(t *testing.T) {
	g := factstest.Guest(t, map[string]memfs.File{cfg: {Data: "menuentry a { linux /k ro }", Err: os.ErrPermission}})
	if b, status := factstest.Collect[facts.Boot](t, g, facts.Request{}, Collector); status.State != facts.Partial {
		t.Errorf("got %+v, %s, want partial", b, status.State)
	}
}

func TestBootOnAVolumeThatWasNotRead(t *testing.T) {
	b, status := collectFrom(t, map[string]string{"/etc/fstab": "UUID=77c1 /boot ext4 defaults 0 2\n", cfg: "menuentry a { linux /k ro }"})
	if status.State != facts.Partial || b.Loader != "none" {
		t.Errorf("got %+v, %s (%v), want partial", b, status.State, status.Problems)
	}
}

func FuzzGrubConfig(f *testing.F) {
	f.Add(testdata(f, "grub.cfg"), testdata(f, "grubenv"), "options $kernelopts")
	f.Add(three, block("saved_entry=1>1"), "")
	f.Add(fedora, block("kernelopts=a \"b c\" -- d"), "title x\noptions a$kernelopts ${x} $ -- b\nlinux /k")
	f.Fuzz(func(t *testing.T, script, grubenv, entry string) {
		b, status := collectFrom(t, map[string]string{cfg: script, env: grubenv, entriesDir + "/a-1-1.conf": entry})
		if b == nil && status.State != facts.Error && status.State != facts.Unsupported {
			t.Errorf("no menu, and state %s", status.State)
		}
		if b != nil && (b.Default < -1 || b.Default >= len(b.Entries)) {
			t.Error(fmt.Sprint("default ", b.Default, " of ", len(b.Entries)))
		}
	})
}
