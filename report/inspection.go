package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/guestctl/guestctl/engine"
)

// InspectionFormat is one way to write an inspection.
type InspectionFormat struct {
	Name  string
	Write func(w io.Writer, in *engine.Inspection) error
}

// InspectionFormats lists the formats; the first is the default.
func InspectionFormats() []InspectionFormat {
	return []InspectionFormat{
		{"text", inspectionText},
		{"mermaid", inspectionMermaid},
		{"json", func(w io.Writer, in *engine.Inspection) error { return WriteJSON(w, in) }},
		{"yaml", func(w io.Writer, in *engine.Inspection) error { return WriteYAML(w, in) }},
	}
}

func inspectionText(w io.Writer, in *engine.Inspection) error {
	t := textWriter{bufio.NewWriter(&lines{w: w})}
	for _, m := range in.Machines {
		t.machine(m)
	}
	for _, d := range in.Disks {
		t.disk(d, len(in.Disks) > 1)
	}
	t.printf("\n")
	t.volumes(in.Volumes, "", "")
	for _, s := range in.Systems {
		t.printf("\n")
		t.system(s)
	}
	if len(in.Systems) == 0 {
		t.printf("\nno operating system found\n")
	}
	t.roots(in.Roots)
	t.notes("", in.Problems)
	return t.Flush()
}

// machine tells what a description says.
func (t textWriter) machine(m engine.InspectedMachine) {
	manifest := "no manifest"
	if m.Manifest != "" {
		manifest = "manifest " + Escape(m.Manifest)
	}
	if m.Format == "libvirt" {
		manifest = "a domain"
	}
	t.printf("%s  %s, %s\n", bold(cmp.Or(Escape(m.Name), "a machine")), m.Format, manifest)
	for _, n := range m.Notes {
		t.printf("  note: %s\n", Escape(n))
	}
}

// disk tells what a disk comes in and, where there are several, which it is.
func (t textWriter) disk(d engine.InspectedDisk, several bool) {
	name := ""
	if several {
		name = fmt.Sprintf("%-6s ", Escape(d.Device))
	}
	t.printf("%s%s  %s\n", name, bold(Escape(strings.TrimSuffix(d.Image+": "+d.Part, ": "))), strings.Join(describeDisk(d), ", "))
	for i, b := range d.Backing {
		t.printf("  backing file %d  %s\n", i+1, Escape(b))
	}
	for _, s := range d.Snapshots {
		t.printf("  snapshot %s  %s, %s virtual\n", Escape(s.ID), Escape(s.Name), Size(s.Size))
	}
	t.notes("  ", d.Problems)
}

func describeDisk(d engine.InspectedDisk) []string {
	parts := []string{strings.TrimSpace(d.Format + " " + d.Version), Size(d.Size) + " virtual"}
	for _, c := range d.Within {
		parts = append(parts, "in "+c)
	}
	if d.Parts > 0 {
		parts = append(parts, fmt.Sprintf("in %d parts", d.Parts))
	}
	if d.Used >= 0 {
		parts = append(parts, Size(d.Used)+" used")
	}
	if d.ClusterSize > 0 {
		parts = append(parts, Size(d.ClusterSize)+" clusters")
	}
	if d.Compression != "" {
		parts = append(parts, d.Compression+" compression")
	}
	return parts
}

// volumes draws the volumes below parent as a tree.
func (t textWriter) volumes(all []engine.InspectedVolume, parent, indent string) {
	for _, v := range all {
		if v.Parent != parent {
			continue
		}
		parts := []string{bold(fmt.Sprintf("%-6s", Escape(v.Name))), fmt.Sprintf("%9s", Size(v.Size))}
		for _, p := range []string{v.Content, v.Set, v.FSLabel, quoted(v.Label), v.Kind, v.UUID} {
			if p != "" {
				parts = append(parts, Escape(p))
			}
		}
		if len(v.Members) > 1 {
			parts = append(parts, "on "+escapeAll(v.Members))
		}
		if v.Free != nil {
			parts = append(parts, Size(*v.Free)+" free")
		}
		if len(v.Mounts) > 0 {
			parts = append(parts, bold(escapeAll(v.Mounts)))
		}
		t.printf("%s%s\n", indent, strings.Join(parts, "  "))
		if v.Error != "" {
			t.notes(indent+"  ", []string{v.Error})
		}
		t.notes(indent+"  ", v.Problems)
		t.volumes(all, v.Name, indent+"  ")
	}
}

func escapeAll(names []string) string {
	var all []string
	for _, n := range names {
		all = append(all, Escape(n))
	}
	return strings.Join(all, ", ")
}

func quoted(s string) string {
	if s == "" {
		return ""
	}
	return `"` + s + `"`
}

func (t textWriter) system(s engine.InspectedSystem) {
	name := "unknown operating system"
	if s.OS != nil {
		name = strings.TrimSpace(s.OS.PrettyName + " " + s.OS.Arch)
	}
	t.printf("%s on %s", bold(Escape(name)), Escape(s.Root))
	if s.Hostname != "" {
		t.printf(", host %s", Escape(s.Hostname))
	}
	t.printf("\n")
	if len(s.Layers) > 0 {
		t.printf("  %-12s %s\n", "layers", escapeAll(s.Layers))
	}
	for _, m := range s.Mounts {
		if m.Error != "" {
			t.printf("  %-12s %s\n", Escape(m.Target), warn("not mounted: "+Escape(m.Source)+": "+Escape(m.Error)))
			continue
		}
		t.printf("  %-12s %s (%s)\n", Escape(m.Target), Escape(rootName(m.Device, m.Subvolume)), Escape(m.Source))
	}
	t.notes("  ", s.Problems)
	t.roots(s.Others)
}

func (t textWriter) notes(indent string, texts []string) {
	for _, text := range texts {
		t.printf("%s%s %s\n", indent, warn("problem:"), Escape(text))
	}
}
