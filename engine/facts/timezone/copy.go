package timezone

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

// copied names the zone of a file that is no link into the database: every name whose file has the same bytes. Of several
// the guest's own text files choose; without them it is the canonical one.
func copied(ctx context.Context, s *facts.Scope, content []byte, r rules, text *facts.Value[string], source *facts.Source) (*facts.Timezone, error) {
	names, err := sameContent(ctx, s, content)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 && r.utc() {
		names = []string{"UTC"}
	}
	if len(names) == 0 {
		return nil, &fs.PathError{Op: "name", Path: localtime, Err: errors.New("is a copy of no zone in this guest's database")}
	}
	name := names[0]
	for _, n := range names {
		if canonical(n) == n {
			name = n
			break
		}
	}
	if text != nil && slices.Contains(names, text.Value) {
		name = text.Value
	}
	return set("copy", name, names, source), nil
}

// sameContent returns the names in the guest's databases of files with this content, sorted. The copies in posix/ are
// left out, and those in right/ have other rules.
func sameContent(ctx context.Context, s *facts.Scope, content []byte) ([]string, error) {
	var names []string
	same := map[string]bool{} // by resolved path
	doubted := false
	for _, dir := range databases[:3] {
		var links []string
		err := s.Guest.Walk(ctx, dir, func(o guest.Object, err error) error {
			name := strings.TrimPrefix(o.Path, dir+"/")
			if err != nil && (!doubted || !errors.Is(err, binread.ErrChecksum)) {
				s.Problem(o.Path, 0, err) // one is enough for a database that is not to be believed
				doubted = true
			}
			switch {
			case o.IsDir() && (name == "posix" || name == "right"):
				return fs.SkipDir
			case name == "localtime" || name == "posixrules":
			case o.IsSymlink():
				links = append(links, name)
			case o.IsRegular() && o.Size == int64(len(content)):
				b, err := s.Guest.ReadFile(o.Path, maxTZif)
				if err != nil && !errors.Is(err, binread.ErrChecksum) {
					s.Problem(o.Path, 0, err)
				}
				if b != nil && bytes.Equal(b, content) {
					names = append(names, name)
					same[o.Path] = true
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, name := range links {
			if target, err := s.Guest.Resolve(dir + "/" + name); err == nil && same[target] {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
