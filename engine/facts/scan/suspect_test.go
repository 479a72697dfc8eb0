package scan

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/memfs"
)

// TestTemporaryPrograms: what find(1) prints with -perm /111, and files that begin as programs and scripts do.
func TestTemporaryPrograms(t *testing.T) {
	for name, c := range map[string]struct {
		path string
		file memfs.File
		want string
	}{
		"a program":                       {"/tmp/a/b/x", memfs.File{Data: "\x7fELF\x02\x01", Mode: 0o755}, "elf 0755"},
		"a library":                       {"/var/tmp/x.so", memfs.File{Data: "\x7fELF"}, "elf 0644"},
		"a script":                        {"/dev/shm/x", memfs.File{Data: "#!"}, "script 0644"},
		"executable and empty":            {"/run/x", memfs.File{Mode: 0o100}, " 0100"},
		"executable for others":           {"/tmp/x", memfs.File{Data: "x", Mode: 0o601}, " 0601"},
		"under a mount of the kernel":     {"/sys/x", memfs.File{Mode: 0o755}, " 0755"},
		"text":                            {"/tmp/x", memfs.File{Data: "# no script\n"}, ""},
		"shorter than any mark":           {"/tmp/x", memfs.File{Data: "\x7f"}, ""},
		"a link to a program":             {"/tmp/x", memfs.File{Link: "/bin/sh"}, ""},
		"a directory":                     {"/tmp/x", memfs.Dir(), ""},
		"a device":                        {"/dev/sda", memfs.File{Mode: filesys.ModeBlock | 0o777}, ""},
		"a program elsewhere":             {"/usr/bin/x", memfs.File{Data: "\x7fELF", Mode: 0o755}, ""},
		"a directory that begins like it": {"/tmpfs/x", memfs.File{Mode: 0o755}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			found, status := collectScan(t, accounts(map[string]memfs.File{c.path: c.file}))
			got := ""
			for _, p := range found.TemporaryPrograms {
				got += p.Content + " " + p.Mode
				if p.Path != c.path || p.Package != nil {
					t.Errorf("%+v", p)
				}
			}
			if got != c.want || status.State != facts.OK || found.Counts["temporary_programs"] != len(found.TemporaryPrograms) {
				t.Errorf("%q, want %q (%s)", got, c.want, status.State)
			}
		})
	}
}

func TestTheTimeOfAProgram(t *testing.T) {
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.FixedZone("", 3600))
	found, _ := collectScan(t, accounts(map[string]memfs.File{"/tmp/x": {Mode: 0o755, Modify: at}}))
	if got := found.TemporaryPrograms[0].Modified; got != "2026-11-01T11:00:00Z" {
		t.Error(got)
	}
}

func TestDeceptiveNames(t *testing.T) {
	dir, file, program := memfs.Dir(), memfs.File{}, memfs.File{Mode: 0o755}
	for name, c := range map[string]struct {
		path string
		file memfs.File
		want string
	}{
		"three dots":                        {"/srv/...", dir, "dots"},
		"a file of four":                    {"/srv/....", file, "dots"},
		"dots and a blank":                  {"/home/bob/.. ", dir, "dots"},
		"a blank":                           {"/srv/ ", file, "dots"},
		"a no-break space":                  {"/srv/\u00a0", dir, "dots"},
		"dots that are not seen between":    {"/srv/.\u200b.", dir, "dots"},
		"a backspace":                       {"/srv/a\bb", dir, "control"},
		"an escape sequence":                {"/srv/\x1b[2Ka", program, "control"},
		"a file of a person with one":       {"/srv/Icon\r", file, ""},
		"a character without width":         {"/srv/ba\u200dsh", program, "invisible"},
		"text turned around":                {"/srv/\u202efdp.sh", program, "invisible"},
		"a blank at the end, of the system": {"/usr/bin/ls ", program, "blank"},
		"a blank at the end, of a person":   {"/home/bob/Photos ", dir, ""},
		"a hidden directory among programs": {"/usr/bin/.x", dir, "hidden"},
		"a hidden one deep in devices":      {"/dev/a/b/.x", dir, "hidden"},
		"a hidden one at the root":          {"/.x", dir, "hidden"},
		"a hidden file among programs":      {"/usr/bin/.x", file, ""},
		"a hidden one of a program's":       {"/usr/lib/node/.bin", dir, ""},
		"a cache in a home":                 {"/home/bob/.cache", dir, ""},
		"deep in a directory for temporary": {"/tmp/build/.git", dir, ""},
		"letters of another script":         {"/srv/данные", dir, ""},
		"a name that is not UTF-8":          {"/srv/\xff\xfe", dir, ""},
		"a blank within":                    {"/usr/share/a b", dir, ""},
		"a name that begins with dots":      {"/srv/..data", dir, ""},
		"a layer of a container":            {"/var/lib/docker/...", dir, ""},
	} {
		t.Run(name, func(t *testing.T) {
			found, status := collectScan(t, accounts(map[string]memfs.File{c.path: c.file}))
			got := ""
			for _, n := range found.DeceptiveNames {
				got += n.Reason
			}
			if got != c.want || status.State != facts.OK {
				t.Errorf("%q is %q, want %q (%s)", c.path, got, c.want, status.State)
			}
		})
	}
}

// TestFlagged: the letters i and a of lsattr(1).
func TestFlagged(t *testing.T) {
	found, _ := collectScan(t, accounts(map[string]memfs.File{
		"/etc/a": {Flags: []string{"immutable", "append"}}, "/srv/b": {Mode: memfs.Dir().Mode, Flags: []string{"append"}},
		"/srv/c": {Flags: []string{"encrypted", "casefold", "verity"}}, "/dev/d": {Flags: []string{"immutable"}},
	}))
	got := map[string][]string{}
	for _, f := range found.Flagged {
		got[f.Path] = f.Flags
	}
	want := map[string][]string{"/etc/a": {"immutable", "append"}, "/srv/b": {"append"}, "/dev/d": {"immutable"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestUnownedModules(t *testing.T) {
	guest := func(list memfs.File) map[string]memfs.File {
		return accounts(map[string]memfs.File{
			"/lib": {Link: "usr/lib"}, "/usr/lib/modules/6.1/a.ko": {}, "/usr/lib/modules/6.1/extra/b.ko.xz": {}, "/usr/lib/modules/6.1/c.ko.zst": {},
			"/usr/lib/modules/6.1/modules.dep": {}, "/srv/d.ko": {},
			"/var/lib/dpkg/status":          {Data: "Package: linux\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n"},
			"/var/lib/dpkg/info/linux.list": list,
		})
	}
	owned := memfs.File{Data: "/lib/modules/6.1/a.ko\n/usr/lib/modules/6.1/c.ko.zst\n"}
	unowned := accounts(map[string]memfs.File{"/lib/modules/6.1/a.ko": {}})
	for name, c := range map[string]struct {
		files map[string]memfs.File
		want  string
	}{
		"one of no package":        {guest(owned), "/usr/lib/modules/6.1/extra/b.ko.xz no package;"},
		"lists that are not whole": {guest(memfs.Dir()), "/usr/lib/modules/6.1/a.ko not known;/usr/lib/modules/6.1/c.ko.zst not known;/usr/lib/modules/6.1/extra/b.ko.xz not known;"},
		"no package manager":       {unowned, "not known"},
		"no modules":               {accounts(map[string]memfs.File{}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			found, _ := collectScan(t, c.files)
			got := ""
			for _, m := range found.UnownedModules {
				got += m.Path + map[bool]string{true: " not known;", false: " no package;"}[m.Package == nil]
			}
			if found.UnownedModules == nil {
				got = "not known"
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestTemporaryFilesThatCannotBeReadAreProblems(t *testing.T) {
	bad := errors.New("sector 9 cannot be read")
	for name, files := range map[string]map[string]memfs.File{
		"content":             {"/tmp/a": {Data: "xxxx", Err: bad}},
		"a directory of /run": {"/run/a": {Mode: filesys.ModeDir | 0o755, Err: bad}},
		"an inode below /dev": {"/dev/a": {StatErr: bad}},
		"a volume below /run": {"/etc/fstab": {Data: "UUID=0 /run/x ext4 defaults\n"}, "/run/x/y": {}},
	} {
		t.Run(name, func(t *testing.T) {
			found, status := collectScan(t, accounts(files))
			if status.State != facts.Partial || found.Complete {
				t.Errorf("%s, complete %v, want partial", status.State, found.Complete)
			}
		})
	}
}

func TestProgramsAreCutAndCounted(t *testing.T) {
	files := map[string]memfs.File{}
	for i := range maxList + 5 {
		files[fmt.Sprintf("/tmp/%04d", i)] = memfs.File{Mode: 0o755}
	}
	got, _ := collectScan(t, accounts(files))
	if len(got.TemporaryPrograms) != maxList || got.Counts["temporary_programs"] != maxList+5 || !got.Truncated {
		t.Errorf("%d of %d told, truncated %v", len(got.TemporaryPrograms), got.Counts["temporary_programs"], got.Truncated)
	}
}
