package vhdx

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/internal/conformance"
)

var linkage = "{" + binread.GUID([]byte("data write guid.")).String() + "}"

// many is a metadata table of 2047 entries.
func many(off, n uint64) change {
	return func(b []byte) {
		meta(10, 2, maxEntries)(b)
		for i := items; i < maxEntries; i++ {
			e := b[metaAt+32+32*i:]
			clear(e[:32])
			le.PutUint64(e, uint64(i))
			le.PutUint32(e[16:], uint32(off))
			le.PutUint32(e[20:], uint32(n))
		}
	}
}

var sector = bytes.Repeat([]byte("u"), logSector)

var hostile = []struct {
	name  string
	patch change
	kind  error
	text  string
}{
	{"version 2", head(66, 2, 2), binread.ErrUnsupported, "version 2"},
	{"headers that contradict", head(8, 8, 7), nil, ""},
	{"headers of one number that differ", all(head(8, 8, 7), put(header1At+40, 1, 1)), binread.ErrCorrupt, "sequence number 7, and they differ"},
	{"log not aligned", head(72, 8, logAt+4096), binread.ErrCorrupt, "log of 0x100000 bytes at 0x101000"},
	{"log over the headers", head(72, 8, 0), binread.ErrCorrupt, "log of 0x100000 bytes at 0x0"},
	{"log at a negative offset", head(72, 8, 1<<63), binread.ErrCorrupt, "log of 0x100000 bytes at -0x8000000000000000"},
	{"2048 regions", regs(8, 4, maxEntries+1), binread.ErrCorrupt, "2048 entries"},
	{"regions of zeros", regs(8, 4, maxEntries), nil, ""},
	{"no region", regs(8, 4, 0), binread.ErrCorrupt, "0 regions"},
	{"unknown region that is required", regs(16, 1, 0), binread.ErrUnsupported, "2dc27700-f623-4200-9d64-115e9bfd4a08, which must be known"},
	{"unknown region", all(regs(16, 1, 0), regs(16+28, 4, 0)), binread.ErrCorrupt, "want the block allocation table"},
	{"a region twice", func(b []byte) {
		copy(b[regions1At+48:regions1At+64], guidBytes(batRegion))
		copy(b[regions2At:regions2At+regionsSize], b[regions1At:])
	}, binread.ErrCorrupt, "is there twice"},
	{"regions over one another", regs(16+16, 8, metaAt), binread.ErrCorrupt, "lie over one another"},
	{"region in the header section", regs(16+16, 8, 0), binread.ErrCorrupt, "behind the first"},
	{"region not aligned", regs(16+16, 8, batAt+512), binread.ErrCorrupt, "multiples of 1 MiB"},
	{"region outside of the file", regs(16+16, 8, 1<<40), binread.ErrCorrupt, "at 0x10000000000"},
	{"region at a negative offset", regs(16+16, 8, 1<<63), binread.ErrCorrupt, "at -0x8000000000000000"},
	{"region of 4 GiB", regs(16+24, 4, 4095*mib), binread.ErrCorrupt, "0xfff00000 bytes"},
	{"region of no bytes", regs(16+24, 4, 0), binread.ErrCorrupt, "0x0 bytes"},
	{"metadata of another kind", meta(0, 1, 'M'), binread.ErrCorrupt, "metadata at 0x200000"},
	{"2048 items", meta(10, 2, maxEntries+1), binread.ErrCorrupt, "2048 entries"},
	{"2047 items outside of the region", many(1<<31, 512), binread.ErrCorrupt, "item 00000005-"},
	{"2047 items over the table", many(32, 512), binread.ErrCorrupt, "behind the table"},
	{"2047 items of 2 MiB", many(metadataTableSize, 2*mib), binread.ErrLimit, "of 2097152 bytes"},
	{"2047 items", many(metadataTableSize, 1024), nil, ""},
	{"an item that ends outside", all(meta(10, 2, items+1), meta(32+items*32+16, 4, mib-4), meta(32+items*32+20, 4, 8)), binread.ErrCorrupt, "inside of a region"},
	{"unknown item that is required", meta(32, 1, 0), binread.ErrUnsupported, "which must be known"},
	{"user item that is required", meta(32+24, 4, 5), binread.ErrUnsupported, "which must be known"},
	{"an item twice", func(b []byte) { copy(b[metaAt+64:metaAt+80], guidBytes(itemParameters)) }, binread.ErrCorrupt, "is there twice"},
	{"no virtual disk size", all(meta(64, 1, 0), meta(64+24, 4, 0)), binread.ErrCorrupt, "virtual disk size: no item"},
	{"file parameters of 4 bytes", meta(32+20, 4, 4), binread.ErrCorrupt, "item of 4 bytes, want 8"},
	{"block size 0", value(0, 4, 0), binread.ErrCorrupt, "block size 0"},
	{"block size 512 KiB", value(0, 4, mib/2), binread.ErrCorrupt, "block size 524288"},
	{"block size 512 MiB", value(0, 4, 512*mib), binread.ErrCorrupt, "block size 536870912"},
	{"block size no power of two", value(0, 4, 3*mib), binread.ErrCorrupt, "block size 3145728"},
	{"sectors of 0 bytes", value(2, 4, 0), binread.ErrCorrupt, "logical sectors of 0"},
	{"sectors of 2048 bytes", value(2, 4, 2048), binread.ErrCorrupt, "logical sectors of 2048"},
	{"size 0", value(1, 8, 0), binread.ErrCorrupt, "disk of 0x0 bytes"},
	{"size of 2^63", value(1, 8, 1<<63), binread.ErrCorrupt, "disk of 0x8000000000000000 bytes"},
	{"size over 64 TiB", value(1, 8, maxDisk+512), binread.ErrCorrupt, "at most 64 TiB"},
	{"size no whole sectors", value(1, 8, 4*mib+1), binread.ErrCorrupt, "want a multiple of 512"},
	{"size beyond the table", value(1, 8, 1<<40), binread.ErrCorrupt, "table of 1048576 bytes, want 1048831 entries"},
	{"block outside of the file", bat(0, 1<<40|6), binread.ErrCorrupt, "guest offset 0x0: entry of the block allocation table at 0x300000: block at 0x10000000000"},
	{"block at a negative offset", bat(0, 1<<63|6), binread.ErrCorrupt, "block at -0x8000000000000000"},
	{"block over the headers", bat(0, 6), binread.ErrCorrupt, "block at 0x0"},
	{"block of the state 4", bat(0, blockAt|4), binread.ErrCorrupt, "state 4"},
	{"block of the state 5", bat(0, blockAt|5), binread.ErrCorrupt, "state 5"},
	{"block cut by the end", all(value(0, 4, 2*mib), bat(0, (blockAt+mib)|6)), binread.ErrCorrupt, "end after"},
	{"block partially there without a parent", bat(0, blockAt|7), binread.ErrCorrupt, "there is no parent"},
	{"parent without a name", differ("parent_linkage", linkage), binread.ErrCorrupt, "names no parent"},
	{"parent of another type", all(differ(), put(locator, 1, 0)), binread.ErrUnsupported, "parent locator: type"},
	{"parent of 65535 pairs", all(differ(), put(locator+18, 2, 65535)), binread.ErrLimit, "65535 pairs"},
	{"parent name outside of its item", all(differ("relative_path", "a"), put(locator+20+4, 4, 1<<31)), binread.ErrCorrupt, "value at 0x80000000"},
	{"parent locator too short", all(differ("relative_path", "a"), meta(32+items*32+20, 4, 19)), binread.ErrCorrupt, "parent locator"},
	{"parent of the host", differ("absolute_win32_path", `\\?\c:\etc\passwd`), binread.ErrRefused, `"passwd"`},
	{"parent above", differ("relative_path", `..\..\disk.vhdx`), binread.ErrRefused, `"../../disk.vhdx"`},

	{"log outside of the file", all(logged(), head(72, 8, 1<<40)), binread.ErrCorrupt, "log of 0x100000 bytes at 0x10000000000"},
	{"log of 4 GiB", all(logged(), head(68, 4, 4095*mib)), binread.ErrCorrupt, "log of 0xfff00000 bytes"},
	{"log of no bytes", all(logged(), head(68, 4, 0)), binread.ErrCorrupt, "log of 0x0 bytes"},
	{"log of version 1", all(logged(), head(64, 2, 1)), binread.ErrUnsupported, "log of version 1"},
	{"log entry with a wrong checksum", func(b []byte) {
		logged(logEntryBytes(1, 0, write{off: batAt, n: logSector}))(b)
		b[logAt+4000]++
	}, binread.ErrCorrupt, "no sequence of entries is whole"},
	{"log entry of 2^32 descriptors", logged(damaged(logEntryBytes(1, 0), 24, 4, 1<<32-1)), binread.ErrCorrupt, "no sequence"},
	{"log entry of 4 GiB", logged(damaged(logEntryBytes(1, 0), 8, 4, 0xfffff000)), binread.ErrCorrupt, "no sequence"},
	{"log entry of no bytes", logged(damaged(logEntryBytes(1, 0), 8, 4, 0)), binread.ErrCorrupt, "no sequence"},
	{"log entry with the number 0", logged(logEntryBytes(0, 0)), binread.ErrCorrupt, "no sequence"},
	{"log entry with a tail elsewhere", logged(logEntryBytes(1, 8192)), binread.ErrCorrupt, "no sequence"},
	{"log entry with a tail outside", logged(logEntryBytes(1, 1*mib)), binread.ErrCorrupt, "no sequence"},
	{"log entry of an unknown descriptor", logged(damaged(logEntryBytes(1, 0, write{off: batAt, n: logSector}), 64, 1, 'Z')), binread.ErrCorrupt, "no sequence"},
	{"log entry with the descriptor of another", logged(damaged(logEntryBytes(1, 0, write{off: batAt, n: logSector}), 64+24, 8, 2)), binread.ErrCorrupt, "no sequence"},
	{"log entry with the data of another", logged(damaged(logEntryBytes(1, 0, write{off: batAt, data: sector}), 2*logSector-4, 4, 2)), binread.ErrCorrupt, "no sequence"},
	{"log entry without its data", logged(damaged(logEntryBytes(1, 0, write{off: batAt, n: logSector}), 64, 4, 0x63736564)), binread.ErrCorrupt, "no sequence"},
	{"log entry not aligned", logged(logEntryBytes(1, 0, write{off: batAt + 1, data: sector})), binread.ErrCorrupt, "no sequence"},
	{"log that points over the headers", logged(logEntryBytes(1, 0, write{off: header1At, data: sector})), binread.ErrCorrupt, "behind the headers"},
	{"log that points over itself", logged(logEntryBytes(1, 0, write{off: logAt + 65536, data: sector})), binread.ErrCorrupt, "outside of the log"},
	{"log that zeros itself", logged(logEntryBytes(1, 0, write{off: regions1At, n: 4 * mib})), binread.ErrCorrupt, "outside of the log"},
	{"log that zeros 2^63 bytes", logged(logEntryBytes(1, 0, write{off: batAt, n: 1 << 63})), binread.ErrCorrupt, "at most"},
	{"log that points at 2^63", logged(logEntryBytes(1, 0, write{off: 1 << 63, n: logSector})), binread.ErrCorrupt, "at most"},
	{"log that grows the file to 2^63", logged(damaged(logEntryBytes(1, 0), 56, 8, 1<<63)), binread.ErrCorrupt, "at most"},
	{"file shorter than its log says", logged(damaged(logEntryBytes(1, 0), 48, 8, fileEnd+mib)), binread.ErrCorrupt, "it was cut off"},
	{"log that zeros the tables", logged(logEntryBytes(1, 0, write{off: metaAt, n: 2 * mib})), binread.ErrCorrupt, "metadata at 0x200000"},
}

func TestHostileImages(t *testing.T) {
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) { conformance.Hostile(t, Format, patched(c.patch), c.kind, c.text) })
	}
	if err := conformance.ReadSome(Format, bytes.NewReader(valid()), fileEnd); !errors.Is(err, binread.ErrChecksum) {
		t.Errorf("without checksums: %v, want kind %v", err, binread.ErrChecksum)
	}
	for _, n := range []int64{0, 7, 100, header1At, header2At, regions1At + 5, regions2At, metaAt, batAt} {
		if err := conformance.ReadSome(Format, bytes.NewReader(patched(nothing)[:n]), n); !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("cut after %d bytes: %v, want kind %v", n, err, binread.ErrCorrupt)
		}
	}
}

// TestALogInUseAndEmptyIsSaid has a log that its writer began and wrote nothing to.
func TestALogInUseAndEmptyIsSaid(t *testing.T) {
	stale := logEntryBytes(1, 0, write{off: metaAt, n: 2 * mib})
	copy(stale[32:], "another log's...")
	seal(stale, 0, len(stale))
	for name, p := range map[string]change{"zeros": logged(), "of another log": logged(stale)} {
		img, err := conformance.Open(Format, patched(p), nil)
		if err != nil {
			t.Fatal(err)
		}
		if problems := img.Description().Problems; len(problems) != 1 || !strings.Contains(problems[0], "has no entries") {
			t.Errorf("%s: problems %q", name, problems)
		}
	}
}

func TestHugeLogsEnd(t *testing.T) {
	// Every sector of the log is the header of an entry as long as the log.
	lies := func(b []byte) {
		logged()(b)
		head(72, 8, 8*mib)(b)
		head(68, 4, 64*mib)(b)
	}
	long := make([]byte, 72*mib)
	copy(long, patched(lies))
	entry := logEntryBytes(1, 0)
	put(8, 4, 64*mib)(entry)
	for at := 8 * mib; at < 72*mib; at += logSector {
		copy(long[at:], entry[:entryHeader])
	}
	if err := conformance.ReadSome(Format, bytes.NewReader(long), int64(len(long))); !errors.Is(err, binread.ErrLimit) {
		t.Errorf("lying entries: %v, want kind %v", err, binread.ErrLimit)
	}
	huge := patched(all(logged(), head(72, 8, 8*mib), head(68, 4, 4095*mib)))
	if err := conformance.ReadSome(Format, conformance.Sparse{Start: huge, Size: 1 << 40}, 1<<40); !errors.Is(err, binread.ErrLimit) {
		t.Errorf("a log of 4 GiB: %v, want kind %v", err, binread.ErrLimit)
	}
	writes := make([]write, 16000)
	for i := range writes {
		writes[i] = write{off: uint64(12*mib + (len(writes)-i)*3*logSector), n: 2 * logSector}
	}
	one := logEntryBytes(1, 0, writes...)
	many := patched(all(logged(), head(72, 8, 8*mib), head(68, 4, 2*mib)))
	many = append(many, make([]byte, 4*mib)...)
	copy(many[8*mib:], one)
	if err := conformance.ReadSome(Format, bytes.NewReader(many), int64(len(many))); err != nil {
		t.Errorf("16000 updates: %v", err)
	}
	copy(many[8*mib+len(one):], logEntryBytes(2, 0, writes[:1000]...))
	if err := conformance.ReadSome(Format, bytes.NewReader(many), int64(len(many))); !errors.Is(err, binread.ErrLimit) {
		t.Errorf("17000 updates: %v, want kind %v", err, binread.ErrLimit)
	}
}

// TestParentsAreOpenedByTheRule has parents of the host, above, and in a circle.
func TestParentsAreOpenedByTheRule(t *testing.T) {
	child := func(name string) []byte { return patched(differ("parent_linkage", linkage, "relative_path", name)) }
	conformance.Parents(t, Format, map[string][]byte{
		"secret.vhdx":        patched(nothing),
		"images/base.vhdx":   patched(nothing),
		"images/other.vhdx":  patched(head(32, 8, 0)),
		"images/circle.vhdx": child("disk"),
	}, child, map[string]error{
		`C:\elsewhere\base.vhdx`: nil,
		`.\base.vhdx`:            nil,
		`..\secret.vhdx`:         binread.ErrRefused,
		`disk`:                   binread.ErrRefused,
		`circle.vhdx`:            binread.ErrRefused,
		`other.vhdx`:             binread.ErrCorrupt,
		`gone.vhdx`:              os.ErrNotExist,
	})
}

func FuzzOpen(f *testing.F) {
	for _, c := range hostile {
		f.Add(uint32(0), uint64(0), patched(c.patch)[logAt:logAt+16*kib])
	}
	base := patched(differ("parent_linkage", linkage, "relative_path", "base"))
	parent := func(string, string) (image.Image, error) { return conformance.Open(Format, patched(nothing), nil) }
	f.Add(uint32(batAt), uint64(blockAt|7), []byte{})
	f.Add(uint32(batAt+8*chunk), uint64(blockAt|6), []byte{})
	f.Add(uint32(itemsAt), uint64(2*mib), []byte{})
	f.Add(uint32(metaAt+10), uint64(5), []byte{})
	f.Add(uint32(regions1At+8), uint64(3), []byte{})
	f.Fuzz(func(t *testing.T, at uint32, v uint64, log []byte) {
		b := bytes.Clone(base)
		if len(log) > 0 {
			logged(log[:min(len(log), mib)])(b)
			if len(log) >= entryHeader { // most changes are not worth a look but for a right checksum
				if n := int(le.Uint32(log[8:])); n > 8 && n <= mib {
					seal(b, logAt, n)
				}
			}
		}
		if int64(at) < fileEnd-8 {
			le.PutUint64(b[at:], v)
		}
		sealAll(b)
		conformance.Fuzz(t, Format, b, parent)
	})
}
