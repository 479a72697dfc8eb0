package factstest

import (
	"context"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/internal/hivetest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// Windows returns the Windows guest whose hives are the texts by the names of their files, as package hivetest reads them, and which has
// files besides. A hive that is not named is empty, and SYSTEM has ControlSet001 as its current set where it says nothing else.
func Windows(t testing.TB, hives map[string]string, files map[string]memfs.File) *guest.Guest {
	t.Helper()
	all := map[string]memfs.File{}
	for _, name := range []string{"SYSTEM", "SOFTWARE", "SAM", "SECURITY", "DEFAULT"} {
		text := hives[name]
		if name == "SYSTEM" && !strings.Contains(text, "[Select]") {
			text += "\n[Select]\n\"Current\"=dword:00000001\n\"Default\"=dword:00000001\n"
		}
		all["/Windows/System32/config/"+name] = memfs.File{Data: string(hivetest.Build(t, text))}
	}
	for path, f := range files {
		all[path] = f
	}
	guests, err := guest.Find(context.Background(), []guest.Volume{{Device: "p1", Number: 1, FS: memfs.New(all)}})
	if err != nil || len(guests) != 1 {
		t.Fatalf("found %d guests, %v, want 1", len(guests), err)
	}
	return guests[0]
}
