package ransom

import (
	"bytes"
	"math"
	"path"
	"strings"
)

// magic is where a format has bytes that never change.
type magic struct {
	off   int
	bytes string
}

func (m magic) in(head []byte) bool {
	return len(head) > m.off && bytes.HasPrefix(head[m.off:], []byte(m.bytes))
}

// format is a kind of file and the endings of names that promise it. One without a magic is text, or what else is far from random.
type format struct {
	endings string // with a space after each
	magics  []magic
}

func (f format) in(head []byte) bool {
	if len(f.magics) == 0 {
		return !random(head)
	}
	for _, m := range f.magics {
		if m.in(head) {
			return true
		}
	}
	return false
}

func of(endings string, magics ...string) format {
	f := format{endings: endings + " "}
	for _, m := range magics {
		f.magics = append(f.magics, magic{0, m})
	}
	return f
}

// formats lists those that are told. Behind the texts come such that no name has to promise: content that is one of them is not
// encrypted by the look of it.
func formats() []format {
	return []format{
		of("pdf", "%PDF-"),
		of("jpg jpeg", "\xff\xd8\xff"),
		of("png", "\x89PNG\r\n\x1a\n"),
		of("gif", "GIF8"),
		of("tif tiff", "II*\x00", "MM\x00*"),
		of("webp wav avi", "RIFF"),
		of("psd", "8BPS"),
		{"mp4 mov m4a m4v heic avif ", []magic{{4, "ftyp"}, {4, "moov"}, {4, "mdat"}, {4, "wide"}, {4, "free"}}},
		of("mkv webm", "\x1a\x45\xdf\xa3"),
		of("flac", "fLaC"),
		of("ogg opus", "OggS"),
		of("zip docx xlsx pptx odt ods odp jar war epub apk whl", "PK\x03\x04", "PK\x05\x06"),
		of("doc xls ppt msg", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
		of("gz tgz", "\x1f\x8b"),
		of("bz2", "BZh"),
		of("xz", "\xfd7zXZ\x00"),
		of("zst", "\x28\xb5\x2f\xfd"),
		of("7z", "7z\xbc\xaf\x27\x1c"),
		of("rar", "Rar!\x1a\x07"),
		of("sqlite sqlite3 db db3", "SQLite format 3\x00"),
		of("qcow2", "QFI\xfb"),
		of("vmdk", "KDMV", "# Disk DescriptorFile"),
		of("vhdx", "vhdxfile"),
		of("txt csv tsv md rst xml json yaml yml toml html htm css js ts py rb pl sh php java c h go sql ini conf cfg log tex rtf svg pem eml vcf ics"),
		of("", "\x04\x22\x4d\x18", "\x89LZO\x00", "LZIP", "\x5d\x00\x00", "\x7fELF", "MZ", "BM", "ID3", "wOFF", "wOF2", "\xff\xfb", "age-encryption.org/", "\x00GITCRYPT\x00", "LUKS\xba\xbe"),
	}
}

// promised is the format that the ending of a name promises, or nil.
func promised(name string) *format {
	ending := strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
	for _, f := range formats() {
		if ending != "" && strings.Contains(" "+f.endings, " "+ending+" ") {
			return &f
		}
	}
	return nil
}

// encrypted reports whether bytes look as random as a good cipher makes them, and are of no format that compresses.
func encrypted(head []byte) bool {
	if !random(head) {
		return false
	}
	for _, f := range formats() {
		if len(f.magics) > 0 && f.in(head) {
			return false
		}
	}
	return true
}

// random reports whether the first bytes of a file, or all of head, are spread as evenly as random ones. The first are judged by
// themselves because some ransomware encrypts no more than these.
func random(head []byte) bool {
	return evenly(head[:min(len(head), headStart)]) || evenly(head)
}

// evenly compares with the entropy that as many random bytes have on average, which is below eight bits by (256-1)/(2n ln 2), the
// bias that Miller and Madow found.
func evenly(b []byte) bool {
	if len(b) < minSize {
		return false
	}
	var number [256]int
	for _, c := range b {
		number[c]++
	}
	n, bits := float64(len(b)), 0.0
	for _, k := range number {
		if k > 0 {
			p := float64(k) / n
			bits -= p * math.Log2(p)
		}
	}
	return bits+255/(2*n*math.Ln2) >= randomBits
}
