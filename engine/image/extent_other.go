//go:build !linux

package image

import (
	"errors"
	"os"
)

// hostExtent is asked for on Linux only; elsewhere a file is all data.
func hostExtent(*os.File, int64, int64) (Extent, error) { return Extent{}, errors.ErrUnsupported }
