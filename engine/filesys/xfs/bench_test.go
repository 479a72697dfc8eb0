package xfs

import (
	"testing"

	"github.com/guestctl/guestctl/internal/conformance"
)

func BenchmarkWalk(b *testing.B) { conformance.BenchWalk(b, Format) }

func BenchmarkHash(b *testing.B) { conformance.BenchHash(b, Format) }
