package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/engine/volume"
)

// headers opens the files of headers, which are watched like those of the images.
func (o *opener) headers() ([]volume.Header, error) {
	// a header has no snapshots of its own: Options.Snapshot is of the disks
	plain := *o
	plain.opts.Snapshot = ""
	var all []volume.Header
	for _, h := range o.opts.Headers {
		img, err := plain.header(h.File)
		if err != nil {
			return nil, fmt.Errorf("header of %s: %w", h.Device, err)
		}
		all = append(all, volume.Header{ReaderAt: img, Device: h.Device, Size: img.Size()})
	}
	return all, nil
}

func (o *opener) header(name string) (image.Image, error) {
	f, err := image.OpenFile(name)
	if err != nil {
		return nil, err
	}
	o.machine.closers = append(o.machine.closers, f)
	img, err := o.image(f, o.witness.watch(f), "", o.opts.AllowDirs)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	o.machine.closers = append(o.machine.closers, img)
	return img, nil
}

// headerOf returns the header that a person gave for v.
func (d *discovery) headerOf(v *volume.Volume) (volume.Header, bool) {
	i := slices.IndexFunc(d.headers, func(h volume.Header) bool { return v.Called(h.Device) })
	if i < 0 {
		return volume.Header{}, false
	}
	return d.headers[i], true
}

// openDetached opens v with a header that lies elsewhere. What v itself begins with does not count.
func (d *discovery) openDetached(ctx context.Context, v *Volume, h volume.Header) (content string, err error) {
	for _, f := range Volumes() {
		if f.Detached == nil {
			continue
		}
		ok, err := f.Probe(h, h.Size)
		if err != nil {
			return "", err
		}
		if ok {
			v.Table, err = f.Detached(ctx, v.Volume, h, d.opts)
			return f.Name, err
		}
	}
	return "", binread.Unsupported("the header that was given for %s is none that is known", v.Name)
}

// stray says which headers and keys are of volumes that do not exist: a person wrote another name.
func (d *discovery) stray() {
	for _, h := range d.headers {
		if !slices.ContainsFunc(d.Volumes, func(v Volume) bool { return v.Called(h.Device) }) {
			d.Problems = append(d.Problems, fmt.Sprintf("a header was given for %s, and no volume is called so", h.Device))
		}
	}
	for _, k := range d.opts.Keys {
		if k.Device != "*" && !slices.ContainsFunc(d.Volumes, func(v Volume) bool {
			return v.Called(k.Device) || v.Table != nil && strings.EqualFold(v.Table.UUID, k.Device)
		}) {
			d.Problems = append(d.Problems, fmt.Sprintf("a key was given for %s, and no volume is called so", k.Device))
		}
	}
}

// openedFrom is what a volume was decrypted from; nil where it was not.
func (m *Machine) openedFrom(v *volume.Volume) *guest.Volume {
	if v.Cipher == "" || v.Parent == nil {
		return nil
	}
	i := slices.IndexFunc(m.Volumes, func(o Volume) bool { return o.Volume == v.Parent })
	if i < 0 || m.Volumes[i].Table == nil {
		return nil
	}
	return guest.Sealed(m.guestVolume(v.Parent), m.Volumes[i].Table.UUID, v.Label)
}
