package archive

import (
	"context"
	"fmt"
	"slices"
	"testing"
)

// newc is one member of a cpio archive.
func newc(mode int, name, content string) string {
	s := fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00", 0, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name)+1, 0, name)
	s += "\x00\x00\x00"[:pad4(int64(len(s)))] + content
	return s + "\x00\x00\x00"[:pad4(int64(len(s)))]
}

func TestLinksOfACpio(t *testing.T) {
	link := newc(0o120777, "init", "usr/lib/systemd/systemd")
	for name, c := range map[string]struct {
		content  string
		links    []string
		problems int
	}{
		"one":         {link + newc(0, "TRAILER!!!", ""), []string{"init -> usr/lib/systemd/systemd"}, 0},
		"breaks off":  {link[:len(link)-10], nil, 1},
		"no link":     {newc(0o100644, "init", "x") + newc(0, "TRAILER!!!", ""), nil, 0},
		"none is far": {newc(0o120777, "init", string(make([]byte, maxCpioName+1))) + newc(0, "TRAILER!!!", ""), nil, 0},
	} {
		var links []string
		problems := 0
		err := Walk([]byte(c.content), NewBudget(context.Background(), int64(len(c.content)), generous()), Visitor{
			Member:  func(Member) error { return nil },
			Link:    func(name, target string) { links = append(links, name+" -> "+target) },
			Problem: func(string, error) { problems++ },
		})
		if err != nil || !slices.Equal(links, c.links) || problems != c.problems {
			t.Errorf("%s: %q, %d problems, %v", name, links, problems, err)
		}
	}
}
