package engine

import (
	"context"
	"time"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

// Facts gathers what the request names from a guest of this machine. The error is that of facts.Collect.
func (m *Machine) Facts(ctx context.Context, g *guest.Guest, req facts.Request, now time.Time) (*facts.Document, error) {
	day := int(now.UTC().Unix() / 86400)
	doc, err := facts.Collect(ctx, g, req, Collectors(), day)
	if err != nil {
		return nil, err
	}
	disk := m.Disks[0]
	fsys := g.Root.FS.Description()
	doc.Meta = facts.Meta{
		Image:  facts.ImageMeta{Name: disk.Name, Format: disk.Description().Format, Size: disk.Size()},
		Root:   facts.RootMeta{Device: g.Root.Device, FSType: fsys.Type, UUID: fsys.UUID},
		NowDay: day,
	}
	return doc, nil
}
