package main

import (
	"fmt"
	"strconv"
)

// byteSize is a flag that is a number of bytes, with a unit where there is one: 64MiB.
type byteSize int64

// String implements pflag.Value.
func (s *byteSize) String() string {
	if *s > 0 && *s%(1<<30) == 0 {
		return fmt.Sprintf("%dGiB", *s>>30)
	}
	return strconv.FormatInt(int64(*s), 10)
}

// Set implements pflag.Value.
func (s *byteSize) Set(text string) error {
	n, err := parseSize(text)
	*s = byteSize(n)
	return err
}

// Type implements pflag.Value.
func (s *byteSize) Type() string { return "SIZE" }
