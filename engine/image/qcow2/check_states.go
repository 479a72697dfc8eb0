package qcow2

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

const (
	maxL1Bytes  = 1 << 30 // of all states together
	maxL2Tables = 1 << 22
)

// l2Table is an L2 table of the file, with how many L1 entries name it.
type l2Table struct {
	off    int64
	times  uint32
	guest  int64 // of the current state, or image.Nowhere
	active bool
}

// countStates counts the references of the current state and of every snapshot. An L2 table that several of them share is read once.
func (k *check) countStates() error {
	m := k.m
	snapshots, err := readSnapshots(m.r, m.fileSize, m.head)
	if err != nil {
		return err
	}
	if err := k.countSnapshotTable(snapshots); err != nil {
		return err
	}
	states := []table{{m.head.l1Off, int64(m.head.l1Entries), m.head.size}}
	for _, s := range snapshots {
		if err := m.head.checkTable(s.l1, m.fileSize); err != nil {
			k.damage(fmt.Sprintf("snapshot %.80q: %v", s.Name, err), m.head.snapshotsOff)
			continue
		}
		states = append(states, s.l1)
	}
	tables := map[int64]*l2Table{}
	read := int64(0)
	for i, s := range states {
		if read += s.entries * 8; read > maxL1Bytes {
			return binread.Limit("L1 tables of more than %d bytes", maxL1Bytes)
		}
		if err := k.countL1(s, i == 0, tables); err != nil {
			return err
		}
	}
	order := make([]*l2Table, 0, len(tables))
	for _, t := range tables {
		order = append(order, t)
	}
	slices.SortFunc(order, func(a, b *l2Table) int {
		if a.active != b.active {
			return -cmp.Compare(boolInt(a.active), boolInt(b.active))
		}
		return cmp.Or(cmp.Compare(a.guest, b.guest), cmp.Compare(a.off, b.off))
	})
	for _, t := range order {
		if err := k.countL2(t); err != nil {
			return err
		}
	}
	return nil
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (k *check) countSnapshotTable(all []snapshot) error {
	n := int64(0)
	for _, s := range all {
		n = (n+7)&^7 + s.bytes
	}
	return k.refer(k.m.head.snapshotsOff, n, reference{use: useMeta, times: 1, guest: image.Nowhere})
}

// countL1 counts the references of an L1 table, and collects the L2 tables that it names.
func (k *check) countL1(t table, active bool, tables map[int64]*l2Table) error {
	if err := k.refer(t.off, t.entries*8, reference{use: useMeta, times: 1, guest: image.Nowhere}); err != nil || t.entries == 0 {
		return err
	}
	b, err := binread.ReadAt(k.m.r, t.off, t.entries*8, maxL1*8)
	if err != nil {
		return fmt.Errorf("L1 table at %#x: %w", t.off, err)
	}
	c := binread.Big(b)
	for i := range t.entries {
		guest := int64(image.Nowhere)
		if active {
			guest = i * k.m.head.coverage()
		}
		if entry := c.U64(); entry != 0 {
			if err := k.countL1Entry(t.off+8*i, entry, guest, tables); err != nil {
				return err
			}
		}
	}
	return k.ctx.Err()
}

// countL1Entry counts the reference of an L1 entry. Its guest offset is image.Nowhere where it is a snapshot's.
func (k *check) countL1Entry(at int64, entry uint64, guest int64, tables map[int64]*l2Table) error {
	h := k.m.head
	d := image.Damage{Harm: image.Damaged, Host: at, Guest: guest, Len: h.coverage(), Units: 1}
	if entry&l1Reserved != 0 {
		d.Problem = "an L1 entry has reserved bits set"
		k.report(d)
	}
	off := int64(entry & offsetMask)
	switch {
	case off == 0:
		return nil
	case off&(h.clusterSize()-1) != 0:
		d.Problem = "an L1 entry names an L2 table that is not at a cluster"
		k.report(d)
		return nil
	case off >= k.m.fileSize:
		d.Problem = "an L1 entry names an L2 table beyond the end of the file"
		k.report(d)
		return nil
	}
	if err := k.refer(off, h.clusterSize(), reference{use: useL2, times: 1, guest: guest}); err != nil {
		return err
	}
	if copied := entry&flagCopied != 0; guest >= 0 && copied != (k.counts.stored(off/h.clusterSize()) == 1) {
		d.Problem = "the COPIED flag of an L1 entry contradicts the reference count"
		k.report(d)
	}
	t, ok := tables[off]
	switch {
	case !ok && len(tables) == maxL2Tables:
		return binread.Limit("more than %d L2 tables", maxL2Tables)
	case !ok:
		tables[off] = &l2Table{off, 1, guest, guest >= 0}
	case guest >= 0: // the current state is the first, so that it names the table twice
		d.Problem = "two L1 entries name the same L2 table"
		k.report(d)
		fallthrough
	default:
		t.times++
	}
	return nil
}

// countL2 counts the references of an L2 table.
func (k *check) countL2(t *l2Table) error {
	h := k.m.head
	if err := k.ctx.Err(); err != nil {
		return err
	}
	b, err := binread.ReadAt(k.m.r, t.off, min(h.clusterSize(), k.m.fileSize-t.off), 1<<maxClusterBits)
	if err != nil {
		return fmt.Errorf("L2 table at %#x: %w", t.off, err)
	}
	w := l2Walk{check: k, l2Table: t, last: -1}
	c := binread.Big(b)
	for at := t.off; int64(c.Len()) >= h.entrySize(); at += h.entrySize() {
		entry, subclusters := c.U64(), uint64(0)
		if h.extended() {
			subclusters = c.U64()
		}
		if entry != 0 || subclusters != 0 {
			w.mapped = true
			if err := w.count(at, entry, subclusters); err != nil {
				return err
			}
		}
	}
	if int64(len(b)) < h.clusterSize() {
		k.report(image.Damage{Harm: image.Damaged, Problem: "an L2 table is cut off by the end of the file", Host: t.off, Guest: t.guest, Len: h.coverage(), Units: 1})
	}
	if !w.mapped && t.active {
		k.empty = append(k.empty, t.guest)
	}
	return k.decompress(w.compressed)
}

// l2Walk is an L2 table that is being read.
type l2Walk struct {
	*check
	*l2Table
	mapped     bool
	last, host int64 // the entry and cluster of data that was seen last
	compressed []packed
}

// packed is a compressed cluster.
type packed struct {
	at, descriptor, guest int64
	err                   error
}

// count counts the reference of the entry at at.
func (w *l2Walk) count(at int64, entry, subclusters uint64) error {
	h := w.m.head
	index := (at - w.off) / h.entrySize()
	d := image.Damage{Harm: image.Damaged, Host: at, Guest: image.Nowhere, Len: h.clusterSize(), Units: 1}
	if w.active {
		d.Guest = w.guest + index<<h.clusterBits
	}
	say := func(problem string) { d.Problem = problem; w.report(d) }
	if entry&flagCompress != 0 {
		return w.countCompressed(entry, subclusters, d)
	}
	if entry&l2Reserved != 0 || entry&flagZero != 0 && (h.version == 2 || h.extended()) {
		say("an L2 entry has reserved bits set")
	}
	if uint32(subclusters)&uint32(subclusters>>32) != 0 {
		say("an L2 entry has subclusters that are both allocated and zero")
	}
	host := int64(entry & offsetMask)
	switch {
	case w.m.data != nil:
		if kind := entry&flagCopied != 0 || host != 0; kind && image.Clip(w.m.data.Size(), host, 1) == 0 {
			say("an L2 entry names a cluster beyond the end of the data file")
		}
		return nil
	case host == 0:
		if uint32(subclusters) != 0 {
			say("an L2 entry has allocated subclusters in no cluster")
		}
		return nil
	case host&(h.clusterSize()-1) != 0:
		say("an L2 entry names a cluster that is not aligned")
		return nil
	}
	r := reference{use: useData, times: w.times, guest: d.Guest}
	if w.active {
		r.use |= useActive
	}
	if err := w.refer(host, h.clusterSize(), r); err != nil || !w.active {
		return err
	}
	if copied := entry&flagCopied != 0; copied != (w.counts.stored(host/h.clusterSize()) == 1) {
		say("the COPIED flag of an L2 entry contradicts the reference count")
	}
	w.noteGap(index, host)
	return nil
}

// noteGap remembers where data that lies in the file as it does in the guest is interrupted by entries that map nothing.
func (w *l2Walk) noteGap(index, host int64) {
	size := w.m.head.clusterSize()
	n := index - w.last - 1
	if w.last >= 0 && n > 0 && host-w.host == (n+1)*size && w.counts.stored(w.host/size+1) > 0 {
		w.gaps = append(w.gaps, gap{host: w.host + size, guest: w.guest + (w.last+1)*size, n: n})
	}
	w.last, w.host = index, host
}

// countCompressed counts the reference of the entry of a compressed cluster.
func (w *l2Walk) countCompressed(entry, subclusters uint64, d image.Damage) error {
	say := func(problem string) { d.Problem = problem; w.report(d) }
	switch {
	case w.m.data != nil:
		say("an L2 entry has a compressed cluster, and the data is in another file")
		return nil
	case subclusters != 0:
		say("an L2 entry has a compressed cluster with subclusters")
	case entry&flagCopied != 0:
		say("an L2 entry has a compressed cluster with the COPIED flag")
	}
	descriptor := int64(entry & (flagCompress - 1))
	off, n := w.m.head.place(descriptor)
	if err := w.refer(off, n, reference{use: useCompressed, times: w.times, guest: d.Guest}); err != nil {
		return err
	}
	w.compressed = append(w.compressed, packed{at: d.Host, descriptor: descriptor, guest: d.Guest})
	return nil
}
