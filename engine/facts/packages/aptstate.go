package packages

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

const (
	dpkgInfo      = "/var/lib/dpkg/info"
	extendedState = "/var/lib/apt/extended_states"
)

// dpkgTimes adds when each package was installed: dpkg writes the list of its files then. Distroless images have no lists.
func dpkgTimes(s *facts.Scope, p *facts.Packages) {
	lists := map[string]bool{}
	for _, e := range s.ReadDir(dpkgInfo) {
		if strings.HasSuffix(e.Name, ".list") {
			lists[e.Name] = true
		}
	}
	for name, entries := range p.Installed {
		for i := range entries {
			list := name + ".list"
			if same := name + ":" + entries[i].Arch + ".list"; lists[same] {
				list = same // Multi-Arch: same
			}
			if !lists[list] {
				continue
			}
			o, err := s.Lstat(dpkgInfo + "/" + list)
			if err != nil {
				s.Problem(dpkgInfo+"/"+list, 0, err)
				continue
			}
			if !o.Modify.IsZero() {
				entries[i].InstallTime = o.Modify.Unix()
			}
		}
	}
}

// dpkgAuto adds which packages apt installed for others (apt-mark(8)). Without the file apt was never asked to.
func dpkgAuto(s *facts.Scope, p *facts.Packages) {
	auto := map[key]bool{}
	var now key
	is := false
	end := func() {
		if is {
			auto[now] = true
		}
		now, is = key{}, false
	}
	err := s.Lines(extendedState, func(_ int, text string) {
		field, value, _ := strings.Cut(text, ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(field) {
		case "":
			end()
		case "package":
			now.name = value
		case "architecture":
			now.arch = value
		case "auto-installed":
			is = value == "1"
		}
	})
	end()
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.Problem(extendedState, 0, err)
		}
		return
	}
	native := p.Installed["dpkg"]
	for name, entries := range p.Installed {
		for i := range entries {
			arch := entries[i].Arch
			is := auto[key{name, arch}]
			if arch == "all" && len(native) > 0 { // apt keeps these under its own architecture
				is = is || auto[key{name, native[0].Arch}]
			}
			entries[i].Auto = &is
		}
	}
}
