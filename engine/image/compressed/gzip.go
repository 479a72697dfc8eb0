package compressed

import (
	"bufio"
	"io"

	"github.com/klauspost/compress/gzip"
)

// readAhead is how much of the compressed file is read at a time.
const readAhead = 256 << 10

// gzipPieces is one piece: where its members begin is known when those before are unpacked, and its size is not in it, but for the lowest
// 32 bits of that of the last member.
func gzipPieces(f file) ([]*piece, error) {
	return []*piece{{size: -1, open: func() (io.ReadCloser, error) {
		return gzip.NewReader(bufio.NewReaderSize(io.NewSectionReader(f, 0, f.size), readAhead))
	}}}, nil
}
