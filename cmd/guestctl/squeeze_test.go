package main

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"
)

// squeeze compresses a file, as the name of what it writes says: squeeze disk.raw disk.raw.gz, or .zst.
func squeeze(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: squeeze FILE COMPRESSED")
	}
	b, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	out, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	var w io.WriteCloser = gzip.NewWriter(out)
	if strings.HasSuffix(args[1], ".zst") {
		w, err = zstd.NewWriter(out)
		ts.Check(err)
	}
	_, err = w.Write(b)
	ts.Check(errors.Join(err, w.Close(), out.Close()))
}

// empty wants nothing in a folder: empty tmp.
func empty(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: empty FOLDER")
	}
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	for _, e := range entries {
		ts.Fatalf("%s has %s in it", args[0], e.Name())
	}
}
