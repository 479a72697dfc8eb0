package main

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/guestctl/guestctl/engine"
)

// apart makes two raw disks of one: what is in a partition becomes a disk of its own, and the partition is emptied:
// apart disk.qcow2 p3 first.img second.img.
func apart(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: apart IMAGE DEVICE FIRST SECOND")
	}
	m, err := engine.Open(context.Background(), []string{ts.MkAbs(args[0])}, engine.Options{})
	ts.Check(err)
	i := slices.IndexFunc(m.Volumes, func(v engine.Volume) bool { return v.Name == args[1] })
	if i < 0 {
		ts.Fatalf("no %s", args[1])
	}
	part := m.Volumes[i]
	first, err := io.ReadAll(io.NewSectionReader(m.Disks[0], 0, m.Disks[0].Size()))
	ts.Check(errors.Join(err, m.Close()))
	second := slices.Clone(first[part.Offset:][:part.Size])
	clear(first[part.Offset:][:part.Size])
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), first, 0o644))
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), second, 0o644))
}

// divide copies a file into parts of so many bytes, and the last with the rest: divide 1000 disk.raw disk.001 disk.002.
func divide(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: divide BYTES FILE PART...")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	b, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	for i, name := range args[2:] {
		part := b[min(len(b), i*n):]
		if i+3 < len(args) {
			part = part[:min(n, len(part))]
		}
		ts.Check(os.WriteFile(ts.MkAbs(name), part, 0o644))
	}
}
