package rpmdb

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxTags    = 1 << 16   // of one header, as rpm has it
	maxValues  = 64 << 20  // of all headers together
	maxHeader  = 256 << 20 // bytes of data, as rpm has it
	indexEntry = 16        // bytes
)

// Tags (rpm 4.18, docs/manual/tags.md).
const (
	tagName, tagVersion, tagRelease, tagEpoch = 1000, 1001, 1002, 1003
	tagInstallTime, tagVendor, tagArch        = 1008, 1011, 1022
	tagSourceRPM                              = 1044
	tagProvideName, tagProvideFlags           = 1047, 1112
	tagProvideVersion                         = 1113
	tagModularityLabel                        = 5096
)

// signatures are the tags that hold one: SIGPGP, SIGGPG, DSAHEADER, RSAHEADER and OPENPGP, of the header or of header and content.
var signatures = [...]uint32{259, 262, 267, 268, 278}

// Types of data.
const (
	typeChar, typeInt8, typeInt16             = 1, 2, 3
	typeInt32, typeInt64                      = 4, 5
	typeString, typeStringArray, typeI18NText = 6, 8, 9
)

// Header is one installed package.
type Header struct {
	Number              int // in the database, from 1
	Name, Version, Arch string
	Release             string
	Epoch               string // "" when the package has none
	Vendor, SourceRPM   string
	Module              string // modularity label: "nodejs:18:8080020220726"
	InstallTime         int64  // seconds since 1970; 0 when not known
	Signed              bool   // there is a signature of the package, whoever made it and of whatever
	Provides            []Provide

	tags  []tag
	data  []byte
	count *int // values in all headers
}

// Provide is a name the package stands for, with its version where it is for one version.
type Provide struct{ Name, Version string }

// EVR is the whole version, as in rpm's %{EVR}.
func (h *Header) EVR() string {
	v := h.Version + "-" + h.Release
	if h.Epoch != "" {
		v = h.Epoch + ":" + v
	}
	return v
}

type tag struct{ id, kind, offset, count uint32 }

// decode reads a header as it stands in the database, without a magic number. Count is how many values were read so far.
func decode(b []byte, count *int) (*Header, error) {
	c := binread.Big(b)
	tags, n := c.U32(), c.U32()
	switch {
	case c.Err() != nil:
		return nil, c.Err()
	case tags == 0 || tags >= maxTags:
		return nil, binread.Corrupt("header has %d tags, want 1 to %d", tags, maxTags-1)
	case n > maxHeader || int64(len(b)) != 8+indexEntry*int64(tags)+int64(n):
		return nil, binread.Corrupt("header has %d bytes, want 8, %d of %d tags and %d of data", len(b), indexEntry*tags, tags, n)
	}
	h := &Header{tags: make([]tag, tags), count: count}
	for i := range h.tags {
		h.tags[i] = tag{c.U32(), c.U32(), c.U32(), c.U32()}
	}
	h.data = b[len(b)-int(n):]
	d := decoder{h: h}
	h.Name, h.Version, h.Release = d.text(tagName), d.text(tagVersion), d.text(tagRelease)
	h.Arch, h.Vendor, h.SourceRPM, h.Module = d.text(tagArch), d.text(tagVendor), d.text(tagSourceRPM), d.text(tagModularityLabel)
	if epoch := d.numbers(tagEpoch); len(epoch) > 0 {
		h.Epoch = strconv.FormatUint(epoch[0], 10)
	}
	if at := d.numbers(tagInstallTime); len(at) > 0 {
		h.InstallTime = int64(at[0])
	}
	h.Signed = slices.ContainsFunc(h.tags, func(t tag) bool {
		return slices.Contains(signatures[:], t.id) && t.count > 0 && uint64(t.offset) < uint64(len(h.data))
	})
	d.provides()
	switch {
	case d.err != nil:
		return nil, d.err
	case h.Name == "" || h.Version == "" || h.Release == "":
		return nil, binread.Corrupt("header of %.60q has version %.60q and release %.60q, want none empty", h.Name, h.Version, h.Release)
	}
	return h, nil
}

// decoder takes values out of a header. After the first error it returns nothing.
type decoder struct {
	h   *Header
	err error
}

func (d *decoder) provides() {
	names, versions, flags := d.strings(tagProvideName), d.strings(tagProvideVersion), d.numbers(tagProvideFlags)
	if d.err == nil && len(versions) > 0 && (len(versions) != len(names) || len(flags) != len(names)) {
		d.err = binread.Corrupt("%d names that %.60q provides have %d versions and %d flags", len(names), d.h.Name, len(versions), len(flags))
	}
	if d.err != nil {
		return
	}
	for i, name := range names {
		p := Provide{Name: name}
		if len(versions) > 0 && flags[i]&(1<<3) != 0 { // "=", and not "<" or ">" alone
			p.Version = versions[i]
		}
		d.h.Provides = append(d.h.Provides, p)
	}
}

// find returns the tag and its data. What was added to a header after it was signed stands last, and counts.
func (d *decoder) find(id uint32) (t tag, data []byte, ok bool) {
	if d.err != nil {
		return t, nil, false
	}
	for i := len(d.h.tags) - 1; i >= 0; i-- {
		if t = d.h.tags[i]; t.id != id {
			continue
		}
		if t.count == 0 || uint64(t.offset) >= uint64(len(d.h.data)) {
			d.err = binread.Corrupt("tag %d has %d values at %d of %d bytes", id, t.count, t.offset, len(d.h.data))
			return t, nil, false
		}
		return t, d.h.data[t.offset:], true
	}
	return t, nil, false
}

func (d *decoder) text(id uint32) string {
	if all := d.strings(id); len(all) > 0 && all[0] != "(none)" {
		return all[0]
	}
	return ""
}

// counted reports whether the values of t may be taken: one byte of a header can become sixteen of a list.
func (d *decoder) counted(t tag) bool {
	if *d.h.count += int(t.count); *d.h.count > maxValues {
		d.err = binread.Limit("packages have more than %d names of files and of what they provide", maxValues)
	}
	return d.err == nil
}

func (d *decoder) strings(id uint32) []string {
	t, data, ok := d.find(id)
	if !ok {
		return nil
	}
	switch {
	case t.kind != typeString && t.kind != typeStringArray && t.kind != typeI18NText, t.kind == typeString && t.count != 1:
		d.err = binread.Corrupt("tag %d has %d values of type %d, want strings", id, t.count, t.kind)
		return nil
	case uint64(t.count) > uint64(len(data)): // each has at least its zero
		d.err = binread.Corrupt("tag %d has %d strings in %d bytes", id, t.count, len(data))
		return nil
	}
	if !d.counted(t) {
		return nil
	}
	all := make([]string, t.count)
	for i := range all {
		end := bytes.IndexByte(data, 0)
		if end < 0 {
			d.err = binread.Corrupt("tag %d has %d strings, want %d", id, i, t.count)
			return nil
		}
		all[i], data = string(data[:end]), data[end+1:]
	}
	return all
}

func (d *decoder) numbers(id uint32) []uint64 {
	t, data, ok := d.find(id)
	if !ok {
		return nil
	}
	size, known := map[uint32]int{typeChar: 1, typeInt8: 1, typeInt16: 2, typeInt32: 4, typeInt64: 8}[t.kind]
	if !known || uint64(t.count) > uint64(len(data)/max(size, 1)) {
		d.err = binread.Corrupt("tag %d has %d values of type %d in %d bytes, want numbers", id, t.count, t.kind, len(data))
		return nil
	}
	if !d.counted(t) {
		return nil
	}
	all := make([]uint64, t.count)
	c := binread.Big(data)
	for i := range all {
		switch size {
		case 1:
			all[i] = uint64(c.U8())
		case 2:
			all[i] = uint64(c.U16())
		case 4:
			all[i] = uint64(c.U32())
		default:
			all[i] = c.U64()
		}
	}
	return all
}
