package lvm

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
	"github.com/guestctl/guestctl/internal/conformance"
)

const (
	dataStart = 64 << 10 // of the crafted physical volumes, in bytes
	extentLen = 64 << 10
	extents   = 63 // of each
)

func put32(b []byte, off int, v uint32) { binary.LittleEndian.PutUint32(b[off:], v) }
func put64(b []byte, off int, v uint64) { binary.LittleEndian.PutUint64(b[off:], v) }

func idOf(letter string) string {
	id, err := dashed([]byte(strings.Repeat(letter, idSize)))
	if err != nil {
		panic(err)
	}
	return id
}

// craft returns a physical volume with that letter for a UUID, whose data begins with its number in each sector.
func craft(letter, metadata string) []byte {
	b := make([]byte, dataStart+extents*extentLen)
	for off := dataStart; off < len(b); off += 512 {
		copy(b[off:], fmt.Sprintf("%s %d", letter, (off-dataStart)/512))
	}
	copy(b[512:], labelID)
	put64(b, 520, 1)
	put32(b, 532, 32)
	copy(b[536:], labelType)
	copy(b[544:], strings.Repeat(letter, idSize))
	put64(b, 576, uint64(len(b)))
	put64(b, 584, dataStart)
	put64(b, 616, 4096)
	put64(b, 624, dataStart-4096)
	put32(b, 648, 2)
	put32(b, 652, pvUsed)
	area := b[4096:]
	copy(area[4:], areaMagic)
	put32(area, 20, areaVersion)
	put64(area, 24, 4096)
	put64(area, 32, dataStart-4096)
	if metadata != "" {
		n := copy(area[areaHeader:dataStart-4096], metadata)
		put64(area, 40, areaHeader)
		put64(area, 48, uint64(n))
	}
	seal(b)
	return b
}

// seal makes the checksums of a crafted physical volume right, as far as what they are of lies within it.
func seal(b []byte) {
	put32(b, 528, checksum(b[532:1024]))
	area := b[4096:dataStart]
	off, n := binary.LittleEndian.Uint64(area[40:]), binary.LittleEndian.Uint64(area[48:])
	if off < uint64(len(area)) && n <= uint64(len(area))-off {
		put32(area, 56, checksum(area[off:off+n]))
	}
	put32(area, 0, checksum(area[4:areaHeader]))
}

// groupText is metadata with two physical volumes, a and b, and these logical volumes.
func groupText(logical string) string {
	pv := func(name, letter string) string {
		return fmt.Sprintf("%s {\nid = %q\nstatus = [\"ALLOCATABLE\"]\nflags = []\npe_start = %d\npe_count = %d\n}\n", name, idOf(letter), dataStart/512, extents)
	}
	return fmt.Sprintf("vg {\nid = %q\nseqno = 7\nformat = \"lvm2\"\nstatus = [\"READ\", \"WRITE\"]\nflags = []\nextent_size = %d\nphysical_volumes {\n%s%s}\n"+
		"logical_volumes {\n%s}\n}\ncontents = \"Text Format Volume Group\"\nversion = 1\ndescription = \"\"\n",
		idOf("v"), extentLen/512, pv("a", "a"), pv("b", "b"), logical)
}

// lv is a logical volume of one segment; status is "VISIBLE", or "" for a hidden one.
func lv(name, status string, count int, segment string) string {
	return fmt.Sprintf("%s {\nid = %q\nstatus = [\"READ\", %q]\nflags = []\nsegment_count = 1\nsegment1 {\nstart_extent = 0\nextent_count = %d\n%s\n}\n}\n",
		name, idOf("l"), status, count, segment)
}

// textAt is what a sector of a crafted volume says, or why it cannot be read.
func textAt(v *volume.Volume, off int64) string {
	b := make([]byte, 6)
	if _, err := v.ReadAt(b, off); err != nil {
		return err.Error()
	}
	return string(bytes.TrimRight(b, "\x00"))
}

const visible = "VISIBLE"

func linearAt(name, status string, count int, pv string, extent int) string {
	return lv(name, status, count, fmt.Sprintf("type = \"striped\"\nstripe_count = 1\nstripes = [%q, %d]", pv, extent))
}

// pair are the two physical volumes of metadata with these logical volumes.
func pair(logical string) [][]byte { return [][]byte{craft("a", groupText(logical)), craft("b", "")} }

// outcome is what there is of the first volume, or why there is none.
func outcome(t *testing.T, disks [][]byte) (*volume.Table, error) {
	t.Helper()
	table, err := conformance.Set(t, Format, volumes(disks))
	if err != nil {
		return nil, err
	}
	if len(table.Volumes) == 0 {
		return table, nil
	}
	return table, table.Volumes[0].Err
}

func TestCraftedVolumesAreRead(t *testing.T) {
	table, err := outcome(t, pair(linearAt("one", visible, 3, "b", 2)))
	if err != nil || len(table.Problems) > 0 {
		t.Fatalf("%v, %q", err, table.Problems)
	}
	if got := textAt(table.Volumes[0], 512); got != "b 257" {
		t.Errorf("%q", got)
	}
	if p, ok := table.Volumes[0].Locate(512, 100); !ok || p.At.Name != "disk2" || p.Off != dataStart+2*extentLen+512 || p.Len != 100 {
		t.Errorf("%v, %v", p, ok)
	}
}

func TestHostileLabelsAndAreas(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(b []byte)
		kind error
		text string
	}{
		"label of another sector":    {func(b []byte) { put64(b, 520, 2) }, binread.ErrCorrupt, "label in sector 1: says it is in sector 2"},
		"header beyond the sector":   {func(b []byte) { put32(b, 532, 500) }, binread.ErrCorrupt, "header at byte 500"},
		"header over the label":      {func(b []byte) { put32(b, 532, 0) }, binread.ErrCorrupt, "header at byte 0"},
		"UUID of zeros":              {func(b []byte) { clear(b[544:576]) }, binread.ErrCorrupt, "UUID"},
		"data areas without an end":  {func(b []byte) { fillWith(b[584:1024], 1) }, binread.ErrLimit, "data areas: more than 8"},
		"metadata areas without end": {func(b []byte) { fillWith(b[616:1024], 1) }, binread.ErrLimit, "metadata areas: more than 8"},
		"area beyond the disk":       {func(b []byte) { put64(b, 616, 1<<40) }, binread.ErrCorrupt, "want more than 512 inside"},
		"area at 2^64":               {func(b []byte) { put64(b, 616, 1<<64-1) }, binread.ErrCorrupt, "want more than 512 inside"},
		"area of 2^64 bytes":         {func(b []byte) { put64(b, 624, 1<<64-1) }, binread.ErrCorrupt, "want more than 512 inside"},
		"area without room":          {func(b []byte) { put64(b, 624, 512) }, binread.ErrCorrupt, "want more than 512 inside"},
		"area of another size":       {func(b []byte) { put64(b, 4096+32, 4096) }, binread.ErrCorrupt, "header says 4096 bytes"},
		"no magic":                   {func(b []byte) { b[4100]++ }, binread.ErrCorrupt, "header begins with"},
		"header version":             {func(b []byte) { put32(b, 4096+20, 9) }, binread.ErrUnsupported, "header version 9"},
		"text in the header":         {func(b []byte) { put64(b, 4096+40, 8) }, binread.ErrCorrupt, "text at 8"},
		"text beyond the ring":       {func(b []byte) { put64(b, 4096+40, dataStart) }, binread.ErrCorrupt, "text at 65536"},
		"text at 2^64":               {func(b []byte) { put64(b, 4096+40, 1<<64-1) }, binread.ErrCorrupt, "text at 18446744073709551615"},
		"text longer than the ring":  {func(b []byte) { put64(b, 4096+48, dataStart) }, binread.ErrCorrupt, "65536 bytes of text"},
		"text of 16 MiB":             {func(b []byte) { put64(b, 4096+48, 16<<20) }, binread.ErrLimit, "16777216 bytes of text"},
		"text of 2^64 bytes":         {func(b []byte) { put64(b, 4096+48, 1<<64-1) }, binread.ErrLimit, "bytes of text"},
		"text of nothing":            {func(b []byte) { put64(b, 4096+48, 0) }, binread.ErrCorrupt, "0 bytes of text"},
		"text of zeros":              {func(b []byte) { clear(b[4096+512 : dataStart]) }, binread.ErrCorrupt, "no string contents"},
	} {
		t.Run(name, func(t *testing.T) {
			b := craft("a", groupText(linearAt("one", visible, 1, "a", 0)))
			c.edit(b)
			seal(b)
			if _, err := outcome(t, [][]byte{b}); !errors.Is(err, c.kind) || !strings.Contains(fmt.Sprint(err), c.text) {
				t.Errorf("%v, want %v with %q", err, c.kind, c.text)
			}
		})
	}
}

func fillWith(b []byte, v byte) {
	for i := range b {
		b[i] = v
	}
}

func TestChecksumsAreVerified(t *testing.T) {
	for name, c := range map[string]struct {
		off  int
		text string
	}{
		"label":  {600, "label in sector 1: checksum 0x"},
		"header": {4096 + 100, "header checksum 0x"},
		"text":   {4096 + 700, "text checksum 0x"},
	} {
		t.Run(name, func(t *testing.T) {
			b := craft("a", groupText(linearAt("one", visible, 1, "a", 0)))
			b[c.off] ^= 1
			if _, err := outcome(t, [][]byte{b}); err == nil || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%v, want %q", err, c.text)
			}
		})
	}
}

func TestHostileMetadata(t *testing.T) {
	sound := groupText(linearAt("one", visible, 1, "a", 0))
	replaced := func(old, with string) string {
		if !strings.Contains(sound, old) {
			panic(old)
		}
		return strings.Replace(sound, old, with, 1)
	}
	var physical, logical strings.Builder
	for i := range maxPhysicals + 1 {
		fmt.Fprintf(&physical, "x%d { id = %q status = [] pe_start = 0 pe_count = 1 }\n", i, strings.Replace(idOf("a"), "aaaaaa", fmt.Sprintf("%06d", i), 1))
	}
	for i := range maxLogicals + 1 {
		logical.WriteString(linearAt(fmt.Sprint("l", i), visible, 1, "a", 0))
	}
	for name, c := range map[string]struct {
		text string
		kind error
		want string
	}{
		"1025 physical volumes":        {replaced("physical_volumes {", "physical_volumes {\n"+physical.String()), binread.ErrLimit, "more than 1024 physical volumes"},
		"8193 logical volumes":         {groupText(logical.String()), binread.ErrLimit, "more than 8192 logical volumes"},
		"sections 10^6 deep":           {strings.Repeat("a {", 1_000_000), binread.ErrLimit, "more than 16 deep"},
		"lists 10^6 deep":              {"a = " + strings.Repeat("[", 1_000_000), binread.ErrCorrupt, "a list in a list"},
		"16 MiB":                       {strings.Repeat(" ", 16<<20), binread.ErrLimit, "16777216 bytes of text"},
		"10^6 values":                  {"a = [" + strings.Repeat("1,", 1_000_000) + "1]", binread.ErrLimit, "more than 262144 values"},
		"section without an end":       {strings.TrimSuffix(sound, "version = 1\ndescription = \"\"\n") + "x {", binread.ErrCorrupt, "the text ends inside of the section"},
		"string without an end":        {`a = "x`, binread.ErrCorrupt, "ends inside of a string"},
		"list without commas":          {"a = [1 2]", binread.ErrCorrupt, "want a comma"},
		"bytes that are no text":       {"\x01\xff", binread.ErrCorrupt, "want a name"},
		"zero inside of the text":      {"a = 1\x00b = 2", binread.ErrCorrupt, "want a name"},
		"brace too many":               {"}", binread.ErrCorrupt, "want a name"},
		"number of 65 bits":            {"a = 18446744073709551616", binread.ErrCorrupt, "want a number of 64 bits"},
		"no group":                     {"contents = \"Text Format Volume Group\"\nversion = 1\n", binread.ErrCorrupt, "0 volume groups"},
		"two groups":                   {sound + "other { }", binread.ErrCorrupt, "2 volume groups"},
		"other contents":               {replaced("Text Format Volume Group", "Something"), binread.ErrUnsupported, `contents "Something"`},
		"version 2":                    {replaced("version = 1", "version = 2"), binread.ErrUnsupported, "of version 2"},
		"name twice":                   {replaced("seqno = 7", "seqno = 7\nseqno = 8"), binread.ErrCorrupt, "seqno stands twice"},
		"seqno below 0":                {replaced("seqno = 7", "seqno = -1"), binread.ErrCorrupt, "seqno -1"},
		"id that is none":              {replaced(idOf("v"), "../../etc"), binread.ErrCorrupt, "want a UUID"},
		"group called ..":              {replaced("vg {", ".. {"), binread.ErrCorrupt, `is called ".."`},
		"extents of 0":                 {replaced("extent_size = 128", "extent_size = 0"), binread.ErrCorrupt, "extent_size 0"},
		"extents of 2^63":              {replaced("extent_size = 128", "extent_size = 9223372036854775807"), binread.ErrCorrupt, "extent_size"},
		"2^32 extents of 2^40 bytes":   {strings.ReplaceAll(replaced("extent_size = 128", "extent_size = 2147483648"), "pe_count = 63", "pe_count = 4294967295"), binread.ErrCorrupt, "pe_count"},
		"extents below 0":              {replaced("pe_count = 63", "pe_count = -1"), binread.ErrCorrupt, "pe_count -1"},
		"data at 2^63":                 {replaced("pe_start = 128", "pe_start = 9223372036854775807"), binread.ErrCorrupt, "pe_start"},
		"physical volumes of one UUID": {replaced(idOf("b"), idOf("a")), binread.ErrCorrupt, "has the UUID of a"},
		"list for a string":            {replaced(fmt.Sprintf("id = %q", idOf("v")), "id = [1]"), binread.ErrCorrupt, "no string id"},
		"no segments":                  {replaced("segment_count = 1", "segment_count = 0"), binread.ErrCorrupt, "1 segments, want the 0"},
		"10^9 segments":                {replaced("segment_count = 1", "segment_count = 1000000000"), binread.ErrCorrupt, "1 segments, want the 1000000000"},
		"segment of 0 extents":         {replaced("extent_count = 1", "extent_count = 0"), binread.ErrCorrupt, "extent_count 0"},
		"segment of 2^60 bytes":        {replaced("extent_count = 1", "extent_count = 4294967295"), binread.ErrCorrupt, "a, which has 63"},
		"gap before a segment":         {replaced("start_extent = 0", "start_extent = 5"), binread.ErrCorrupt, "starts at extent 5, want 0"},
		"extents beyond the volume":    {replaced(`["a", 0]`, `["a", 63]`), binread.ErrCorrupt, "extents 63 to 63 of a, which has 63"},
		"extents before the volume":    {replaced(`["a", 0]`, `["a", -1]`), binread.ErrCorrupt, "extents -1 to"},
		"extent 2^63":                  {replaced(`["a", 0]`, `["a", 9223372036854775807]`), binread.ErrCorrupt, "which has 63"},
		"on a volume of no name":       {replaced(`["a", 0]`, `["zz", 0]`), binread.ErrCorrupt, "no logical volume is called zz"},
		"area without an extent":       {replaced(`["a", 0]`, `["a"]`), binread.ErrCorrupt, "1 stripes, 1 values"},
		"area that is a number":        {replaced(`["a", 0]`, `[1, 0]`), binread.ErrCorrupt, "not a name and a number"},
		"0 stripes":                    {replaced("stripe_count = 1", "stripe_count = 0"), binread.ErrCorrupt, "stripe_count 0"},
		"10^9 stripes":                 {replaced("stripe_count = 1", "stripe_count = 1000000000"), binread.ErrCorrupt, "stripe_count 1000000000"},
		"stripes that are not there":   {replaced("stripe_count = 1", "stripe_count = 2"), binread.ErrCorrupt, "2 stripes, 2 values"},
		"type of no name":              {replaced(`"striped"`, `"flying"`), binread.ErrUnsupported, `type "flying"`},
		"flag of no name":              {replaced(`"striped"`, `"striped+FLYING"`), binread.ErrUnsupported, "with flag FLYING"},
	} {
		t.Run(name, func(t *testing.T) {
			if len(c.text) > dataStart-4096-areaHeader {
				if _, err := decode([]byte(c.text)); !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v, want %v with %q", err, c.kind, c.want)
				}
				return
			}
			_, err := outcome(t, [][]byte{craft("a", c.text), craft("b", "")})
			if !errors.Is(err, c.kind) && !errors.Is(err, binread.ErrCorrupt) || !strings.Contains(fmt.Sprint(err), c.want) {
				t.Errorf("%v, want %v with %q", err, c.kind, c.want)
			}
		})
	}
}

func TestHostileVolumes(t *testing.T) {
	raid := func(kind, names string) string {
		return fmt.Sprintf("type = %q\ndevice_count = 2\nregion_size = 64\nraids = [%s]", kind, names)
	}
	deep := linearAt("v0", "", 1, "a", 0)
	for i := range 100 {
		deep += linearAt(fmt.Sprintf("v%d", i+1), "", 1, fmt.Sprintf("v%d", i), 0)
	}
	for name, c := range map[string]struct {
		logical string
		want    string
	}{
		"on itself":                    {linearAt("x", visible, 1, "x", 0), "x lies on itself"},
		"on each other":                {linearAt("x", visible, 1, "y", 0) + linearAt("y", "", 1, "x", 0), "lies on itself"},
		"copy of itself":               {lv("x", visible, 1, raid("raid1", `"x", "x", "x", "x"`)), "x lies on itself"},
		"mirror of itself":             {lv("x", visible, 1, "type = \"mirror\"\nmirror_count = 2\nmirrors = [\"x\", 0, \"x\", 0]"), "x lies on itself"},
		"100 on each other":            {lv("x", visible, 1, "type = \"striped\"\nstripe_count = 1\nstripes = [\"v100\", 0]") + deep, "more than 24"},
		"10^9 legs":                    {lv("x", visible, 1, "type = \"mirror\"\nmirror_count = 1000000000\nmirrors = [\"a\", 0]"), "mirror_count 1000000000"},
		"legs without names":           {lv("x", visible, 1, raid("raid1", "")), "2 devices, 0 names"},
		"three names for two devices":  {lv("x", visible, 1, raid("raid1", `"a", "b", "a"`)), "2 devices, 3 names"},
		"copies that are too short":    {lv("x", visible, 5, raid("raid1", `"m", "d", "m", "d"`)) + linearAt("m", "", 1, "a", 0) + linearAt("d", "", 1, "a", 1), "device 1 has 1 extents, want 5"},
		"array being reshaped":         {lv("x", visible, 1, raid("raid1", `"m", "d", "m", "d"`)+"\ndata_offset = 8"), "being reshaped"},
		"stripes of 0":                 {lv("x", visible, 2, "type = \"striped\"\nstripe_count = 2\nstripe_size = 0\nstripes = [\"a\", 0, \"b\", 0]"), "stripe_size 0"},
		"stripes that do not fill":     {lv("x", visible, 2, "type = \"striped\"\nstripe_count = 2\nstripe_size = 7\nstripes = [\"a\", 0, \"b\", 0]"), "do not fill"},
		"3 extents on 2 stripes":       {lv("x", visible, 3, "type = \"striped\"\nstripe_count = 2\nstripe_size = 8\nstripes = [\"a\", 0, \"b\", 0]"), "3 extents"},
		"pool on its own data":         {lv("x", visible, 1, "type = \"thin\"\nthin_pool = \"p\"\ndevice_id = 1\ntransaction_id = 1") + lv("p", "", 1, "type = \"thin-pool\"\nmetadata = \"x\"\npool = \"x\"\nchunk_size = 128\ntransaction_id = 1"), "x lies on itself"},
		"pool on a pool":               {lv("x", visible, 1, "type = \"thin\"\nthin_pool = \"p\"\ndevice_id = 1\ntransaction_id = 1") + lv("p", "", 1, "type = \"thin-pool\"\nmetadata = \"p\"\npool = \"p\"\nchunk_size = 128\ntransaction_id = 1"), "p lies on itself"},
		"thin without a pool":          {lv("x", visible, 1, "type = \"thin\"\nthin_pool = \"y\"\ndevice_id = 1\ntransaction_id = 1") + linearAt("y", "", 1, "a", 0), "y is no thin pool"},
		"device of a pool of 2^25":     {lv("x", visible, 1, "type = \"thin\"\nthin_pool = \"y\"\ndevice_id = 33554432\ntransaction_id = 1"), "device_id"},
		"snapshot of itself":           {lv("snapshot0", visible, 1, "type = \"snapshot\"\nchunk_size = 8\norigin = \"snapshot0\"\ncow_store = \"snapshot0\""), "read"},
		"snapshot with chunks of 0":    {lv("snapshot0", visible, 1, "type = \"snapshot\"\nchunk_size = 0\norigin = \"o\"\ncow_store = \"s\""), "chunk_size 0"},
		"snapshot without a store":     {lv("snapshot0", visible, 1, "type = \"snapshot\"\nchunk_size = 8\norigin = \"o\"\ncow_store = \"s\"") + linearAt("o", "", 1, "a", 0), "no logical volume is called s"},
		"snapshot with a wild store":   {lv("snapshot0", visible, 1, "type = \"snapshot\"\nchunk_size = 8\norigin = \"o\"\ncow_store = \"s\"") + linearAt("o", "", 1, "a", 0) + linearAt("s", "", 1, "a", 1), "changes: magic"},
		"segment that cannot be there": {lv("x", visible, 1, `type = "error"`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			table, err := outcome(t, pair(c.logical))
			if table == nil || c.want != "" && !strings.Contains(fmt.Sprint(err), c.want) {
				t.Errorf("%v, want %q of a volume", err, c.want)
			}
		})
	}
}

func TestProblemsOfAGroupAreSaid(t *testing.T) {
	logical := linearAt("one", visible, 3, "a", 0) + linearAt("two", visible, 3, "a", 2) + linearAt("three", visible, 60, "a", 3)
	sound := groupText(linearAt("one", visible, 3, "a", 0))
	flagged := func(old, with string) [][]byte {
		return [][]byte{craft("a", strings.Replace(sound, old, with, 1)), craft("b", "")}
	}
	short := pair(linearAt("one", visible, 63, "a", 0))
	short[0] = short[0][:len(short[0])-4096]
	older := [][]byte{craft("a", sound), craft("b", strings.Replace(sound, "seqno = 7", "seqno = 6", 1))}
	differ := [][]byte{craft("a", sound), craft("b", sound+"# other")}
	damaged := [][]byte{craft("a", sound), craft("b", sound)}
	damaged[1][4096+700]++
	for name, c := range map[string]struct {
		disks [][]byte
		want  volume.Problem
	}{
		"volumes that overlap":     {pair(logical), volume.Problem{Meaning: volume.Overlapping, Message: "one and two share extent 2 of physical volume " + idOf("a")}},
		"disk cut off":             {short, volume.Problem{Meaning: volume.Missing, Message: "ends at byte 4190208, its extents at 4194304"}},
		"disk missing":             {pair(logical)[:1], volume.Problem{Meaning: volume.Missing, Message: "physical volume b (" + idOf("b") + ") is missing"}},
		"exported":                 {flagged(`"WRITE"]`, `"WRITE", "EXPORTED"]`), volume.Problem{Meaning: volume.Ambiguous, Message: "exported"}},
		"clustered":                {flagged(`"WRITE"]`, `"WRITE", "CLUSTERED"]`), volume.Problem{Meaning: volume.Ambiguous, Message: "shared by several hosts (cluster)"}},
		"shared":                   {flagged("seqno", "lock_type = \"sanlock\"\nseqno"), volume.Problem{Meaning: volume.Ambiguous, Message: "shared by several hosts (sanlock)"}},
		"of another host":          {flagged("seqno", "system_id = \"h\\\"1\"\nseqno"), volume.Problem{Meaning: volume.Ambiguous, Message: `system ID "h\"1"`}},
		"disk flagged as missing":  {flagged("flags = []\npe_start", "flags = [\"MISSING\"]\npe_start"), volume.Problem{Meaning: volume.Ambiguous, Message: "--restoremissing"}},
		"copy of an older change":  {older, volume.Problem{Meaning: volume.Unprotected, Message: "area at 0x1000 of disk2 is of change 6, the newest of 7, which is used"}},
		"copies that differ":       {differ, volume.Problem{Meaning: volume.Ambiguous, Message: "differ, and are both of change 7"}},
		"copy that is damaged":     {damaged, volume.Problem{Meaning: volume.Unprotected, Message: "area at 0x1000 of disk2: text checksum"}},
		"disk of the group before": {append(pair(""), craft("c", "")), volume.Problem{Meaning: volume.Ambiguous, Message: "disk3, physical volume " + idOf("c") + ", is not of the group any more"}},
	} {
		t.Run(name, func(t *testing.T) {
			table, err := conformance.Set(t, Format, volumes(c.disks))
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range table.Problems {
				if p.Meaning == c.want.Meaning && strings.Contains(p.Message, c.want.Message) {
					return
				}
			}
			t.Errorf("problems %q, want %q", table.Problems, c.want)
		})
	}
}

func TestClonesAreRefused(t *testing.T) {
	a := pair(linearAt("one", visible, 1, "a", 0))
	_, err := outcome(t, append(a, a[0]))
	want := "lvm: disk1 and disk3 are both physical volume " + idOf("a")
	if !errors.Is(err, binread.ErrUnsupported) || err.Error() != want || binread.HintOf(err) == "" {
		t.Errorf("%v, hint %q; want %q", err, binread.HintOf(err), want)
	}
}

func TestTheNewestCopyCounts(t *testing.T) {
	newer := strings.Replace(groupText(linearAt("new", visible, 1, "a", 0)), "seqno = 7", "seqno = 8", 1)
	older := groupText(linearAt("old", visible, 1, "a", 0))
	for _, disks := range [][][]byte{{craft("a", older), craft("b", newer)}, {craft("a", newer), craft("b", older)}} {
		table, err := outcome(t, disks)
		if err != nil || table.Volumes[0].Name != "vg/new" {
			t.Errorf("%v, %v", table, err)
		}
	}
	disks := [][]byte{craft("a", older), craft("b", newer)}
	disks[1][4096+600]++
	table, err := outcome(t, disks)
	if err != nil || table.Volumes[0].Name != "vg/old" || !strings.Contains(table.Messages()[0], "another copy is used") {
		t.Errorf("%v, %v", table, err)
	}
}

func TestAMemberWithoutMetadataSaysSo(t *testing.T) {
	_, err := outcome(t, [][]byte{craft("b", "")})
	if !errors.Is(err, binread.ErrCorrupt) || !strings.Contains(err.Error(), "belongs to a group of which no other volume is here") {
		t.Errorf("%v", err)
	}
	orphan := craft("b", "")
	put32(orphan, 652, 0)
	seal(orphan)
	table, err := outcome(t, [][]byte{orphan})
	if err != nil || table.UUID != idOf("b") || !strings.Contains(table.Messages()[0], "belongs to no volume group") {
		t.Errorf("%v, %v", table, err)
	}
}

// failing is a disk that cannot be read at one place.
type failing struct {
	*bytes.Reader
	off int64
	err error
}

func (f failing) ReadAt(b []byte, off int64) (int, error) {
	if off <= f.off && f.off < off+int64(len(b)) {
		return 0, f.err
	}
	return f.Reader.ReadAt(b, off)
}

func TestReadErrorsAreNotDamage(t *testing.T) {
	want := errors.New("medium error")
	for _, off := range []int64{512, 4096, 4700} {
		disks := volumes(pair(linearAt("one", visible, 1, "a", 0)))
		disks[0].ReaderAt = failing{disks[0].ReaderAt.(*bytes.Reader), off, want}
		if _, err := Format.Open(context.Background(), disks, volume.Options{}); !errors.Is(err, want) {
			t.Errorf("at %d: %v, want %v", off, err, want)
		}
	}
}

// poolDisks are a crafted pool of one thin volume of four chunks. edit changes its metadata, whose checksums are made right again.
func poolDisks(edit func(meta []byte)) [][]byte {
	logical := lv("x", visible, 4, "type = \"thin\"\nthin_pool = \"p\"\ndevice_id = 1\ntransaction_id = 1") +
		lv("p", "", 8, "type = \"thin-pool\"\nmetadata = \"m\"\npool = \"d\"\nchunk_size = 128\ntransaction_id = 1") +
		linearAt("m", "", 1, "a", 0) + linearAt("d", "", 8, "a", 1)
	disks := pair(logical)
	meta := disks[0][dataStart : dataStart+extentLen]
	clear(meta)
	put64(meta, 32, superMagic)
	put32(meta, 40, 2)
	put64(meta, 48, 1)
	put64(meta, 320, 1)
	put32(meta, 336, 128)
	putNode(meta, 1, leaf, 1, 2)
	putNode(meta, 2, internal, 0, 3, 2, 4)
	putNode(meta, 3, leaf, 0, 5<<24)
	putNode(meta, 4, leaf, 2, 6<<24|7, 3, 7<<24)
	edit(meta)
	for block := range len(meta) / nodeSize {
		b := meta[block*nodeSize:][:nodeSize]
		salt := uint32(nodeSalt)
		if block == 0 {
			salt = superSalt
		}
		put32(b, 0, ^crc32.Checksum(b[4:], crc32.MakeTable(crc32.Castagnoli))^salt)
	}
	return disks
}

// putNode writes a node with keys and values in turns.
func putNode(meta []byte, block int, flags uint32, pairs ...uint64) {
	b := meta[block*nodeSize:][:nodeSize]
	clear(b)
	put32(b, 4, flags)
	put64(b, 8, uint64(block))
	put32(b, 16, uint32(len(pairs)/2))
	put32(b, 20, 252)
	put32(b, 24, 8)
	for i := 0; i < len(pairs); i += 2 {
		put64(b, nodeHeader+4*i, pairs[i])
		put64(b, nodeHeader+8*252+4*i, pairs[i+1])
	}
}

func TestAThinVolumeIsRead(t *testing.T) {
	table, err := outcome(t, poolDisks(func([]byte) {}))
	if err != nil {
		t.Fatal(err)
	}
	v := table.Volumes[0]
	for chunk, want := range []string{"a 768", "", "a 896", "a 1024"} {
		if got := textAt(v, int64(chunk)*65536); got != want {
			t.Errorf("chunk %d: %q, want %q", chunk, got, want)
		}
	}
	if p, ok := v.Locate(2*65536+100, 1<<20); !ok || p.Off != dataStart+7*65536+100 || p.Len != 2*65536-100 {
		t.Errorf("%v, %v", p, ok)
	}
}

func TestHostilePools(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(meta []byte)
		want string
	}{
		"no magic":                     {func(m []byte) { put64(m, 32, 1) }, "magic 1"},
		"version 9":                    {func(m []byte) { put32(m, 40, 9) }, "version 9"},
		"features":                     {func(m []byte) { put32(m, 360, 1) }, "incompatible features"},
		"chunks of another size":       {func(m []byte) { put32(m, 336, 256) }, "chunks of 256 sectors"},
		"superblock that is elsewhere": {func(m []byte) { put64(m, 8, 1) }, "says it is block 1"},
		"tree beyond the metadata":     {func(m []byte) { put64(m, 320, 1<<40) }, "beyond the 16"},
		"tree on the superblock":       {func(m []byte) { put64(m, 320, 0) }, "checksum"},
		"no such device":               {func(m []byte) { putNode(m, 1, leaf, 2, 2) }, "no device 1"},
		"empty tree":                   {func(m []byte) { putNode(m, 1, leaf) }, "no device 1"},
		"node of no kind":              {func(m []byte) { putNode(m, 1, 3, 1, 2) }, "flags 0x3"},
		"values of 24 bytes":           {func(m []byte) { put32(m, nodeSize+24, 24) }, "values of 24 bytes"},
		"2^32 entries":                 {func(m []byte) { put32(m, nodeSize+16, 1<<32-1) }, "entries"},
		"room for 2^32 entries":        {func(m []byte) { put32(m, nodeSize+20, 1<<32-1) }, "entries"},
		"inner node without children":  {func(m []byte) { putNode(m, 2, internal) }, "without children"},
		"keys that fall":               {func(m []byte) { putNode(m, 2, internal, 2, 3, 1, 4) }, "key 1 behind key 2"},
		"node that is its own child":   {func(m []byte) { putNode(m, 2, internal, 0, 2, 2, 4) }, "more than 12 levels"},
		"device tree that is a circle": {func(m []byte) { putNode(m, 1, internal, 0, 1) }, "more than 12 levels"},
		"child that stands twice":      {func(m []byte) { putNode(m, 2, internal, 0, 3, 2, 3) }, "stands in the tree twice"},
		"child beyond the metadata":    {func(m []byte) { putNode(m, 2, internal, 0, 3, 2, 99) }, "child 99"},
		"leaf above the others":        {func(m []byte) { putNode(m, 2, internal, 0, 5, 2, 4); putNode(m, 5, internal, 0, 3) }, "a leaf above the others"},
		"children in no order": {func(m []byte) {
			putNode(m, 2, internal, 0, 5, 1, 6)
			putNode(m, 5, internal, 0, 3, 2, 7)
			putNode(m, 6, internal, 1, 4)
		}, "not in order"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := outcome(t, poolDisks(c.edit)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	for name, c := range map[string]struct {
		edit func(meta []byte)
		want string
	}{
		"chunk beyond the pool":        {func(m []byte) { putNode(m, 3, leaf, 0, 8<<24) }, "chunks 8 to 8 of the pool, which has 8"},
		"chunk 2^40 of the pool":       {func(m []byte) { putNode(m, 3, leaf, 0, 1<<63) }, "of the pool, which has 8"},
		"chunks that belong elsewhere": {func(m []byte) { putNode(m, 3, leaf, 0, 4<<24, 1, 5<<24, 2, 6<<24) }, "belongs into another leaf"},
		"inner node among the leaves":  {func(m []byte) { putNode(m, 4, internal, 2, 3) }, "an inner node among the leaves"},
		"leaf that is nothing":         {func(m []byte) { put64(m, 4*nodeSize+8, 5) }, "says it is block 5"},
	} {
		t.Run(name, func(t *testing.T) {
			table, err := outcome(t, poolDisks(c.edit))
			if err != nil {
				t.Fatal(err)
			}
			v := table.Volumes[0]
			if _, err := io.Copy(io.Discard, io.NewSectionReader(v, 0, v.Size)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	table, err := outcome(t, poolDisks(func(m []byte) { put64(m, 48, 5); put32(m, 4, needsCheck) }))
	if text := strings.Join(table.Messages(), "\n"); err != nil || !strings.Contains(text, "at transaction 5, the group at 1") || !strings.Contains(text, "in need of a check") {
		t.Errorf("%v, %s", err, text)
	}
}

// storeDisks are a crafted snapshot with chunks of 4 KiB whose chunk 3 was changed.
func storeDisks(edit func(store []byte)) [][]byte {
	disks := pair(lv("snapshot0", visible, 2, "type = \"snapshot\"\nchunk_size = 8\norigin = \"o\"\ncow_store = \"s\"") +
		linearAt("o", "", 2, "b", 0) + linearAt("s", "", 1, "a", 0))
	store := disks[0][dataStart : dataStart+extentLen]
	clear(store[:8192])
	put32(store, 0, storeMagic)
	put32(store, 4, 1)
	put32(store, 8, 1)
	put32(store, 12, 8)
	put64(store, 4096, 3)
	put64(store, 4104, 2)
	edit(store)
	return disks
}

func TestHostileStoresOfSnapshots(t *testing.T) {
	table, err := outcome(t, storeDisks(func([]byte) {}))
	if err != nil {
		t.Fatal(err)
	}
	v := table.Volumes[0]
	for chunk, want := range map[int64]string{2: "b 16", 3: "a 16", 4: "b 32", 31: "b 248"} {
		if got := textAt(v, chunk*4096); got != want {
			t.Errorf("chunk %d: %q, want %q", chunk, got, want)
		}
	}
	for name, c := range map[string]struct {
		edit func(store []byte)
		want string
	}{
		"invalid":                  {func(s []byte) { put32(s, 4, 0) }, "invalid"},
		"version 2":                {func(s []byte) { put32(s, 8, 2) }, "version 2"},
		"chunks of another size":   {func(s []byte) { put32(s, 12, 16) }, "chunks of 16 sectors"},
		"chunk beyond the store":   {func(s []byte) { put64(s, 4104, 16) }, "chunk 16 of the store, which has 16"},
		"chunk 2^64 of the store":  {func(s []byte) { put64(s, 4104, 1<<64-1) }, "of the store, which has 16"},
		"chunk that changed twice": {func(s []byte) { put64(s, 4112, 3); put64(s, 4120, 4) }, "chunk 3 was changed twice"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := outcome(t, storeDisks(c.edit)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// TestAStoreOfSeveralTables has more changes than one chunk of the store names.
func TestAStoreOfSeveralTables(t *testing.T) {
	disks := pair(lv("snapshot0", visible, 1, "type = \"snapshot\"\nchunk_size = 1\norigin = \"o\"\ncow_store = \"s\"") +
		linearAt("o", "", 1, "b", 0) + linearAt("s", "", 1, "a", 0))
	store := disks[0][dataStart:][:extentLen]
	put32(store, 0, storeMagic)
	put32(store, 4, 1)
	put32(store, 8, 1)
	put32(store, 12, 1)
	clear(store[512:1024])
	clear(store[34*512:][:512])
	for i := range 40 { // 32 in the first table, in chunk 1, the others in the next, in chunk 34
		pair := store[512+16*i:]
		if i >= 32 {
			pair = store[34*512+16*(i-32):]
		}
		put64(pair, 0, uint64(2*i))
		put64(pair, 8, uint64(70+i))
	}
	table, err := outcome(t, disks)
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(40) {
		for chunk, want := range map[int64]string{2 * i: fmt.Sprint("a ", 70+i), 2*i + 1: fmt.Sprint("b ", 2*i+1)} {
			if got := textAt(table.Volumes[0], chunk*512); got != want {
				t.Errorf("chunk %d: %q, want %q", chunk, got, want)
			}
		}
	}
}

// arrayDisks are a raid1 on both disks, with superblocks of these events and this position of its resynchronisation.
func arrayDisks(events [2]uint64, resync uint64) [][]byte {
	disks := pair(lv("x", visible, 1, "type = \"raid1\"\ndevice_count = 2\nregion_size = 64\nraids = [\"m0\", \"d0\", \"m1\", \"d1\"]") +
		linearAt("m0", "", 1, "a", 0) + linearAt("d0", "", 1, "a", 1) + linearAt("m1", "", 1, "b", 0) + linearAt("d1", "", 1, "b", 1))
	for i, d := range disks {
		meta := d[dataStart:]
		put32(meta, 0, 0x64526d44)
		put64(meta, 16, events[i])
		put64(meta, 24, 0)
		put64(meta, 32, allSynced)
		put64(meta, 40, resync)
	}
	return disks
}

func TestWhichCopyIsRead(t *testing.T) {
	first, second := "a 128", "b 128"
	for name, c := range map[string]struct {
		disks [][]byte
		edit  func(disks [][]byte)
		bad   bool // the first disk cannot be read at its data
		want  string
		says  string
	}{
		"both are whole":             {disks: arrayDisks([2]uint64{5, 5}, allSynced), want: first},
		"first is unreadable":        {disks: arrayDisks([2]uint64{5, 5}, allSynced), bad: true, want: second},
		"unreadable, and not synced": {disks: arrayDisks([2]uint64{5, 5}, 0), bad: true, want: "medium error"},
		"first fell behind":          {disks: arrayDisks([2]uint64{4, 5}, allSynced), want: second, says: "vg/x: copy 1 fell behind: it saw 4 changes of state, another one 5"},
		"first failed":               {disks: arrayDisks([2]uint64{5, 5}, allSynced), edit: func(d [][]byte) { put64(d[1][dataStart:], 24, 1); put64(d[1][dataStart:], 16, 6) }, want: second, says: "vg/x: copy 1 fell behind"},
		"first is told to be failed": {disks: arrayDisks([2]uint64{5, 5}, allSynced), edit: func(d [][]byte) { put64(d[0][dataStart:], 24, 1) }, want: second, says: "vg/x: copy 1 had failed"},
		"first was not filled":       {disks: arrayDisks([2]uint64{5, 5}, allSynced), edit: func(d [][]byte) { put64(d[0][dataStart:], 32, 9) }, want: second, says: "vg/x: copy 1 was not filled to its end"},
		"first never took part":      {disks: arrayDisks([2]uint64{5, 5}, allSynced), edit: func(d [][]byte) { put32(d[0][dataStart:], 0, 0) }, want: second, says: "vg/x: copy 1 was never filled"},
		"no copy took part":          {disks: arrayDisks([2]uint64{5, 5}, 0), edit: func(d [][]byte) { put32(d[0][dataStart:], 0, 0); put32(d[1][dataStart:], 0, 0) }, want: first},
		"no copy is whole":           {disks: arrayDisks([2]uint64{5, 5}, allSynced), edit: func(d [][]byte) { put64(d[0][dataStart:], 24, 3) }, want: "no copy is whole: copy 1 had failed, copy 2 had failed"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.edit != nil {
				c.edit(c.disks)
			}
			all := volumes(c.disks)
			if c.bad {
				all[0].ReaderAt = failing{all[0].ReaderAt.(*bytes.Reader), dataStart + extentLen, errors.New("medium error")}
			}
			table, err := Format.Open(context.Background(), all, volume.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := textAt(table.Volumes[0], 0)
			if !strings.Contains(got, c.want) || !strings.Contains(strings.Join(table.Messages(), "\n"), c.says) {
				t.Errorf("%q, problems %q; want %q, %q", got, table.Messages(), c.want, c.says)
			}
		})
	}
}

func TestTheLogOfAMirrorDecides(t *testing.T) {
	text := groupText(lv("x", visible, 1, "type = \"mirror\"\nmirror_count = 2\nmirror_log = \"log\"\nregion_size = 32\nmirrors = [\"a\", 0, \"b\", 0]") + linearAt("log", "", 1, "b", 5))
	for name, c := range map[string]struct {
		edit func(log []byte)
		want string
	}{
		"all alike":          {func([]byte) {}, "b 0"},
		"one region differs": {func(log []byte) { log[1024] = 0x0b }, "is missing"},
		"another version":    {func(log []byte) { put32(log, 4, 1) }, "is missing"},
		"no magic":           {func(log []byte) { put32(log, 0, 1) }, "is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			disk := craft("b", text)
			log := disk[dataStart+5*extentLen:]
			put32(log, 0, 0x4d695272)
			put32(log, 4, 2)
			log[1024] = 0x0f // four regions
			c.edit(log)
			table, err := Format.Open(context.Background(), volumes([][]byte{disk}), volume.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := textAt(table.Volumes[0], 0)
			if !strings.Contains(got, c.want) || (table.Volumes[0].Err == nil) != (c.want == "b 0") {
				t.Errorf("%q, %v; want %q", got, table.Volumes[0].Err, c.want)
			}
		})
	}
}
