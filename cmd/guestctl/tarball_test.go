package main

import (
	"archive/tar"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// tarball packs files into an archive, in their order: tarball web.ova web.ovf disk.qcow2.
func tarball(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: tarball ARCHIVE FILE...")
	}
	out, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	w := tar.NewWriter(out)
	for _, name := range args[1:] {
		b, err := os.ReadFile(ts.MkAbs(name))
		ts.Check(err)
		ts.Check(w.WriteHeader(&tar.Header{Name: filepath.Base(name), Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(b))}))
		_, err = w.Write(b)
		ts.Check(err)
	}
	ts.Check(errors.Join(w.Close(), out.Close()))
}

// manifest writes the digests of files as OVF has them: manifest web.mf web.ovf disk.qcow2.
func manifest(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: manifest MANIFEST FILE...")
	}
	var s strings.Builder
	for _, name := range args[1:] {
		b, err := os.ReadFile(ts.MkAbs(name))
		ts.Check(err)
		fmt.Fprintf(&s, "SHA256(%s)= %x\n", filepath.Base(name), sha256.Sum256(b))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(s.String()), 0o644))
}
