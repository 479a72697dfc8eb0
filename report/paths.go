package report

import (
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/finding"
)

const (
	builtinPrefix = "builtin:"
	builtinRules  = "rules/rego/" // where checks that are part of the program stand in its repository
)

// localPath names a file of the user for a report that leaves the machine: relative to dir, with forward slashes. A file
// that is not below dir goes by its last element, since the folders of a host are nobody's business.
func localPath(file, dir string) string {
	clean := filepath.Clean(file)
	if filepath.IsAbs(clean) {
		rel, err := filepath.Rel(dir, clean)
		if err != nil {
			rel = ".."
		}
		clean = rel
	}
	if file == "" || clean == "." || !filepath.IsLocal(clean) {
		return filepath.Base(file)
	}
	return filepath.ToSlash(clean)
}

// policyPath names the file a check is written in. Checks of the program itself, "builtin:ssh/root_login.rego", go by the
// file of its repository; a position without a file by the first file of the policy.
func policyPath(p finding.Position, files []string, dir string) string {
	file := p.File
	if file == "" && len(files) > 0 {
		file = files[0]
	}
	if name, ok := strings.CutPrefix(file, builtinPrefix); ok {
		switch name = strings.TrimPrefix(path.Clean("/"+name), "/"); {
		case strings.HasPrefix(name, "rules/"):
			return name
		case path.Ext(name) == ".rego":
			return builtinRules + name
		}
		return "baselines/" + strings.TrimSuffix(name, ".toml") + ".toml"
	}
	if file == "" {
		return "baseline.toml"
	}
	return localPath(file, dir)
}

// relativeURI writes a path as a relative reference (RFC 3986).
func relativeURI(name string) string {
	return (&url.URL{Path: name}).String()
}

// targetLabel names a guest: its image, and its root where that is known, since an image may have several.
func targetLabel(tg *audit.Target, dir string) string {
	label := localPath(tg.Image, dir)
	if tg.Root != nil && tg.Root.Device != "" {
		label += " " + tg.Root.Called()
	}
	return EscapeText(label)
}

// locationText is one piece of evidence on one line: "/etc/x:3: the line <- wins".
func locationText(l finding.Location) string {
	text := at(finding.Position{File: l.Path, Line: l.Line})
	if line := strings.TrimSpace(l.Text); line != "" {
		text += ": " + EscapeText(line)
	}
	if l.Note != "" {
		text += " <- " + EscapeText(l.Note)
	}
	return text
}

// details are the lines below the message of a check: its evidence, its notes, how to fix it, and why it is waived.
func details(c finding.Finding) []string {
	var lines []string
	for _, l := range c.Where {
		lines = append(lines, locationText(l))
	}
	for _, n := range c.Notes {
		lines = append(lines, "note: "+EscapeText(n))
	}
	if c.Fix != "" {
		lines = append(lines, "fix: "+EscapeText(c.Fix))
	}
	if c.Waiver != nil {
		lines = append(lines, waiverText(c.Waiver))
	}
	return lines
}

func waiverText(w *finding.Waiver) string { return "waived: " + EscapeText(waiver(w)) }
