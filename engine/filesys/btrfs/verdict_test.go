package btrfs

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
)

// verdict is a mutant, a byte of a block of metadata that is changed, and what btrfs check says of it.
type verdict struct {
	place   int64 // of the block
	off     int   // in it
	xor     byte
	damaged bool
}

// mutated is the block with the byte changed and its checksum right.
func (v verdict) mutated(whole []byte) []byte {
	b := bytes.Clone(whole[v.place : v.place+16384])
	b[v.off] ^= v.xor
	resum(b)
	return b
}

// makeMutants changes what is used of all blocks of metadata.
func makeMutants(t *testing.T, whole []byte, count int) (all []verdict) {
	t.Helper()
	f := openBytes(t, whole)
	c := &check{FS: f, ctx: t.Context(), noted: noted{report: func(filesys.Damage) {}}, blocks: map[uint64]*use{}, data: map[uint64]*use{}}
	c.trees()
	blocks := slices.Sorted(maps.Keys(c.blocks))
	random := rand.New(rand.NewPCG(19, 2026))
	for len(all) < count {
		at, err := f.places(blocks[random.IntN(len(blocks))])
		if err != nil {
			t.Fatal(err)
		}
		v := verdict{place: int64(at.copies[0].off + at.off), xor: 1 << random.IntN(8)}
		b := whole[v.place : v.place+16384]
		items := int(binary.LittleEndian.Uint32(b[0x60:]))
		switch {
		case items == 0:
			continue
		case b[0x64] > 0:
			v.off = headerSize + random.IntN(items*pointerSize)
		case random.IntN(4) == 0:
			v.off = headerSize + random.IntN(items*itemSize)
		default:
			i := headerSize + random.IntN(items)*itemSize + keySize
			n := binary.LittleEndian.Uint32(b[i+4:])
			if n == 0 {
				continue
			}
			v.off = headerSize + int(binary.LittleEndian.Uint32(b[i:])) + random.IntN(int(n))
		}
		all = append(all, v)
	}
	return all
}

// TestMutantsAsBtrfsCheckJudgesThem: what btrfs check finds the check finds too. The verdicts are from testdata/mutants.sh.
func TestMutantsAsBtrfsCheckJudgesThem(t *testing.T) {
	whole := image(t, "checked")
	if dir := os.Getenv("GUESTCTL_BTRFS_MUTANTS"); dir != "" {
		listMutants(t, whole, dir)
		return
	}
	file, err := os.Open("testdata/mutants.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	both, missed, more := 0, 0, 0
	for s := bufio.NewScanner(file); s.Scan(); {
		var v verdict
		var says string
		if _, err := fmt.Sscan(s.Text(), &v.place, &v.off, &v.xor, &says); err != nil {
			t.Fatal(err)
		}
		f, err := OpenSet([]filesys.Device{{ReaderAt: &patched{whole, []patch{{v.place, v.mutated(whole)}}}, Size: int64(len(whole))}})
		found := err != nil
		if !found {
			_, damage := checkAll(t, f)
			found = len(damage) > 0 || len(f.Description().Problems) > 0
		}
		switch v.damaged = says == "damaged"; {
		case found && v.damaged:
			both++
		case v.damaged:
			missed++
			t.Errorf("%s: nothing is found", s.Text())
		case found:
			more++
		}
	}
	t.Logf("%d found by both, %d by btrfs check alone, %d by us alone", both, missed, more)
	if both < 100 {
		t.Errorf("%d found by both, want more of the mutants to be damaged", both)
	}
}

func listMutants(t *testing.T, whole []byte, dir string) {
	t.Helper()
	var list strings.Builder
	for _, v := range makeMutants(t, whole, 400) {
		line := fmt.Sprintf("%d %d %d", v.place, v.off, v.xor)
		list.WriteString(line + "\n")
		if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(line, " ", "-")), v.mutated(whole), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "list"), []byte(list.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}
