package network

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

// TestInterfacesAreIfquerys compares the interfaces, addresses and gateways with what ifquery printed.
func TestInterfacesAreIfquerys(t *testing.T) {
	answers, err := txtar.ParseFile(filepath.Join("testdata", "ifquery.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	trees := factstest.Trees(t, filepath.Join("testdata", "trees.txtar"))
	for _, a := range answers.Files {
		want, got := map[string]string{}, map[string]string{}
		for stanza := range strings.SplitSeq(string(a.Data), "iface ") {
			name, options, _ := strings.Cut(stanza, "\n")
			value := map[string]string{}
			for line := range strings.Lines(options) {
				key, text, _ := strings.Cut(strings.TrimSpace(line), ": ")
				value[key] = text
			}
			if value["address"] != "" {
				want[name] = prefixed(value["address"], value["netmask"]) + " " + value["gateway"]
			}
		}
		n, status := collectNetwork(t, trees[a.Name])
		if n == nil || status.State != facts.OK {
			t.Errorf("%s: %+v", a.Name, status)
			continue
		}
		for _, f := range n.Interfaces {
			got[f.Name] = strings.Join(values(f.Addresses), " ") + " " + strings.Join(values(f.Gateways), " ")
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: want -, got +\n%s", a.Name, d)
		}
	}
}
