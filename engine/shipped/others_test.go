package shipped

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// summary writes what a manager says of each file: package, type and mode, owner, size, digest, target, capabilities, and what else.
func summary(x *Index) []string {
	var lines []string
	for f := range x.Files() {
		is := ""
		for _, one := range []struct {
			is   bool
			text string
		}{{f.Config, " config"}, {f.Generated, " generated"}, {f.Optional, " optional"}, {f.Varies, " varies"}} {
			if one.is {
				is += one.text
			}
		}
		owner := f.User + ":" + f.Group
		if f.UID != nil && f.GID != nil {
			owner = fmt.Sprintf("%d:%d", *f.UID, *f.GID)
		}
		digest := "-"
		if f.Hash != 0 {
			digest = fmt.Sprintf("%v:%.8s", f.Hash, hex.EncodeToString(f.Digest))
		}
		lines = append(lines, fmt.Sprintf("%s %s %o/%s %s %s %s %s [%s]%s", f.Path, f.Package, f.Type, text("%o", f.Mode), owner, text("%d", f.Size),
			digest, text("%s", f.Target), text("%s", f.Capabilities), is))
	}
	return lines
}

func text[T any](format string, p *T) string {
	if p == nil {
		return "-"
	}
	return fmt.Sprintf(format, *p)
}

func rpmTestdata(t testing.TB) map[string]memfs.File {
	t.Helper()
	return map[string]memfs.File{"/var/lib/rpm/rpmdb.sqlite": {Data: factstest.Unpack(t, "../rpmdb/testdata/files.db.zst")}}
}

// TestRPM has the kinds of files of which rpm says different things; scanner/packages holds all against rpm -V.
func TestRPM(t *testing.T) {
	x := load(t, rpmTestdata(t))
	if len(x.Problems) > 0 || len(x.Weaknesses) > 0 {
		t.Error(x.Problems, x.Weaknesses)
	}
	want := strings.Split(strings.TrimSpace(`
/etc/conf-gone every 100000/644 root:root 10 SHA-256:65f8d7b9 - [] config optional
/etc/free every 100000/- : 5 SHA-256:0cf9340d - [-]
/etc/ghost every 0/644 root:root - - - [-] generated
/etc/rotate every 100000/644 root:root - SHA-256:cd6e6498 - [] varies
/usr/bin/caps every 100000/755 root:root 5 SHA-256:f610905d - [cap_net_admin,cap_net_raw=ep]
/usr/bin/link every 120000/- root:root - - plain [-]
/usr/bin/md5 old 100000/644 root:root 4 MD5:772ac1a5 - []
/usr/bin/nocaps every 100000/755 root:root 7 SHA-256:87409d0e - [cap_kill=i cap_setuid+p]
/usr/bin/sha512 new 100000/644 root:root 7 SHA-512:25e01b96 - []
/usr/bin/suid every 100000/4755 root:root 5 SHA-256:3efa6038 - []
/usr/bin/taken taker 100000/644 root:root 7 SHA-256:480c2336 - []
/usr/share/both taker 100000/644 root:root 5 SHA-256:f6dfac81 - []
/usr/share/both docs 100000/644 root:root 5 SHA-256:f6dfac81 - []
/var/lib/every every 40000/755 daemon:games - - - [-]
/var/lib/sticky every 40000/1777 root:root - - - [-]`), "\n")
	paths := map[string]bool{"/usr/share/doc/manual": true} // was left out
	for _, line := range want {
		path, _, _ := strings.Cut(line, " ")
		paths[path] = true
	}
	var got []string
	for _, line := range summary(x) {
		if path, _, _ := strings.Cut(line, " "); paths[path] {
			got = append(got, line)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestEditedRPMDatabase puts the digest of another program into the database, as one does who wants that to pass.
func TestEditedRPMDatabase(t *testing.T) {
	files := rpmTestdata(t)
	db := files["/var/lib/rpm/rpmdb.sqlite"]
	was, evil := sha256.Sum256([]byte("suid\n")), sha256.Sum256([]byte("evil\n"))
	db.Data = strings.Replace(db.Data, hex.EncodeToString(was[:]), hex.EncodeToString(evil[:]), 1)
	files["/var/lib/rpm/rpmdb.sqlite"] = db
	x := load(t, files)
	if _, got := x.State("/usr/bin/suid", sumOf("evil\n")); got != finding.AsShipped {
		t.Errorf("the database was not edited: %v", got)
	}
	if len(x.Weaknesses) != 1 || x.Weaknesses[0].Kind != Rewritten || !strings.Contains(x.Weaknesses[0].Text, `header of "every"`) {
		t.Errorf("got %v, want that the header was rewritten", x.Weaknesses)
	}
}

func TestContentThatMayChangeIsNotModified(t *testing.T) {
	x := load(t, rpmTestdata(t))
	for content, want := range map[string]finding.Shipped{"rotate\n": finding.AsShipped, "rotated\n": finding.NotVerifiable} {
		if pkg, got := x.State("/etc/rotate", sumOf(content)); got != want || pkg != "every" {
			t.Errorf("%q is %v of %q, want %v", content, got, pkg, want)
		}
	}
}

func q1(s string) string {
	sum := sha1.Sum([]byte(s))
	return "Q1" + base64.StdEncoding.EncodeToString(sum[:])
}

// TestApk follows src/database.c of apk-tools. The digest of /bin/sh is from the database of an Alpine 3.16.
func TestApk(t *testing.T) {
	long := sha256.Sum256([]byte("x"))
	q2 := base64.StdEncoding.EncodeToString(long[:])
	db := "P:busybox\nV:1\nF:bin\nR:busybox\na:0:0:755\nZ:" + q1("elf") + "\nR:sh\na:0:0:777\nZ:Q1pcfTfDNEbNKQc2s1tia7da05M8Q=\n" +
		"R:bbsuid\na:0:0:4111\nZ:" + q1("suid") + "\nR:ping\na:0:0:755:" + q1("attributes") + "\nZ:" + q1("ping") + "\n" +
		"F:etc\nR:conf\nZ:" + q1("conf") + "\nF:etc/init.d\nR:sshd\nZ:" + q1("sshd") + "\nF:tmp\nM:0:0:1777\nF:var/spool\nM:8:12:750\nR:none\n\n" +
		"P:new\nV:1\nF:\nR:rootfile\nZ:Q2" + q2 + "\nR:odd\nZ:Q1" + q2 + "\nR:hex\nZ:X1" + hex.EncodeToString(long[:20]) + "\n\n" +
		"P:short\nV:1\nf:S\nF:opt\nR:x\nZ:Q1" + base64.StdEncoding.EncodeToString(long[:20]) + "\n\n"
	for _, at := range apkDatabases {
		x := load(t, map[string]memfs.File{at: {Data: db}})
		if len(x.Problems) > 0 || len(x.Managers) != 1 {
			t.Fatal(x.Problems, x.Managers)
		}
		want := strings.Split(strings.TrimSpace(`
/bin busybox 40000/755 0:0 - - - [-]
/bin/bbsuid busybox 100000/4111 0:0 - SHA-1:13583612 - []
/bin/busybox busybox 100000/755 0:0 - SHA-1:0761330c - []
/bin/ping busybox 100000/755 0:0 - SHA-1:572982bb - [-]
/bin/sh busybox 0/777 0:0 - SHA-1:a5c7d37c - []
/etc busybox 40000/755 0:0 - - - [-]
/etc/conf busybox 100000/644 0:0 - SHA-1:2d4de2ba - [] config
/etc/init.d busybox 40000/755 0:0 - - - [-]
/etc/init.d/sshd busybox 100000/644 0:0 - SHA-1:b058c6f8 - []
/hex new 100000/644 0:0 - SHA-1:2d711642 - []
/odd new 100000/644 0:0 - SHA-256:2d711642 - []
/opt short 40000/755 0:0 - - - [-]
/opt/x short 100000/644 0:0 - SHA-256:2d711642 - []
/rootfile new 100000/644 0:0 - SHA-256:2d711642 - []
/tmp busybox 40000/1777 0:0 - - - [-]
/var/spool busybox 40000/750 8:12 - - - [-]
/var/spool/none busybox 0/644 0:0 - - - []`), "\n")
		if diff := cmp.Diff(want, summary(x)); diff != "" {
			t.Error(diff)
		}
		for path, content := range map[string]string{"/opt/x": "x", "/rootfile": "x", "/bin/busybox": "elf", "/bin/sh": "/bin/busybox"} {
			if _, got := x.State(path, sumOf(content)); got != finding.AsShipped {
				t.Errorf("%s is %v", path, got)
			}
			if _, got := x.State(path, sumOf("evil")); got != finding.Modified {
				t.Errorf("another %s is %v", path, got)
			}
		}
	}
}

// TestDamagedApkDatabases: the damage is told with its line, and the record that is sound is there.
func TestDamagedApkDatabases(t *testing.T) {
	good := "P:good\nF:bin\nR:ls\nZ:" + q1("ls") + "\n\n"
	for name, c := range map[string]struct{ db, says string }{
		"cut in a line":                {good + "P:ope", "middle of a line"},
		"a line of zeros":              {good + strings.Repeat("\x00", 40) + "\n", "line 6: line is no field"},
		"file in no directory":         {good + "P:a\nR:x\n\n", "line 7: file \"x\""},
		"file of no package":           {good + "F:bin\nR:x\n\n", "line 6: directory \"bin\" of no package"},
		"name with a slash":            {good + "P:a\nF:bin\nR:../x\n\n", "line 8: file \"../x\""},
		"mode of nothing":              {good + "P:a\na:0:0:755\n\n", "line 7: mode and owner of nothing"},
		"mode of a file for a folder":  {good + "P:a\nF:bin\na:0:0:755\n\n", "line 8: mode and owner of nothing"},
		"mode with an 8":               {good + "P:a\nF:bin\nR:x\na:0:0:788\n\n", "line 9: \"0:0:788\", want uid:gid:mode"},
		"mode with a type":             {good + "P:a\nF:bin\nR:x\na:0:0:100755\n\n", "want uid:gid:mode"},
		"mode without owner":           {good + "P:a\nF:bin\nM:755\n\n", "want uid:gid:mode"},
		"user below zero":              {good + "P:a\nF:bin\nM:-1:0:755\n\n", "want uid:gid:mode"},
		"digest of nothing":            {good + "P:a\nZ:" + q1("x") + "\n\n", "line 7: digest of nothing"},
		"digest of a folder":           {good + "P:a\nF:bin\nZ:" + q1("x") + "\n\n", "line 8: digest of nothing"},
		"digest of no known form":      {good + "P:a\nF:bin\nR:x\nZ:Q3AAAA\n\n", "line 9: digest \"Q3AAAA\""},
		"digest that is empty":         {good + "P:a\nF:bin\nR:x\nZ:\n\n", "line 9: digest \"\""},
		"digest of three bytes":        {good + "P:a\nF:bin\nR:x\nZ:Q1AAAA\n\n", "want 20 bytes"},
		"digest of no base 64":         {good + "P:a\nF:bin\nR:x\nZ:Q1!!!!\n\n", "want 20 bytes"},
		"SHA-256 of twenty bytes":      {good + "P:a\nF:bin\nR:x\nZ:Q2" + q1("x")[2:] + "\n\n", "want 32 bytes"},
		"a path that leads upwards":    {good + "P:a\nF:../../etc\nR:x\n\n", "leads upwards"},
		"a folder that leads to files": {good + "P:a\nF:bin/..\n\n", "leads upwards"},
	} {
		t.Run(name, func(t *testing.T) {
			x := load(t, map[string]memfs.File{apkDatabases[0]: {Data: c.db}})
			if len(x.Problems) == 0 || !strings.Contains(x.Problems[0].Err.Error(), c.says) || x.Problems[0].Path != apkDatabases[0] {
				t.Errorf("got %v, want a problem that says %q", x.Problems, c.says)
			}
			if _, got := x.State("/bin/ls", sumOf("ls")); got != finding.AsShipped {
				t.Errorf("/bin/ls is %v", got)
			}
		})
	}
}

func FuzzApk(f *testing.F) {
	f.Add("P:a\nf:S\nF:bin\nM:0:0:1777\nR:ls\na:0:0:4755:Q1x\nZ:" + q1("x") + "\n\n")
	f.Add("F:..\nR:x\n\n\x00\nP:\nF:\nR:\nZ:Q2\na:::\nM:::\n")
	f.Fuzz(func(t *testing.T, db string) { sound(t, load(t, map[string]memfs.File{apkDatabases[0]: {Data: db}})) })
}

// sound checks what holds of every file, whatever the database is.
func sound(t *testing.T, x *Index) {
	for f := range x.Files() {
		if !strings.HasPrefix(f.Path, "/") || strings.Contains(f.Path, "/../") || f.Mode != nil && *f.Mode > 0o7777 ||
			f.Type == typeLink && f.Mode != nil || f.Hash != 0 && len(f.Digest) < 16 {
			t.Errorf("%+v", f)
		}
	}
}
