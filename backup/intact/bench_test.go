package intact

import (
	"context"
	"os"
	"testing"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/finding"
)

// BenchmarkContainer verifies the containers of the real Debian disk, and nothing of what is in them; BenchmarkData reads every byte that
// they hold. testdata/bench.sh holds them against qemu-img and dd.
func BenchmarkContainer(b *testing.B) {
	for _, name := range []string{"debian12.qcow2", "debian12-compressed.qcow2"} {
		b.Run(name, func(b *testing.B) { layer(b, name, (*verifier).containers) })
	}
}

func BenchmarkData(b *testing.B) {
	for _, name := range []string{"debian12.raw", "debian12.qcow2"} {
		b.Run(name, func(b *testing.B) { layer(b, name, (*verifier).data) })
	}
}

func layer(b *testing.B, name string, one func(*verifier, context.Context)) {
	path := "../../build/images/" + name
	if _, err := os.Stat(path); err != nil {
		b.Skipf("%v: build it with make images", err)
	}
	m, err := engine.Open(b.Context(), []string{path}, engine.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	for b.Loop() {
		v := &verifier{Options: Options{Full: true}, machine: m, result: &Verification{}}
		if one(v, b.Context()); len(v.result.Layers) != 1 || v.result.Layers[0].Status != finding.Pass {
			b.Fatalf("%+v", v.result)
		}
	}
}
