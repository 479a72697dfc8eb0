package checksums

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"path"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

// pg_control (PostgreSQL, src/include/catalog/pg_control.h), of the versions 1201 and 1300: PostgreSQL 12 to 17.
const (
	controlName = "../../global/pg_control" // from a file of a database; those of all databases lie beside it
	controlSize = 292

	shutDown, shutDownInRecovery = 1, 2

	pageHeader = 24
	maxPage    = 32 << 10 // bytes
)

// cluster is what pg_control says of the files beside it.
type cluster struct {
	page, segment uint32 // bytes, and pages of a file
	summed, open  bool
}

// isDatabase reports whether a file is one of PostgreSQL with checksums, by its name: a table, index or map of one, which is a number with
// the part or fork, or the control file.
func isDatabase(file string) bool {
	dir, name := path.Split(file)
	if strings.HasSuffix(file, "/global/pg_control") {
		return true
	}
	name, _, _ = strings.Cut(name, ".")
	name, _, _ = strings.Cut(name, "_")
	database := path.Base(dir)
	return isNumber(name) && (database == "global" || isNumber(database) && path.Base(path.Dir(path.Clean(dir))) == "base")
}

func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 32)
	return err == nil
}

// Pages verifies the checksum of every page of a file of PostgreSQL, where its cluster has them.
func Pages(ctx context.Context, f File) (Result, error) {
	c, err := readCluster(f)
	damaged := errors.Is(err, binread.ErrCorrupt) || errors.Is(err, binread.ErrChecksum)
	r := Result{Open: c.open}
	switch {
	case path.Base(f.Path) == "pg_control":
		r.Verified = 1
		if damaged {
			r.problem(0, "%v", err)
			err = nil
		}
		return r, err
	case damaged:
		return r, binread.Unsupported("nothing is known of its checksums: %v", err)
	case err != nil || !c.summed:
		return Result{Without: err == nil}, err
	}
	page := int64(c.page)
	first := uint32(0)
	if _, part, ok := strings.Cut(path.Base(f.Path), "."); ok {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil {
			return r, binread.Unsupported("part %.20q of a table", part)
		}
		first = uint32(n) * c.segment
	}
	if f.Size%page != 0 {
		r.problem(f.Size/page*page, "%d bytes, want pages of %d", f.Size, page)
	}
	for i := range f.Size / page {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		b, err := binread.ReadAt(f, i*page, page, maxPage)
		if err != nil {
			return r, err
		}
		r.page(i*page, b, first+uint32(i))
	}
	return r, nil
}

// page verifies one page. A new one is all zeros.
func (r *Result) page(off int64, b []byte, number uint32) {
	r.Verified++
	stored, upper := binary.LittleEndian.Uint16(b[8:]), binary.LittleEndian.Uint16(b[14:])
	switch sum := pageSum(b, number); {
	case upper == 0 && strings.Trim(string(b), "\x00") == "":
	case upper == 0:
		r.problem(off, "page %d is marked as new, and holds something", number)
	case sum != stored:
		r.problem(off, "the checksum of page %d is %#x, want %#x", number, sum, stored)
	}
}

func readCluster(f File) (cluster, error) {
	name := controlName
	if path.Base(path.Dir(f.Path)) == "global" {
		name = "pg_control"
	}
	b, err := f.Beside(name, controlSize)
	if err != nil {
		return cluster{}, err
	}
	c := binread.Little(b)
	version := c.At(8).U32()
	state := c.At(16).U32()
	page, segment := c.At(216).U32(), c.U32()
	summed, sum := c.At(252).U32(), c.At(288).U32()
	switch {
	case c.Err() != nil:
		return cluster{}, binread.Corrupt("pg_control: %d bytes", len(b))
	case version != 1201 && version != 1300:
		return cluster{}, binread.Unsupported("pg_control of the version %d", version)
	case crc32.Checksum(b[:288], crc32.MakeTable(crc32.Castagnoli)) != sum:
		return cluster{}, binread.Checksum("pg_control: a checksum that is not %#x", sum)
	case page < 1024 || page > maxPage || page&(page-1) != 0 || segment == 0:
		return cluster{}, binread.Corrupt("pg_control: pages of %d bytes, %d in a file", page, segment)
	}
	return cluster{page, segment, summed != 0, state != shutDown && state != shutDownInRecovery}, nil
}

// pageSum is the checksum of a page without its own field (src/include/storage/checksum_impl.h): 32 sums of FNV-1a beside one another.
func pageSum(b []byte, number uint32) uint16 {
	sums := [32]uint32{
		0x5b1f36e9, 0xb8525960, 0x02ab50aa, 0x1de66d2a, 0x79ff467a, 0x9bb9f8a3, 0x217e7cd2, 0x83e13d2c,
		0xf8d4474f, 0xe39eb970, 0x42c6ae16, 0x993216fa, 0x7b093b5d, 0x98daff3c, 0xf718902a, 0x0b1c9cdb,
		0xe58f764b, 0x187636bc, 0x5d7b3bb1, 0xe73de7de, 0x92bec979, 0xcca6c0b2, 0x304a0979, 0x85aa43d4,
		0x783125bb, 0x6ca8eaa2, 0xe407eac6, 0x4b5cfc3e, 0x9fbf8c76, 0x15ca20be, 0xf2ca9fd3, 0x959bd756,
	}
	add := func(j int, v uint32) {
		x := sums[j] ^ v
		sums[j] = x*16777619 ^ x>>17
	}
	for at := 0; at+4 <= len(b); at += 4 {
		v := binary.LittleEndian.Uint32(b[at:])
		if at == 8 { // pd_checksum counts as zero
			v &= 0xffff0000
		}
		add(at/4%32, v)
	}
	all := uint32(0)
	for range 2 {
		for j := range sums {
			add(j, 0)
		}
	}
	for _, s := range sums {
		all ^= s
	}
	return uint16((all^number)%65535 + 1)
}
