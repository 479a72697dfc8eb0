package lvm

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

// mirror reads the first leg of a mirror, which is whole from the beginning: the others are filled from it. Where it is missing
// another serves if the log on disk says that all are alike.
func (b *builder) mirror(o *built, s segment) (piece, error) {
	list := s.list("mirrors")
	n := s.number("mirror_count", 1, maxStripes)
	if s.wrong != nil {
		return piece{}, s.wrong
	}
	if int64(len(list)) != 2*n {
		return piece{}, binread.Corrupt("%s: %d legs, %d values for them", s.path, n, len(list))
	}
	var legs []piece
	var parts []*built
	for pair := range slices.Chunk(list, 2) {
		part := &built{}
		p, err := b.area(part, pair, s.count)
		if err != nil {
			return piece{}, fmt.Errorf("%s: %w", s.path, err)
		}
		legs, parts = append(legs, p), append(parts, part)
		o.lies(part)
	}
	use := 0
	if len(parts[0].lost.list) > 0 && b.logSaysAlike(s) {
		use = max(0, slices.IndexFunc(parts, func(p *built) bool { return len(p.lost.list) == 0 }))
	}
	o.lost.add(parts[use].lost.list...)
	for i, p := range parts {
		if i != use && len(p.lost.list) > 0 {
			o.note([]string{fmt.Sprintf("leg %d is missing", i+1)})
		}
	}
	return legs[use], nil
}

// logSaysAlike reads the log of a mirror: a header, and a bit for each region that is the same on all legs (dm-log, version 2).
func (b *builder) logSaysAlike(s segment) bool {
	const (
		magic   = 0x4d695272
		version = 2
		bits    = 1024 // where the bits begin
		maxBits = 1 << 20
	)
	region := sectorSize * s.optional("region_size", 0, 0, maxBytes/sectorSize)
	if region == 0 || !s.has("mirror_log") {
		return false
	}
	regions := (s.count*b.extentSize + region - 1) / region
	log, err := b.part(s.text("mirror_log"))
	if err != nil || regions > 8*maxBits {
		return false
	}
	head, err := binread.ReadAt(log.device, 0, 16, 16)
	if err != nil {
		return false
	}
	c := binread.Little(head)
	if c.U32() != magic || c.U32() != version {
		return false
	}
	set, err := binread.ReadAt(log.device, bits, (regions+7)/8, maxBits)
	for i := int64(0); err == nil && i < regions; i++ {
		if set[i/8]>>(i%8)&1 == 0 {
			return false
		}
	}
	return err == nil
}

// leg is one device of an array.
type leg struct {
	*built
	super superblock
	fault string // why its bytes must not be taken for those of the array; "" where they may
}

// raid reads an array of dm-raid.
func (b *builder) raid(o *built, s segment) (piece, error) {
	legs, err := b.legs(s)
	if err != nil {
		return piece{}, err
	}
	n := int64(len(legs))
	copies := int64(1)
	switch s.kind {
	case "raid1":
		copies = n
	case "raid10", "raid10_near":
		copies = s.optional("data_copies", 2, 2, n)
	}
	if s.wrong != nil {
		return piece{}, s.wrong
	}
	extents := s.count * copies / n
	if s.count > maxExtents/n || extents*n != s.count*copies {
		return piece{}, binread.Corrupt("%s: %d extents on %d devices in %d copies", s.path, s.count, n, copies)
	}
	for i, l := range legs {
		o.lies(l.built)
		if l.extents < extents {
			return piece{}, binread.Corrupt("%s: device %d has %d extents, want %d", s.path, i+1, l.extents, extents)
		}
		if copies > 1 && l.fault != "" {
			o.note([]string{fmt.Sprintf("copy %d %s", i+1, l.fault)})
		}
	}
	if s.kind == "raid1" {
		d, err := b.anyOf(o, s, legs)
		return piece{device: d}, err
	}
	chunk, err := b.chunk(s, extents)
	if err != nil {
		return piece{}, err
	}
	if copies > 1 {
		return b.near(o, s, legs, copies, chunk)
	}
	var all []device
	for _, l := range legs {
		o.lost.add(l.lost.list...)
		all = append(all, l.device)
	}
	return piece{device: striped(all, chunk)}, nil
}

// near is a RAID 10: the copies of a chunk lie on devices beside each other.
func (b *builder) near(o *built, s segment, legs []leg, copies, chunk int64) (piece, error) {
	n := int64(len(legs))
	if n%copies != 0 {
		return piece{}, binread.Unsupported("%s: %d copies on %d devices", s.path, copies, n)
	}
	// the sets of devices that a chunk can lie on come back after n chunks
	sets := make([]device, n)
	for c := range n {
		var set []leg
		for k := range copies {
			set = append(set, legs[(c*copies+k)%n])
		}
		var err error
		if sets[c], err = b.anyOf(o, s, set); err != nil {
			return piece{}, err
		}
	}
	return piece{device: &spread{chunk, func(c int64) (device, int64) { return sets[c%n], c * copies / n }}}, nil
}

// anyOf reads the legs that are whole. While the array is not in sync they may differ, and the first of them counts (md(4)). Where
// no leg is whole the bytes of one that is only missing its disk are missing.
func (b *builder) anyOf(o *built, s segment, legs []leg) (device, error) {
	var whole copies
	var faults []string
	synced := true
	for i, l := range legs {
		if l.fault == "" {
			whole = append(whole, l.device)
			synced = synced && l.super.synced()
			continue
		}
		faults = append(faults, fmt.Sprintf("copy %d %s", i+1, l.fault))
	}
	switch {
	case len(whole) > 0 && synced && !slices.ContainsFunc(legs, func(l leg) bool { return l.depth > 0 }):
		return whole, nil // on physical volumes: in a stack of arrays each would ask all below it again
	case len(whole) > 0:
		return whole[0], nil
	}
	for _, l := range legs {
		o.lost.add(l.lost.list...)
	}
	err := binread.Corrupt("%s: no copy is whole: %s", s.path, strings.Join(faults, ", "))
	if len(o.lost.list) > 0 {
		return unreadable{err}, nil
	}
	return nil, err
}

// legs reads the devices of an array, each with what its superblock says of it.
func (b *builder) legs(s segment) ([]leg, error) {
	field, count := "raids", "device_count"
	if s.kind == "raid0" {
		field = "raid0_lvs"
	}
	if !s.has(count) {
		count = "stripe_count"
	}
	names := s.texts(field)
	n := s.number(count, 1, maxStripes)
	switch {
	case s.wrong != nil:
		return nil, s.wrong
	case s.has("data_offset") || s.optional("reshape_count", 0, 0, maxExtents) > 0:
		return nil, binread.Unsupported("%s: an array that is being reshaped", s.path)
	}
	each := len(names) / int(n) // a superblock before the data, or the data alone
	if len(names) != each*int(n) || each != 1 && each != 2 {
		return nil, binread.Corrupt("%s: %d devices, %d names", s.path, n, len(names))
	}
	var legs []leg
	for group := range slices.Chunk(names, each) {
		l, err := b.leg(group)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.path, err)
		}
		legs = append(legs, l)
	}
	if each == 2 && s.kind != "raid0_meta" {
		judge(legs)
	}
	return legs, nil
}

// leg opens one device of an array.
func (b *builder) leg(names []string) (leg, error) {
	data, err := b.part(names[len(names)-1])
	if err != nil {
		return leg{}, err
	}
	l := leg{built: data}
	if len(data.lost.list) > 0 {
		l.fault = "is missing"
	}
	if data.has("REBUILD") {
		l.fault = "is being rebuilt"
	}
	if len(names) < 2 || l.fault != "" {
		return l, nil
	}
	meta, err := b.part(names[0])
	if err != nil {
		return leg{}, err
	}
	l.super, l.fault = readSuperblock(meta)
	return l, nil
}
