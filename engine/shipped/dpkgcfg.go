package shipped

import (
	"context"
	"errors"
	"io/fs"
	"regexp"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	dpkgConfig   = "/etc/dpkg/dpkg.cfg"
	dpkgConfigs  = "/etc/dpkg/dpkg.cfg.d"
	maxExcludes  = 500
	maxExclusion = 1000 // bytes of one
)

// excludes are the rules by which dpkg or pacman leaves out files of packages, such as documentation; the last that matches holds.
type excludes []exclude

type exclude struct {
	prefix string // before the first wildcard
	re     *regexp.Regexp
	leave  bool
}

func (all excludes) match(path string) bool {
	for i := len(all) - 1; i >= 0; i-- {
		if strings.HasPrefix(path, all[i].prefix) && all[i].re.MatchString(path) {
			return all[i].leave
		}
	}
	return false
}

// readExcludes reads path-exclude and path-include of dpkg.cfg(5).
func readExcludes(ctx context.Context, l *loader) excludes {
	var all excludes
	read := func(file string) {
		err := l.Lines(ctx, file, func(n int, line string) error {
			x, ok, err := parseExclude(line)
			if err != nil || len(all) == maxExcludes {
				l.Problem(file, binread.Corrupt("line %d: pattern cannot be used: %.60q", n, line))
			} else if ok {
				all = append(all, x)
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			l.Problem(file, err)
		}
	}
	read(dpkgConfig)
	entries, err := l.Guest().ReadDir(dpkgConfigs)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.Problem(dpkgConfigs, err)
	}
	for _, e := range entries {
		if configName.MatchString(e.Name) {
			read(dpkgConfigs + "/" + e.Name)
		}
	}
	return all
}

var configName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// parseExclude reads "path-exclude=PATTERN", whose name and value may also stand apart by spaces.
func parseExclude(line string) (x exclude, ok bool, err error) {
	line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "--"))
	i := strings.IndexAny(line, "= \t")
	if i < 0 || line[0] == '#' {
		return x, false, nil
	}
	name, pattern := line[:i], strings.Trim(line[i:], "= \t\"'")
	if name != "path-exclude" && name != "path-include" {
		return x, false, nil
	}
	x, err = newExclude(pattern, name == "path-exclude")
	return x, err == nil, err
}

func newExclude(pattern string, leave bool) (x exclude, err error) {
	if len(pattern) > maxExclusion {
		return x, binread.Limit("pattern of %d bytes", len(pattern))
	}
	x.leave = leave
	x.prefix, _, _ = strings.Cut(pattern, "*")
	if i := strings.IndexAny(x.prefix, `?[\`); i >= 0 {
		x.prefix = x.prefix[:i]
	}
	x.re, err = regexp.Compile(globPattern(pattern))
	return x, err
}

// globPattern writes a pattern of fnmatch(3), whose wildcards match slashes too, as a regular expression.
func globPattern(glob string) string {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; c {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteByte('.')
		case '[':
			end := strings.IndexByte(glob[min(i+2, len(glob)):], ']')
			if end < 0 {
				b.WriteString(`\[`)
				continue
			}
			set := glob[i+1 : i+2+end]
			if set[0] == '!' {
				set = "^" + set[1:]
			}
			b.WriteString("[" + strings.ReplaceAll(set, `\`, `\\`) + "]")
			i += 2 + end
		case '\\':
			i++
			if i < len(glob) {
				b.WriteString(regexp.QuoteMeta(glob[i : i+1]))
			}
		default:
			b.WriteString(regexp.QuoteMeta(glob[i : i+1]))
		}
	}
	b.WriteString(`\z`)
	return b.String()
}
