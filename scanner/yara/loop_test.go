//go:build linux && cgo && !noyara

package yara

import (
	"testing"

	yara "github.com/hillu/go-yara/v4"
)

// TestLoopFindsTheScanner fails when another version of the binding keeps it elsewhere: then every file would cost more.
func TestLoopFindsTheScanner(t *testing.T) {
	rules, err := yara.Compile(truth, nil)
	if err != nil {
		t.Fatal(err)
	}
	sc, err := yara.NewScanner(rules)
	if err != nil {
		t.Fatal(err)
	}
	l := newLoop()
	l.add(sc, []string{"filename"})
	if l.c.sets != 1 || l.c.set[0].scanner == nil || l.c.set[0].variables != 1 {
		t.Errorf("%+v", l.c.set[0])
	}
}
