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
