package windowsimage

import (
	"errors"
	"fmt"
	"strconv"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestImage(t *testing.T) {
	const state = "[Microsoft\\Windows\\CurrentVersion\\Setup\\State]\n\"ImageState\"="
	sleeping := func(text string) map[string]memfs.File { return map[string]memfs.File{"/hiberfil.sys": {Data: text}} }
	for name, c := range map[string]struct {
		software string
		files    map[string]memfs.File
		want     string
		state    facts.State
	}{
		"a machine":                {state + "\"IMAGE_STATE_COMPLETE\"\n", nil, "generalized false, hibernated false", facts.OK},
		"generalised":              {state + "\"IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE\"\n", nil, "generalized true, hibernated false", facts.OK},
		"not told":                 {"", nil, "generalized false, hibernated false", facts.OK},
		"hibernating":              {"", sleeping("hibr1234"), "generalized false, hibernated true", facts.OK},
		"woken":                    {"", sleeping("wake1234"), "generalized false, hibernated false", facts.OK},
		"a file of nothing":        {"", sleeping(""), "generalized false, hibernated false", facts.OK},
		"a file nobody can read":   {"", map[string]memfs.File{"/hiberfil.sys": {Data: "hibr", Err: errors.New("bad sector")}}, "generalized false, hibernated unknown", facts.Partial},
		"two crashes and a memory": {"", map[string]memfs.File{"/Windows/Minidump/1.dmp": {}, "/Windows/Minidump/2.DMP": {}, "/Windows/Minidump/x": {}, "/Windows/memory.dmp": {}}, "generalized false, hibernated false, 2 dumps, memory", facts.OK},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.WindowsImage](t, factstest.Windows(t, map[string]string{"SOFTWARE": c.software}, c.files), facts.Request{}, Collector)
			text := fmt.Sprint("generalized ", got.Generalized, ", hibernated ")
			if got.Hibernated == nil {
				text += "unknown"
			} else {
				text += strconv.FormatBool(*got.Hibernated)
			}
			if got.Minidumps > 0 {
				text += fmt.Sprint(", ", got.Minidumps, " dumps")
			}
			if got.MemoryDump {
				text += ", memory"
			}
			if text != c.want || status.State != c.state {
				t.Errorf("got %q, %s %v, want %q, %s", text, status.State, status.Problems, c.want, c.state)
			}
		})
	}
}
