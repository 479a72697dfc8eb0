package clamav

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/scanner"
)

// eicar makes the test file of eicar.org. It stands nowhere as it is, or scanners would take away the sources.
func eicar() []byte {
	return []byte(strings.Join([]string{`X5O!P%@AP[4\PZX54(P^)7CC)7}$`, "EICAR", "-STANDARD-ANTIVIRUS-TEST-FILE!", "$H+H*"}, ""))
}

func object(content []byte) *scanner.Object { return &scanner.Object{Content: content} }

func gzipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(content)
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("member")
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(content)
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tool finds a program that tests compare with.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path = filepath.Join("/usr/sbin", name)
		if _, err := os.Stat(path); err != nil {
			t.Skip(name + " is not installed")
		}
	}
	return path
}

// run returns what a program prints about an input.
func run(t *testing.T, stdin []byte, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	var out, trouble bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &trouble
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %q: %v\n%s%s", program, args, err, out.Bytes(), trouble.Bytes())
	}
	return out.String()
}

func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// database makes signatures of every kind with sigtool.
func database(t *testing.T) string {
	t.Helper()
	sigtool, dir := tool(t, "sigtool"), t.TempDir()
	write(t, dir, "eicar", string(eicar()))
	write(t, dir, "sha", "known by its SHA-256")
	db := filepath.Join(dir, "db")
	if err := os.Mkdir(db, 0o700); err != nil {
		t.Fatal(err)
	}
	named := func(line, name string) string {
		fields := strings.Split(strings.TrimSpace(line), ":")
		return strings.Join([]string{fields[0], fields[1], name}, ":") + "\n"
	}
	hex := func(s string) string { return strings.TrimSpace(run(t, []byte(s), sigtool, "--hex-dump")) }
	write(t, db, "test.hdb", named(run(t, nil, sigtool, "--md5", filepath.Join(dir, "eicar")), "Test.Eicar"))
	write(t, db, "test.hsb", named(run(t, nil, sigtool, "--sha256", filepath.Join(dir, "sha")), "Unix.Trojan.Sha"))
	write(t, db, "test.ndb", "Unix.Malware.Bytes:0:*:"+hex("bytes of a signature")+"\n")
	write(t, db, "test.ldb", "Unix.Tool.Logical;Engine:81-255,Target:0;0&1;"+hex("first half")+";"+hex("second half")+"\n")
	write(t, db, "test.yar", `rule of_yara { strings: $a = "written for yara" condition: $a }`+"\n")
	return db
}

// positives are files that the signatures of database are for, by their names.
func positives(t *testing.T) map[string][][]byte {
	t.Helper()
	return map[string][][]byte{
		"Test.Eicar.UNOFFICIAL":         {eicar(), gzipped(t, eicar()), zipped(t, eicar()), zipped(t, gzipped(t, eicar()))},
		"Unix.Trojan.Sha.UNOFFICIAL":    {[]byte("known by its SHA-256")},
		"Unix.Malware.Bytes.UNOFFICIAL": {[]byte("some bytes of a signature.")},
		"Unix.Tool.Logical.UNOFFICIAL":  {[]byte("second half, first half")},
		"YARA.of_yara.UNOFFICIAL":       {[]byte("a text written for yara")},
	}
}

// finds checks that an engine finds each positive in its session, and nothing in a clean file.
func finds(t *testing.T, s scanner.Session) {
	t.Helper()
	for name, files := range positives(t) {
		for i, content := range files {
			matches, err := s.Scan(t.Context(), object(content))
			if err != nil || len(matches) != 1 || matches[0].Rule != name {
				t.Errorf("file %d of %s: got %v, %v", i, name, matches, err)
			}
		}
	}
	if matches, err := s.Scan(t.Context(), object([]byte("nothing"))); len(matches) != 0 || err != nil {
		t.Errorf("a clean file: got %v, %v", matches, err)
	}
}

func opened(t *testing.T, e scanner.Engine) scanner.Session {
	t.Helper()
	s, err := e.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// reasonOf is the reason of an error that says that a file was not looked into.
func reasonOf(t *testing.T, err error) scanner.Reason {
	t.Helper()
	if err == nil {
		return ""
	}
	var skip *scanner.Skip
	if !errors.As(err, &skip) {
		t.Errorf("got error %v, want a skipped file", err)
		return ""
	}
	return skip.Reason
}
