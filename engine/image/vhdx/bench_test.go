package vhdx

import (
	"testing"

	"github.com/guestctl/guestctl/internal/conformance"
)

func BenchmarkSequential(b *testing.B) {
	for _, name := range []string{"fixed", "dynamic", "child", "grandchild"} {
		b.Run(name, func(b *testing.B) { conformance.Sequential(b, openFixture(b, name)) })
	}
}

func BenchmarkRandom4K(b *testing.B) {
	for _, name := range []string{"fixed", "dynamic", "child", "grandchild"} {
		b.Run(name, func(b *testing.B) { conformance.Random4K(b, openFixture(b, name)) })
	}
}
