package image

// Origin is where the bytes of a run come from: a stretch of a host file, or nowhere. Two runs with equal origins have equal bytes,
// as long as the files keep their stamps.
type Origin struct {
	Len  int64 // guest bytes, at least 1
	Zero bool  // reads as zeros, and the rest says nothing
	// File is the file, and Off the offset in it. Of a compressed cluster Off is what the tables say of it, and Skip how many bytes
	// into the cluster the run begins.
	File       Stamp
	Off        int64
	Compressed bool
	Skip       int64
}

// Tracer is implemented by images that know where their bytes come from.
type Tracer interface {
	// Origin returns the origin of the bytes at off: a run of at most n bytes. ok is false where it is not known.
	Origin(off, n int64) (o Origin, ok bool)
}

// OriginOf returns the origin of bytes of img, as Tracer describes it.
func OriginOf(img any, off, n int64) (Origin, bool) {
	if t, ok := img.(Tracer); ok && n > 0 {
		return t.Origin(off, n)
	}
	return Origin{}, false
}

// Origin implements Tracer for a regular file. What is written to a device leaves no trace in its stamp.
func (f *File) Origin(off, n int64) (Origin, bool) {
	if n = Clip(f.size, off, n); n == 0 || !f.info.Mode().IsRegular() {
		return Origin{}, false
	}
	return Origin{Len: n, File: f.Stamp(), Off: off}, true
}

func (o *ownedImage) Origin(off, n int64) (Origin, bool) { return OriginOf(o.Image, off, n) }
