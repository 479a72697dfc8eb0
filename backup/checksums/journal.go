package checksums

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
)

// The file format of journals (systemd, docs/JOURNAL_FILE_FORMAT.md and src/libsystemd/sd-journal/journal-def.h).
const (
	journalMagic  = "LPKSHHRH"
	journalHeader = 208 // bytes of its first version; later ones are longer
	maxObjects    = 1 << 23
	maxReferences = 1 << 24
	maxPayload    = 64 << 20 // bytes of a field, and of any other object

	incompatXZ, incompatLZ4, incompatKeyed, incompatZSTD, incompatCompact = 1, 2, 4, 8, 16

	stateOnline = 1

	objectHeader = 16
)

// The types of objects.
const (
	dataObject       = 1
	fieldObject      = 2
	entryObject      = 3
	dataHashTable    = 4
	fieldHashTable   = 5
	entryArrayObject = 6
	tagObject        = 7
)

// journal is a file that is being verified.
type journal struct {
	*Result
	r                        io.ReaderAt
	size                     int64
	compatible, incompatible uint32
	fileID                   [16]byte
	header, arena            int64 // bytes
	tail, objects            int64 // the place of the last object, and how many there are
	entries                  int64

	at      int64
	seen    map[int64]byte   // types of objects, by their place
	data    map[int64]*field // by the place of the object
	last    *moment          // of the entry before
	later   []reference
	counted [tagObject + 1]int64
}

// field is what entries refer to.
type field struct {
	own, jenkins uint64 // hashes: of the file's kind, and of Jenkins', which entries add up
	entries      uint64 // that have it, as it says
	found        uint64 // and as there are
}

// moment is when an entry was written.
type moment struct {
	sequence, monotonic uint64
	boot                [16]byte
}

// reference is a place that has to be that of an object of a type.
type reference struct {
	from, to int64
	kind     byte
}

// Journal verifies a journal of systemd, as journalctl --verify does without a key: the hash of every field, the sum of hashes of every
// entry, and that everything refers to what is there.
func Journal(ctx context.Context, f File) (Result, error) {
	j := &journal{Result: &Result{}, r: f, size: f.Size, seen: map[int64]byte{}, data: map[int64]*field{}}
	ok, err := j.begin()
	if err != nil || !ok {
		return *j.Result, err
	}
	for j.at = j.header; j.at <= j.tail && j.tail > 0; {
		if err := ctx.Err(); err != nil {
			return *j.Result, err
		}
		next, err := j.object()
		if err != nil {
			return *j.Result, err
		}
		if next == 0 {
			return *j.Result, nil // where the next object begins is not known
		}
		j.at = next
	}
	j.end()
	if len(j.later) > maxReferences {
		return *j.Result, binread.Limit("more than %d references", maxReferences)
	}
	return *j.Result, nil
}

// begin reads the header. It returns false where nothing behind it can be verified.
func (j *journal) begin() (bool, error) {
	if j.size < journalHeader {
		j.problem(0, "%d bytes, want a header of at least %d", j.size, journalHeader)
		return false, nil
	}
	b, err := binread.ReadAt(j.r, 0, journalHeader, journalHeader)
	if err != nil {
		return false, err
	}
	c := binread.Little(b)
	magic := string(c.Bytes(8))
	j.compatible, j.incompatible = c.U32(), c.U32()
	state := c.U8()
	j.fileID = [16]byte(b[24:40])
	c.At(88)
	j.header, j.arena = int64(c.U64()), int64(c.U64())
	c.Skip(32) // the hash tables, which are objects too
	j.tail, j.objects, j.entries = int64(c.U64()), int64(c.U64()), int64(c.U64())
	j.Open = state == stateOnline
	const known = incompatXZ | incompatLZ4 | incompatKeyed | incompatZSTD | incompatCompact
	switch {
	case magic != journalMagic:
		j.problem(0, "no journal: it begins with %q", magic)
	case j.incompatible&^known != 0:
		return false, binread.Unsupported("journal with the flags %#x", j.incompatible)
	case state > 2:
		j.problem(16, "state %d, want 0, 1 or 2", state)
	case j.header < journalHeader || j.header%8 != 0 || j.header > j.size:
		j.problem(88, "header of %d bytes in a file of %d", j.header, j.size)
	case j.arena < 0 || j.arena > j.size-j.header:
		j.problem(96, "%d bytes behind the header, and the file has %d", j.arena, j.size-j.header)
	case j.tail < 0 || j.tail%8 != 0 || j.tail > j.size-objectHeader || j.tail != 0 && j.tail < j.header:
		j.problem(136, "the last object at %#x of a file of %d bytes", j.tail, j.size)
	default:
		return true, nil
	}
	return false, nil
}

// object verifies the object at the place, and returns that of the next one, or 0 where it is not known.
func (j *journal) object() (next int64, err error) {
	b, err := binread.ReadAt(j.r, j.at, objectHeader, objectHeader)
	if err != nil {
		return 0, err
	}
	c := binread.Little(b)
	kind, flags := c.U8(), c.U8()
	n := int64(c.At(8).U64())
	switch {
	case len(j.seen) == maxObjects:
		return 0, binread.Limit("more than %d objects", maxObjects)
	case kind == 0 || kind > tagObject:
		j.problem(j.at, "object of the type %d", kind)
		return 0, nil
	case n < j.least(kind) || n > j.size-j.at:
		j.problem(j.at, "object of %d bytes", n)
		return 0, nil
	}
	j.seen[j.at] = kind
	j.counted[kind]++
	switch kind {
	case dataObject, fieldObject:
		err = j.payload(kind, flags, n)
	case entryObject:
		err = j.entry(n)
	case entryArrayObject:
		err = j.entryArray(n)
	case dataHashTable, fieldHashTable:
		err = j.hashTable(kind, n)
	}
	return j.at + (n+7)&^7, err
}

func (j *journal) compact() bool { return j.incompatible&incompatCompact != 0 }

// least is how large an object is without what follows its fields.
func (j *journal) least(kind byte) int64 {
	switch kind {
	case dataObject:
		if j.compact() {
			return 72
		}
		return 64
	case fieldObject:
		return 40
	case entryObject, tagObject:
		return 64
	case entryArrayObject:
		return 24
	}
	return objectHeader
}

// payload verifies the hash of a field.
func (j *journal) payload(kind, flags byte, n int64) error {
	least := j.least(kind)
	if n-least > maxPayload {
		return binread.Limit("field of %d bytes, want at most %d", n-least, maxPayload)
	}
	b, err := binread.ReadAt(j.r, j.at, n, maxPayload+least)
	if err != nil {
		return err
	}
	content, err := unpack(flags, b[least:])
	if err != nil {
		j.problem(j.at, "compressed field: %v", err)
		return nil
	}
	c := binread.Little(b)
	stored := c.At(16).U64()
	h := &field{jenkins: jenkins64(content)}
	h.own = h.jenkins
	if j.incompatible&incompatKeyed != 0 {
		h.own = siphash24(j.fileID, content)
	}
	j.Verified++
	if h.own != stored {
		j.problem(j.at, "the hash of a field is %#x, want %#x", h.own, stored)
	}
	j.refer(int64(c.U64()), kind)
	if kind == fieldObject {
		j.refer(int64(c.U64()), dataObject)
		return nil
	}
	j.refer(int64(c.U64()), dataObject) // the next of the same field
	j.refer(int64(c.U64()), entryObject)
	j.refer(int64(c.U64()), entryArrayObject)
	h.entries = c.U64()
	j.data[j.at] = h
	return nil
}

// refer notes that the object refers to another; 0 is none.
func (j *journal) refer(to int64, kind byte) {
	if to != 0 && len(j.later) <= maxReferences {
		j.later = append(j.later, reference{j.at, to, kind})
	}
}

// entry verifies that an entry's fields add up to its hash. They stand before it.
func (j *journal) entry(n int64) error {
	item := int64(16)
	if j.compact() {
		item = 4
	}
	if (n-64)%item != 0 || n > maxPayload {
		j.problem(j.at, "entry of %d bytes", n)
		return nil
	}
	b, err := binread.ReadAt(j.r, j.at, n, maxPayload)
	if err != nil {
		return err
	}
	c := binread.Little(b)
	c.At(objectHeader)
	j.follows(moment{sequence: c.U64()}, c.U64(), c.U64(), c.Bytes(16))
	want := c.U64()
	sum, known := uint64(0), true
	for c.Len() > 0 {
		var to int64
		var own uint64
		if j.compact() {
			to = int64(c.U32())
		} else {
			to, own = int64(c.U64()), c.U64()
		}
		h, ok := j.data[to]
		switch {
		case !ok:
			j.problem(j.at, "an entry refers to %#x, where no field is", to)
			known = false
			continue
		case !j.compact() && own != h.own:
			j.problem(j.at, "an entry has the hash %#x of the field at %#x, want %#x", own, to, h.own)
			known = false
		}
		h.found++
		sum ^= h.jenkins
	}
	j.Verified++
	if known && sum != want {
		j.problem(j.at, "the hash of an entry is %#x, want %#x", sum, want)
	}
	return nil
}

// follows verifies that entries are in the order in which they were written.
func (j *journal) follows(now moment, realtime, monotonic uint64, boot []byte) {
	const latest = 1 << 55 // in microseconds, as systemd has it
	now.monotonic, now.boot = monotonic, [16]byte(boot)
	before := j.last
	switch {
	case realtime == 0 || realtime >= latest || monotonic >= latest:
		j.problem(j.at, "an entry of the time %d, %d", realtime, monotonic)
	case before == nil:
	case now.sequence <= before.sequence:
		j.problem(j.at, "entry %d comes after entry %d", now.sequence, before.sequence)
	case now.boot == before.boot && now.monotonic < before.monotonic:
		j.problem(j.at, "an entry of %d µs after the boot comes after one of %d", now.monotonic, before.monotonic)
	}
	j.last = &now
}

// entryArray notes the entries of an array.
func (j *journal) entryArray(n int64) error {
	if n > maxPayload {
		return binread.Limit("array of %d bytes, want at most %d", n, maxPayload)
	}
	b, err := binread.ReadAt(j.r, j.at, n, maxPayload)
	if err != nil {
		return err
	}
	c := binread.Little(b)
	c.At(16)
	j.refer(int64(c.U64()), entryArrayObject)
	for c.Len() >= 8 || j.compact() && c.Len() >= 4 {
		if j.compact() {
			j.refer(int64(c.U32()), entryObject)
		} else {
			j.refer(int64(c.U64()), entryObject)
		}
	}
	return nil
}

// hashTable notes the heads and tails of the chains.
func (j *journal) hashTable(kind byte, n int64) error {
	if n > maxPayload {
		return binread.Limit("hash table of %d bytes, want at most %d", n, maxPayload)
	}
	b, err := binread.ReadAt(j.r, j.at, n, maxPayload)
	if err != nil {
		return err
	}
	of := byte(dataObject)
	if kind == fieldHashTable {
		of = fieldObject
	}
	c := binread.Little(b)
	c.At(objectHeader)
	for c.Len() >= 8 {
		j.refer(int64(c.U64()), of)
	}
	return nil
}

// end holds what refers to objects, and the counts of the header, against what was found.
func (j *journal) end() {
	for _, r := range j.later {
		if j.seen[r.to] != r.kind {
			j.problem(r.from, "refers to %#x, where no %s is", r.to, objectName(r.kind))
		}
	}
	for _, at := range slices.Sorted(maps.Keys(j.data)) {
		if d := j.data[at]; d.entries != d.found {
			j.problem(at, "a field says that %d entries have it, and %d do", d.entries, d.found)
		}
	}
	if j.seen[j.tail] == 0 && j.tail != 0 {
		j.problem(136, "no object begins at %#x, where the last one should", j.tail)
	}
	if n := int64(len(j.seen)); n != j.objects {
		j.problem(144, "%d objects, and there are %d", j.objects, n)
	}
	if n := j.counted[entryObject]; n != j.entries {
		j.problem(152, "%d entries, and there are %d", j.entries, n)
	}
}

func objectName(kind byte) string {
	names := map[byte]string{dataObject: "field", fieldObject: "name of a field", entryObject: "entry", entryArrayObject: "array of entries"}
	if name, ok := names[kind]; ok {
		return name
	}
	return fmt.Sprintf("object of the type %d", kind)
}
