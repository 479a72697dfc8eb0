package main

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"

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
