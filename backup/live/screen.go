package live

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
)

const (
	textAddress = 0xb8000 // of the memory of a VGA's text mode
	columns     = 80
	rows        = 25
	textSize    = columns * rows * 2 // a character and its colours

	maxSide    = 4096                           // pixels of a picture
	maxPicture = maxSide*maxSide*3 + maxHeading // bytes
	maxHeading = 64
)

// screenText is the text of a screen, from its memory in text mode. Characters beyond ASCII, which are lines and blocks, are spaces.
func screenText(memory []byte) string {
	var b strings.Builder
	for row := range rows {
		line := make([]byte, 0, columns)
		for column := range columns {
			at := (row*columns + column) * 2
			if at >= len(memory) || memory[at] < ' ' || memory[at] > '~' {
				line = append(line, ' ')
				continue
			}
			line = append(line, memory[at])
		}
		b.Write(bytes.TrimRight(line, " "))
		b.WriteByte('\n')
	}
	return b.String()
}

// toPNG turns a picture as QEMU writes it (PPM, P6 of Netpbm) into a PNG.
func toPNG(ppm []byte) ([]byte, error) {
	r := bufio.NewReader(bytes.NewReader(ppm))
	var width, height, most int
	if _, err := fmt.Fscanf(r, "P6\n%d %d\n%d\n", &width, &height, &most); err != nil {
		return nil, fmt.Errorf("picture: %w", err)
	}
	if width < 1 || height < 1 || width > maxSide || height > maxSide || most != 255 {
		return nil, fmt.Errorf("picture of %d by %d with colours to %d, want at most %d by %d with 255", width, height, most, maxSide, maxSide)
	}
	pixels := make([]byte, width*height*3)
	n := 0
	for n < len(pixels) {
		m, err := r.Read(pixels[n:])
		if n += m; err != nil {
			return nil, errors.Join(fmt.Errorf("picture of %d bytes ends after %d", len(pixels), n), err)
		}
	}
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		p := pixels[i*3 : i*3+3]
		img.SetNRGBA(i%width, i/width, color.NRGBA{p[0], p[1], p[2], 0xff})
	}
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}
