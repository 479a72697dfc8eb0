package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/guestctl/guestctl/engine"
)

// inspectionMermaid writes the volumes as a flow chart of Mermaid: each disk leads to what is on it, and on to where that is mounted.
func inspectionMermaid(w io.Writer, in *engine.Inspection) error {
	t := textWriter{bufio.NewWriter(&lines{w: w})}
	t.printf("flowchart LR\n")
	id := map[string]string{}
	for i, v := range in.Volumes {
		id[v.Name] = fmt.Sprintf("v%d", i)
	}
	for _, d := range in.Disks {
		t.printf("    %sf[(%s)] --> %[1]s\n", id[d.Device], mermaidText(d.Image, describeDisk(d)...))
	}
	for _, v := range in.Volumes {
		about := []string{Size(v.Size)}
		for _, p := range []string{v.Kind, v.Content, v.Set, v.FSLabel} {
			if p != "" {
				about = append(about, p)
			}
		}
		if n := othersOn(in, v.Name); n > 0 {
			about = append(about, count(n, "other root"))
		}
		if v.Error != "" {
			about = append(about, v.Error)
		}
		t.printf("    %s[%s]\n", id[v.Name], mermaidText(v.Name, about...))
		for _, from := range parentsOf(v) {
			t.printf("    %s --> %s\n", id[from], id[v.Name])
		}
		for i, m := range v.Mounts {
			t.printf("    %s --> %[1]sm%d([%s])\n", id[v.Name], i, mermaidText(m))
		}
	}
	return t.Flush()
}

// parentsOf is what a volume lies on.
func parentsOf(v engine.InspectedVolume) []string {
	switch {
	case len(v.Members) > 0:
		return v.Members
	case v.Parent != "":
		return []string{v.Parent}
	}
	return nil
}

// mermaidText is a label in quotes, in which nothing is markup: what could be stands as an entity.
func mermaidText(title string, about ...string) string {
	text := mermaidEntities(title)
	for _, a := range about {
		text += "<br>" + mermaidEntities(a)
	}
	return `"` + text + `"`
}

func mermaidEntities(s string) string {
	var b strings.Builder
	for _, r := range Escape(s) {
		if strings.ContainsRune("\"#<>&`;[]{}|()\\*_~", r) {
			fmt.Fprintf(&b, "#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
