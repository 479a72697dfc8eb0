package engine

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

// Facts gathers what the request names from a guest of this machine, from the cache where it holds the same facts of the
// same disks. The error is that of facts.Collect.
func (m *Machine) Facts(ctx context.Context, g *guest.Guest, req facts.Request, now time.Time) (*facts.Document, error) {
	today := day(now)
	key := m.factsKey(g, req, today)
	doc, ok := m.cache.Get(key, Collectors())
	if !ok {
		var err error
		if doc, err = facts.Collect(ctx, g, req, Collectors(), today); err != nil {
			return nil, err
		}
		if m.Identity.Settled && complete(doc) {
			m.cache.Put(key, doc)
		}
	}
	disk := m.Disks[0]
	fsys := g.Root.FS.Description()
	doc.Meta = facts.Meta{
		Image:  facts.ImageMeta{Name: disk.Name, Format: disk.Description().Format, Size: disk.Size()},
		Root:   facts.RootMeta{Device: g.Root.Device, Path: g.Tree.Name, FSType: fsys.Type, UUID: fsys.UUID, Layers: g.Root.Layers},
		System: g.System,
		NowDay: today,
	}
	if g.Name != g.Root.Device {
		doc.Meta.Root.Name = g.Name
	}
	return doc, nil
}

// Kept fills v with what Keep kept of the same facts of the same disks under the same name, and reports whether there was something.
func (m *Machine) Kept(g *guest.Guest, req facts.Request, now time.Time, name string, v any) bool {
	b, ok := m.cache.Bytes(m.keptKey(g, req, now, name))
	return ok && unmarshal(b, v) == nil
}

// Keep keeps v, which was made of the document and nothing else, for Kept. It keeps nothing of facts that may be others the next time.
func (m *Machine) Keep(g *guest.Guest, doc *facts.Document, req facts.Request, now time.Time, name string, v any) {
	if !m.Identity.Settled || !complete(doc) {
		return
	}
	if b, err := cbor.Marshal(v); err == nil {
		m.cache.PutBytes(m.keptKey(g, req, now, name), b)
	}
}

// keptKey names what is made of a document, in which the name of the image stands, too.
func (m *Machine) keptKey(g *guest.Guest, req facts.Request, now time.Time, name string) string {
	return fmt.Sprintf("%s %q %s", name, m.Disks[0].Name, m.factsKey(g, req, day(now)))
}

// day is the day of a time, since 1970-01-01 UTC.
func day(t time.Time) int { return int(t.UTC().Unix() / 86400) }

// ReadFacts returns the document that the file called name holds, or false when the file holds none: then it is an image.
// A file of whole sectors is an image whatever it begins with: the guest writes the first sector of a raw disk, and must
// not be judged by facts that it made up. No document has such a size (facts.Unaligned).
func ReadFacts(name string) (*facts.Document, bool, error) {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || facts.Aligned(info.Size()) {
		return nil, false, nil // for OpenFile to say
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, false, nil
	}
	defer f.Close()
	r := bufio.NewReader(f)
	start, err := r.Peek(int(min(512, info.Size())))
	if err != nil || !facts.IsStored(start) {
		return nil, false, nil
	}
	doc, err := facts.Read(r, Collectors())
	if err != nil {
		return nil, true, fmt.Errorf("%s: %w", name, err)
	}
	return doc, true, nil
}

// factsKey names facts by all they depend on beside this program: the disks, the guest, the request and the day.
func (m *Machine) factsKey(g *guest.Guest, req facts.Request, day int) string {
	// Go syntax keeps names apart that are not UTF-8, and sorts maps.
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v %#v %#v %#v %d", m.Identity.Digest, m.snapshot, g.Name, req, day))
	return hex.EncodeToString(sum[:])
}

// complete reports whether nothing went wrong that may go better the next time, such as a read error of the host.
func complete(d *facts.Document) bool {
	for _, st := range d.Collectors {
		if st.State == facts.Partial || st.State == facts.Error {
			return false
		}
	}
	if files, ok := facts.Get[facts.Files](d, "files"); ok {
		for _, f := range *files {
			if f.Error != "" {
				return false
			}
		}
	}
	if globs, ok := facts.Get[facts.Globs](d, "globs"); ok {
		for _, g := range *globs {
			if g.Error != "" {
				return false
			}
		}
	}
	if values, ok := facts.Get[facts.Registry](d, "registry"); ok {
		for _, v := range *values {
			if v.Error != "" {
				return false
			}
		}
	}
	return true
}
