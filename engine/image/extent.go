package image

// ExtentOf returns the extent of img at off, as Extenter describes it. An image that does not know its holes is all data.
func ExtentOf(img Image, off, n int64) (Extent, error) {
	if e, ok := img.(Extenter); ok {
		return e.Extent(off, n)
	}
	return Extent{Off: off, Len: Clip(img.Size(), off, n)}, nil
}

// Clip returns how many of the n bytes at off lie inside of size bytes.
func Clip(size, off, n int64) int64 {
	if off < 0 || n < 0 || off >= size {
		return 0
	}
	return min(n, size-off)
}
