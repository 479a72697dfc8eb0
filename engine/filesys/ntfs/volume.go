package ntfs

import (
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"unicode/utf8"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	volumeDirty = 1

	upcaseBytes = 128 << 10
	maxBitmap   = 8 << 20 // bytes of $Bitmap that are counted: 256 GiB in clusters of 4 KiB

	noClient = 0xffff
	logClean = 2

	maxLogPage = 64 << 10
)

// readVolume reads what $Volume says: the label, the version, and whether the volume was unmounted.
func (f *FS) readVolume() {
	of, err := f.readNode(recordVolume)
	if err != nil {
		f.problem(true, "$Volume: %v", err)
		return
	}
	if s := of.stream(typeLabel, ""); s != nil && s.resident {
		c := binread.Little(s.value)
		f.label = utf16At(&c, len(s.value)/2)
	}
	s := of.stream(typeVolume, "")
	if s == nil || len(s.value) < 12 {
		f.problem(true, "$Volume says nothing of the state of the volume")
		return
	}
	c := binread.Little(s.value)
	f.version = fmt.Sprintf("%d.%d", c.At(8).U8(), c.U8())
	if c.U16()&volumeDirty != 0 {
		f.problem(true, "the volume is marked dirty: it was not unmounted, or has to be checked")
	}
}

// checkLog says when the log holds changes that are not on the volume yet.
func (f *FS) checkLog() {
	of, err := f.readNode(recordLog)
	if err != nil {
		f.problem(true, "$LogFile: %v", err)
		return
	}
	s := of.stream(typeData, "")
	if s == nil {
		f.problem(true, "$LogFile: %v", binread.Corrupt("no content"))
		return
	}
	log, err := f.open(s)
	if err == nil {
		err = logState(log)
	}
	if err != nil {
		f.problem(true, "$LogFile: %v", err)
	}
}

var errUnclean = errors.New("the file system was not unmounted, and its log is not replayed")

// logState is nil where the log is empty or closed. It has two restart pages, of which the newer counts.
func logState(log filesys.File) error {
	first := make([]byte, fixupStride)
	if n, err := log.ReadAt(first, 0); n < len(first) {
		return fmt.Errorf("restart page: %w", err)
	}
	if string(first[:4]) == "\xff\xff\xff\xff" { // emptied, as mkntfs and ntfs-3g leave it
		return nil
	}
	c := binread.Little(first)
	pageSize := int64(c.At(16).U32())
	if string(first[:4]) != "RSTR" || pageSize < fixupStride || pageSize > maxLogPage {
		return errUnclean
	}
	newest, clean := restartState(first)
	second := make([]byte, fixupStride)
	if n, _ := log.ReadAt(second, pageSize); n == len(second) && string(second[:4]) == "RSTR" {
		if lsn, state := restartState(second); lsn > newest {
			clean = state
		}
	}
	if !clean {
		return errUnclean
	}
	return nil
}

// restartState decodes a restart page: its place in the log, and whether nobody uses the log.
func restartState(page []byte) (lsn uint64, clean bool) {
	c := binread.Little(page)
	area := int(c.At(24).U16())
	lsn = c.At(area).U64()
	inUse, flags := c.At(area+12).U16(), c.At(area+14).U16()
	return lsn, c.Err() == nil && (inUse == noClient || flags&logClean != 0)
}

// checkHibernation says when a sleeping Windows holds changes in its memory.
func (f *FS) checkHibernation() {
	n, err := f.Lookup(recordRoot, "hiberfil.sys")
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		f.problem(true, "whether Windows hibernates: %v", err)
		return
	}
	file, err := f.Open(n)
	if err != nil {
		f.problem(true, "whether Windows hibernates: %v", err)
		return
	}
	magic := make([]byte, 4)
	if n, _ := file.ReadAt(magic, 0); n == len(magic) && (string(magic) == "hibr" || string(magic) == "HIBR") {
		f.problem(true, "Windows hibernates: the files are not as it left them")
	}
}

// readUpcase reads the volume's table of capital letters. Without it only A to Z have some.
func (f *FS) readUpcase() {
	of, err := f.readNode(recordUpcase)
	if err != nil {
		f.problem(false, "$UpCase: %v", err)
		return
	}
	s := of.stream(typeData, "")
	if s == nil {
		f.problem(false, "$UpCase: no content")
		return
	}
	raw, err := f.readAll(s, upcaseBytes)
	if err != nil {
		f.problem(false, "$UpCase: %v", err)
		return
	}
	c := binread.Little(raw)
	f.upcase = unitsAt(&c, len(raw)/2)
}

func (f *FS) upper(u uint16) uint16 {
	switch {
	case int(u) < len(f.upcase):
		return f.upcase[u]
	case len(f.upcase) == 0 && u >= 'a' && u <= 'z':
		return u - 'a' + 'A'
	}
	return u
}

func (f *FS) fold(units []uint16) []uint16 {
	folded := make([]uint16, len(units))
	for i, u := range units {
		folded[i] = f.upper(u)
	}
	return folded
}

// foldName is fold for a name in UTF-8.
func (f *FS) foldName(name string) string {
	b := make([]byte, 0, len(name))
	for i := 0; i < len(name); {
		r, size := utf8.DecodeRuneInString(name[i:])
		if r == utf8.RuneError && size == 1 || r > 0xffff {
			b = append(b, name[i:i+size]...)
		} else {
			b = utf8.AppendRune(b, rune(f.upper(uint16(r))))
		}
		i += size
	}
	return string(b)
}

// countFree counts the free clusters.
func (f *FS) countFree() {
	of, err := f.readNode(recordBitmap)
	if err != nil {
		return
	}
	s := of.stream(typeData, "")
	if s == nil {
		return
	}
	raw, err := f.readAll(s, maxBitmap)
	if err != nil || int64(len(raw)) < (f.boot.clusters+7)/8 {
		return
	}
	used := int64(0)
	for i := range f.boot.clusters / 8 {
		used += int64(bits.OnesCount8(raw[i]))
	}
	if rest := f.boot.clusters % 8; rest > 0 {
		used += int64(bits.OnesCount8(raw[f.boot.clusters/8] & (1<<rest - 1)))
	}
	f.free = (f.boot.clusters - used) * f.boot.clusterSize
}
