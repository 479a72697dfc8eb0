package shipped

import (
	"context"
	"crypto/md5"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/owners"
)

const (
	dpkgStatus    = "/var/lib/dpkg/status"
	dpkgUpdates   = "/var/lib/dpkg/updates"
	maxParagraphs = 200_000 // Debian has some 65,000 packages in all
	maxConffiles  = 1_000_000
)

// paragraph is what the status of a package says of its configuration files.
type paragraph struct {
	path       string
	line       int
	name, arch string
	state      string // the third word of Status
	conffiles  map[string]conffile
	listed     bool // a list of its files was read
}

type conffile struct {
	sum      [md5.Size]byte
	digested bool
	line     int
	gone     bool // the package has it no more, or takes it away at its next upgrade
}

func (p *paragraph) conffile(path string) (conffile, bool) {
	if p == nil {
		return conffile{}, false
	}
	c, ok := p.conffiles[path]
	return c, ok
}

// readStatus reads status, and what dpkg has not put into it yet: updates have the numbers in whose order they hold.
func (d *dpkgLoader) readStatus(ctx context.Context) {
	d.packages = map[string]*paragraph{}
	files := []string{dpkgStatus}
	entries, err := d.Guest().ReadDir(dpkgUpdates)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.Problem(dpkgUpdates, err)
	}
	for _, e := range entries {
		if _, err := strconv.ParseUint(e.Name, 10, 32); err == nil {
			files = append(files, dpkgUpdates+"/"+e.Name)
		}
	}
	for _, file := range files {
		s := statusReader{d: d, path: file}
		err := d.Lines(ctx, file, s.read)
		s.end()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			d.Problem(file, err)
		}
	}
}

// paragraph returns the status of the package whose list it is, or nil.
func (d *dpkgLoader) paragraph(list owners.DpkgList) *paragraph {
	if list.Arch != "" {
		return d.packages[list.Package+":"+list.Arch]
	}
	return d.packages[list.Package]
}

// compareStatus tells packages that are installed and have no list.
func (d *dpkgLoader) compareStatus() {
	const named = 5
	missing := map[string][]string{} // by the file that says so
	for _, p := range d.installed {
		if p.state == "installed" && !p.listed && d.packages[p.name+":"+p.arch] == p {
			missing[p.path] = append(missing[p.path], p.name)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(missing)) {
		names := missing[file]
		text := "installed, without a list of its files: " + strings.Join(names[:min(len(names), named)], ", ")
		if more := len(names) - named; more > 0 {
			text += " and " + strconv.Itoa(more) + " more packages"
		}
		d.weakness(Contradicted, file, text)
	}
}

// statusReader reads paragraphs of deb-control(5).
type statusReader struct {
	d         *dpkgLoader
	path      string
	now       *paragraph
	conffiles int // in all paragraphs
	within    bool
}

func (s *statusReader) read(n int, line string) error {
	if strings.TrimSpace(line) == "" {
		s.end()
		return nil
	}
	if line[0] == ' ' || line[0] == '\t' {
		if s.within && s.now != nil {
			return s.conffile(n, strings.TrimSpace(line))
		}
		return nil
	}
	if s.now == nil {
		s.now = &paragraph{path: s.path, line: n}
	}
	name, value, _ := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	s.within = strings.EqualFold(name, "Conffiles")
	switch {
	case strings.EqualFold(name, "Package"):
		s.now.name = value
	case strings.EqualFold(name, "Architecture"):
		s.now.arch = value
	case strings.EqualFold(name, "Status"):
		s.now.state = value[strings.LastIndexByte(value, ' ')+1:]
	}
	return nil
}

// conffile reads "path digest", which flags may follow. A path may have spaces.
func (s *statusReader) conffile(n int, line string) error {
	if s.conffiles++; s.conffiles > maxConffiles {
		return binread.Limit("more than %d configuration files", maxConffiles)
	}
	c := conffile{line: n}
	for {
		rest, flag, ok := cutLast(line)
		if !ok || flag != "obsolete" && flag != "remove-on-upgrade" {
			break
		}
		line, c.gone = rest, true
	}
	file, digest, ok := cutLast(line)
	if !ok || !strings.HasPrefix(file, "/") {
		s.d.Problem(s.path, binread.Corrupt("line %d is no configuration file and digest: %.60q", n, line))
		return nil
	}
	if digest != "newconffile" { // unpacked and not configured yet
		if c.sum, c.digested = parseMD5(digest); !c.digested {
			s.d.Problem(s.path, binread.Corrupt("line %d: no digest of %.60q", n, file))
		}
	}
	if s.now.conffiles == nil {
		s.now.conffiles = map[string]conffile{}
	}
	s.now.conffiles[file] = c
	return nil
}

func cutLast(s string) (before, last string, ok bool) {
	i := strings.LastIndexByte(s, ' ')
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+1:], true
}

// end closes the paragraph at hand.
func (s *statusReader) end() {
	p := s.now
	s.now, s.within = nil, false
	if p == nil || p.name == "" || len(s.d.installed) == maxParagraphs {
		return
	}
	s.d.installed = append(s.d.installed, p)
	s.d.packages[p.name+":"+p.arch] = p
	// A list without an architecture is that of the only package of the name.
	s.d.packages[p.name] = p
}
