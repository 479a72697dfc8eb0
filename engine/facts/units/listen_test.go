package units

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

// TestListenLinesOfASocketAreOneList has a drop-in that empties one kind, which empties all.
func TestListenLinesOfASocketAreOneList(t *testing.T) {
	units, _ := collectUnits(t, factstest.Text(map[string]string{
		"/usr/lib/systemd/system/a.socket":       "[Socket]\nListenStream=22\nListenDatagram=514\n",
		"/etc/systemd/system/a.socket.d/10.conf": "[Socket]\nListenStream=\nListenStream=127.0.0.1:2222\n",
	}))
	want := []facts.UnitLine{{Value: "ListenStream=127.0.0.1:2222", Source: facts.Source{
		Path: "/etc/systemd/system/a.socket.d/10.conf", Line: 3, Text: "ListenStream=127.0.0.1:2222",
	}}}
	if d := cmp.Diff(want, units["a.socket"].Listen); d != "" {
		t.Error(d)
	}
}
