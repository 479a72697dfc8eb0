package engine

import (
	"errors"
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

// openImage opens the image in the file called name, whatever its format.
func openImage(name string, opts Options, w *witness) (image.Image, error) {
	f, err := image.OpenFile(name)
	if err != nil {
		return nil, err
	}
	dirs := image.Dirs{Allowed: opts.AllowDirs, Open: func(r io.ReaderAt, size int64, format string, sibling image.Sibling) (image.Image, error) {
		if file, ok := r.(*image.File); ok {
			r = w.watch(file)
		}
		return openContainer(r, size, format, image.Options{Sibling: sibling})
	}}
	img, err := openContainer(w.watch(f), f.Size(), "", image.Options{Sibling: dirs.Sibling(f), Snapshot: opts.Snapshot})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	return image.WithFile(img, f), nil
}

// openContainer opens the container whose file is r. A format other than "" is what another image says the file is.
func openContainer(r io.ReaderAt, size int64, format string, opts image.Options) (image.Image, error) {
	for _, f := range Images() {
		if format != "" {
			if f.Name == format || f.Alias == format {
				return f.Open(r, size, opts)
			}
			continue
		}
		ok, err := f.Probe(r, size)
		if err != nil {
			return nil, err
		}
		if ok {
			return f.Open(r, size, opts)
		}
	}
	return nil, binread.Unsupported("format %q is not read by this version", format)
}
