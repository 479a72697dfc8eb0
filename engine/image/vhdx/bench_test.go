package vhdx

import (
	"testing"

	"github.com/guestctl/guestctl/internal/conformance"
)

func BenchmarkRead(b *testing.B) {
	conformance.Speed(b, Format, "fixed", "dynamic", "child", "grandchild")
}
