package ext4

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	directBlocks = 12
	pointerSize  = 4
)

// blockMap finds blocks by the twelve direct, one indirect, one double and one triple indirect pointers of ext2.
type blockMap struct {
	fs     *FS
	direct []byte // i_block
}

// span is how many blocks the map can name.
func (f *FS) mapSpan() uint64 {
	p := uint64(f.blockSize) / pointerSize
	return directBlocks + p + p*p + p*p*p
}

func (m *blockMap) run(logical uint64) (run, error) {
	if logical < directBlocks {
		return m.pointers(m.direct[:directBlocks*pointerSize], logical)
	}
	logical -= directBlocks
	per := uint64(m.fs.blockSize) / pointerSize
	below := uint64(1) // blocks that one pointer of the level stands for
	c := binread.Little(m.direct)
	for level := range 3 {
		if logical < below*per {
			return m.indirect(c.At((directBlocks+level)*pointerSize).U32(), below, logical)
		}
		below *= per
		logical -= below
	}
	return run{count: 1 << 63}, nil
}

// indirect walks down from an indirect block whose pointers stand for below blocks each. below shrinks on every step, so
// that no cycle can hold it up.
func (m *blockMap) indirect(number uint32, below, logical uint64) (run, error) {
	per := uint64(m.fs.blockSize) / pointerSize
	for {
		if number == 0 {
			return run{count: below*per - logical}, nil
		}
		b, err := m.fs.readBlock(uint64(number))
		if err != nil {
			return run{}, fmt.Errorf("indirect block: %w", err)
		}
		if below == 1 {
			return m.pointers(b, logical)
		}
		c := binread.Little(b)
		number = c.At(int(logical/below) * pointerSize).U32()
		logical %= below
		below /= per
	}
}

// pointers returns the longest run of block pointers from one on.
func (m *blockMap) pointers(b []byte, index uint64) (run, error) {
	c := binread.Little(b[index*pointerSize:])
	first := uint64(c.U32())
	if first >= m.fs.super.blocks {
		return run{}, binread.Corrupt("block pointer %d, want less than %d", first, m.fs.super.blocks)
	}
	r := run{start: first, count: 1}
	for c.Len() > 0 {
		next := uint64(c.U32())
		if first == 0 && next != 0 || first != 0 && next != first+r.count || next >= m.fs.super.blocks {
			break
		}
		r.count++
	}
	return r, nil
}
