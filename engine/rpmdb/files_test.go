package rpmdb

import (
	"crypto"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
)

// value is what p points to, or "" when that is nothing.
func value[T any](p *T) any {
	if p == nil {
		return ""
	}
	return *p
}

func TestAttributesAgreeWithRPM(t *testing.T) {
	all, problems, err := read(t, guestWith(t, testdata(t, "files.db.zst"), ""))
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	var got, signed []string
	for _, h := range all {
		signed = append(signed, h.Name+"\t"+map[bool]string{true: "signed", false: "unsigned"}[h.Signed])
		files, problems, err := h.FilesInFull()
		if err != nil || len(problems) > 0 {
			t.Error(problems, err)
		}
		states := (&decoder{h: h}).numbers(tagFileStates)
		for i, f := range files {
			if f.Installed != (states[i] == 0) {
				t.Errorf("%s is installed: %v, in the state %d", f.Path, f.Installed, states[i])
			}
			got = append(got, fmt.Sprintf("%s\t%s\t%d\t%d\t%d\t%v\t%v\t%v\t%v\t%s\t%v\t%v", h.Name, f.Path, states[i], f.Flags, f.Verify,
				value(f.Mode), value(f.Size), value(f.User), value(f.Group), hex.EncodeToString(f.Digest), value(f.Target), value(f.Capabilities)))
		}
	}
	slices.Sort(got)
	slices.Sort(signed)
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(testdata(t, "files.query")), "\n"), trimmed(got)); diff != "" {
		t.Error("rpm -, guestctl +\n" + diff)
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(testdata(t, "files.signed")), "\n"), signed); diff != "" {
		t.Error("rpm -, guestctl +\n" + diff)
	}
}

// trimmed takes the space from the end of the last line, as the expected text has it.
func trimmed(lines []string) []string {
	lines[len(lines)-1] = strings.TrimSpace(lines[len(lines)-1])
	return lines
}

// value32 and text are tags of a header that is built for a test.
type value32 struct {
	id uint32
	v  []uint32
}

type text struct {
	id uint32
	v  []string
}

// built returns the header of a package n-1-2 with further tags.
func built(tags ...any) []byte {
	var index, data []byte
	n := uint32(0)
	put := func(id, kind, count uint32, b []byte) {
		n++
		for len(data)%8 != 0 {
			data = append(data, 0)
		}
		for _, v := range []uint32{id, kind, uint32(len(data)), count} {
			index = binary.BigEndian.AppendUint32(index, v)
		}
		data = append(data, b...)
	}
	put(tagName, typeString, 1, []byte("n\x00"))
	put(tagVersion, typeString, 1, []byte("1\x00"))
	put(tagRelease, typeString, 1, []byte("2\x00"))
	for _, tag := range tags {
		switch tag := tag.(type) {
		case value32:
			var b []byte
			for _, v := range tag.v {
				b = binary.BigEndian.AppendUint32(b, v)
			}
			put(tag.id, typeInt32, uint32(len(tag.v)), b)
		case text:
			put(tag.id, typeStringArray, uint32(len(tag.v)), []byte(strings.Join(tag.v, "\x00")+"\x00"))
		}
	}
	b := binary.BigEndian.AppendUint32(nil, n)
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	return append(append(b, index...), data...)
}

// twoFiles are the names of /a/b and /a/c.
func twoFiles() []any {
	return []any{text{tagBaseNames, []string{"b", "c"}}, text{tagDirNames, []string{"/a/"}}, value32{tagDirIndexes, []uint32{0, 0}}}
}

// TestDamagedAttributes has packages of two files of which one attribute is damaged: it is told, and nothing is said of it.
func TestDamagedAttributes(t *testing.T) {
	md5, sha256 := strings.Repeat("0a", 16), strings.Repeat("0b", 32)
	for name, c := range map[string]struct {
		tags []any
		says string
		kind error
	}{
		"digests of three files":       {[]any{text{tagFileDigests, []string{md5, md5, md5}}}, "digests of the files of \"n\": 3 for 2 files", binread.ErrCorrupt},
		"digest of one file":           {[]any{text{tagFileDigests, []string{md5}}}, "1 for 2 files", binread.ErrCorrupt},
		"modes of no file that exists": {[]any{value32{tagFileModes, []uint32{1, 2, 3, 4}}}, "modes of the files of \"n\": 4 for 2 files", binread.ErrCorrupt},
		"modes that are text":          {[]any{text{tagFileModes, []string{"1", "2"}}}, "want numbers", binread.ErrCorrupt},
		"users that are numbers":       {[]any{value32{tagFileUsers, []uint32{0, 0}}}, "want strings", binread.ErrCorrupt},
		"SHA-256 said to be MD5":       {[]any{text{tagFileDigests, []string{sha256, ""}}}, "1 are no MD5", binread.ErrCorrupt},
		"MD5 said to be SHA-256":       {[]any{text{tagFileDigests, []string{md5, md5}}, value32{tagFileDigAlgo, []uint32{8}}}, "2 are no SHA-256", binread.ErrCorrupt},
		"digest of no hexadecimals":    {[]any{text{tagFileDigests, []string{strings.Repeat("xy", 16), ""}}}, "no MD5, such as \"xyxy", binread.ErrCorrupt},
		"half a byte":                  {[]any{text{tagFileDigests, []string{md5 + "0", ""}}}, "no MD5", binread.ErrCorrupt},
		"an algorithm nobody knows":    {[]any{text{tagFileDigests, []string{md5, md5}}, value32{tagFileDigAlgo, []uint32{99}}}, "algorithm 99", binread.ErrUnsupported},
		"RIPEMD-160":                   {[]any{text{tagFileDigests, []string{md5, md5}}, value32{tagFileDigAlgo, []uint32{3}}}, "algorithm 3", binread.ErrUnsupported},
		"an algorithm that is text":    {[]any{text{tagFileDigests, []string{md5, md5}}, text{tagFileDigAlgo, []string{"8"}}}, "want numbers", binread.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			var n int
			h, err := decode(built(append(twoFiles(), c.tags...)...), &n)
			if err != nil {
				t.Fatal(err)
			}
			files, problems, err := h.FilesInFull()
			if err != nil || len(problems) != 1 || !strings.Contains(problems[0].Error(), c.says) || !errors.Is(problems[0], c.kind) {
				t.Errorf("got %v, %v, want one problem that says %q and is %v", problems, err, c.says, c.kind)
			}
			want := []FileInFull{{File: File{"/a/b", true, 0}, Verify: ^Verify(0)}, {File: File{"/a/c", true, 0}, Verify: ^Verify(0)}}
			if diff := cmp.Diff(want, files); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFilesAboveFourGigabytes: their sizes have a tag of their own, in 64 bits, which counts.
func TestFilesAboveFourGigabytes(t *testing.T) {
	var n int
	b := built(append(twoFiles(), value32{tagLongFileSizes, []uint32{2, 3, 0, 4}})...)
	entry := 8 + indexEntry*6 // of the last tag: its type and count become those of 64 bits
	binary.BigEndian.PutUint32(b[entry+4:], typeInt64)
	binary.BigEndian.PutUint32(b[entry+12:], 2)
	h, err := decode(b, &n)
	if err != nil {
		t.Fatal(err)
	}
	files, problems, err := h.FilesInFull()
	if err != nil || len(problems) > 0 || *files[0].Size != 2<<32+3 || *files[1].Size != 4 {
		t.Errorf("got %+v, %v, %v", files, problems, err)
	}
}

func TestEveryAlgorithmOfDigests(t *testing.T) {
	for number, hash := range map[uint32]crypto.Hash{
		1: crypto.MD5, 2: crypto.SHA1, 8: crypto.SHA256, 9: crypto.SHA384, 10: crypto.SHA512, 11: crypto.SHA224, 12: crypto.SHA3_256, 14: crypto.SHA3_512,
	} {
		var n int
		digest := strings.Repeat("c0", hash.Size())
		h, err := decode(built(append(twoFiles(), text{tagFileDigests, []string{digest, ""}}, value32{tagFileDigAlgo, []uint32{number}})...), &n)
		if err != nil {
			t.Fatal(err)
		}
		files, problems, err := h.FilesInFull()
		if err != nil || len(problems) > 0 || files[0].Hash != hash || hex.EncodeToString(files[0].Digest) != digest || files[1].Digest != nil || files[1].Hash != 0 {
			t.Errorf("%d: got %+v, %v, %v", number, files, problems, err)
		}
	}
}
