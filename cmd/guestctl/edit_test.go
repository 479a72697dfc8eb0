package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/guestctl/guestctl/engine"
)

// edit writes the virtual disk of an image as a raw one, with texts in it replaced by others of the same length:
// edit disk.qcow2 edited.raw 'Port 22=Port 23'.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: edit IMAGE RAW [OLD=NEW...]")
	}
	m, err := engine.Open(context.Background(), []string{ts.MkAbs(args[0])}, engine.Options{})
	ts.Check(err)
	disk := m.Disks[0]
	b, err := io.ReadAll(io.NewSectionReader(disk, 0, disk.Size()))
	ts.Check(errors.Join(err, m.Close()))
	for _, arg := range args[2:] {
		from, to, ok := strings.Cut(arg, "=")
		if !ok || len(from) != len(to) || bytes.Count(b, []byte(from)) != 1 {
			ts.Fatalf("%q: want OLD=NEW of one length, OLD once in the disk; it is there %d times", arg, bytes.Count(b, []byte(from)))
		}
		b = bytes.Replace(b, []byte(from), []byte(to), 1)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o644))
}
