package limits

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

const (
	main = "/etc/security/limits.conf"
	dir  = "/etc/security/limits.d/"
)

func TestLimits(t *testing.T) {
	many := map[string]memfs.File{}
	for i := range maxFiles + 5 {
		many[fmt.Sprintf("%s%d.conf", dir, i)] = memfs.File{Data: "* hard core 0\n"}
	}
	for name, c := range map[string]struct {
		files map[string]memfs.File
		want  []string
		state facts.State
	}{
		"the main file first": {
			factstest.Text(map[string]string{main: "* Hard CORE 0 # none\n#* soft core 1\n", dir + "20-b.conf": "* hard core unlimited\n", dir + "10-a.conf": "@a - nproc 9\n", dir + "30-c": "* hard core 7\n"}),
			[]string{"* hard core 0 limits.conf:1", "@a - nproc 9 10-a.conf:1", "* hard core unlimited 20-b.conf:1"},
			facts.OK,
		},
		"free of limits":      {factstest.Text(map[string]string{main: "root -\n"}), []string{"root -   limits.conf:1"}, facts.OK},
		"not a rule":          {factstest.Text(map[string]string{main: "* hard core\n* medium core 1\n* hard core 0\n"}), []string{"* hard core 0 limits.conf:3"}, facts.Partial},
		"missing":             {nil, nil, facts.Absent},
		"drop-ins alone":      {factstest.Text(map[string]string{dir + "a.conf": "* hard core 0"}), []string{"* hard core 0 a.conf:1"}, facts.OK},
		"a directory":         {map[string]memfs.File{main: memfs.Dir()}, nil, facts.Error},
		"a drop-in is a FIFO": {map[string]memfs.File{main: {}, dir + "a.conf": {Mode: 0o010644}}, nil, facts.Partial},
		"too many files":      {many, nil, facts.Partial},
		"a million rules":     {factstest.Text(map[string]string{main: strings.Repeat("* hard core 0\n", 1<<17)}), nil, facts.Partial},
		"a million bad lines": {factstest.Text(map[string]string{main: strings.Repeat("x\n", 1<<20)}), nil, facts.Partial},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.Limits](t, factstest.Guest(t, c.files), facts.Request{}, Collector)
			if status.State != c.state || len(status.Problems) > maxBad+1 {
				t.Fatalf("state %s %.300v, want %s", status.State, status.Problems, c.state)
			}
			if got == nil || c.want == nil {
				return
			}
			var lines []string
			for _, l := range *got {
				lines = append(lines, fmt.Sprintf("%s %s %s %s %s:%d", l.Domain, l.Type, l.Item, l.Value, l.Source.Path[strings.LastIndexByte(l.Source.Path, '/')+1:], l.Source.Line))
			}
			if d := cmp.Diff(c.want, lines); d != "" {
				t.Error(d)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("* hard core 0 # x")
	f.Fuzz(func(t *testing.T, line string) {
		if l, ok, err := parse(line); ok && (err != nil || l.Domain == "" || l.Type == "") {
			t.Errorf("%q is %+v, %v", line, l, err)
		}
	})
}
