package main

import (
	"fmt"
	"io"
	"os"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
)

// maxAssumed is how large a file of assumptions may be, in bytes.
const maxAssumed = 16 << 20

// readAssumed reads the file of --assume; "" is none.
func readAssumed(name string) (*facts.Patch, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxAssumed+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxAssumed {
		return nil, fmt.Errorf("%s: more than %d bytes", name, maxAssumed)
	}
	return facts.ReadPatch(name, text, engine.Collectors())
}
