package xfs

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
)

// Types of items of the log.
const (
	itemFree      = 0x1236 // XFS_LI_EFI, the first of the intents: the item that says that it is done is the next number
	itemInode     = 0x123b
	itemBuffer    = 0x123c
	itemDquot     = 0x123d
	itemQuotaOff  = 0x123e
	itemCreate    = 0x123f
	itemRmap      = 0x1240
	itemRefcount  = 0x1242
	itemMap       = 0x1244
	itemAttribute = 0x1246
	itemExchange  = 0x1248
	itemLast      = 0x124f
)

const (
	maxIntents = 1 << 20
	maxWork    = 64 << 30
)

// replay is what a log changes. It reads the log twice: a buffer that is cancelled later in it must not be replayed before that.
type replay struct {
	fs        *FS
	log       *log
	cancelled map[bufferAt]int
	starts    map[int64]int          // how many buffers are cancelled at a sector
	work      int64                  // bytes of buffers and inodes that were looked at
	intents   map[intentKey]struct{} // what was begun and is not said to be done
	owners    bool                   // forks were exchanged whose blocks still name the other inode
}

// bufferAt is a piece of the device, in sectors of 512 bytes.
type bufferAt struct {
	sector int64
	count  uint32
}

// intentKey is work in several transactions: its kind and number.
type intentKey struct {
	kind uint16
	id   uint64
}

// recover replays the log in memory. What cannot be replayed is a problem, not an error.
func (f *FS) recover() {
	l, err := f.openLog()
	if err != nil {
		f.logProblem = fmt.Sprintf("log: %v; whether all was written back is not known", err)
		f.problem(true, "%s", f.logProblem)
		return
	}
	if l.torn > 0 {
		f.problem(false, "the last %d records of the log, of which one has a wrong checksum, do not count, as for a mount", l.torn)
	}
	if l.clean {
		return
	}
	f.device.replayed = overlay{}
	r := newReplay(f, l)
	err = r.run()
	if err == nil {
		err = f.reload()
	}
	if err != nil {
		f.device.replayed = nil // half of a log is worse than none
		f.forget()
		f.logProblem = fmt.Sprintf("the log was not replayed, and the newest changes are missing: %v", err)
		f.problem(true, "%s", f.logProblem)
		return
	}
	f.unfinished = len(r.intents) > 0
	r.describe()
}

func newReplay(f *FS, l *log) *replay {
	return &replay{fs: f, log: l, cancelled: map[bufferAt]int{}, starts: map[int64]int{}, intents: map[intentKey]struct{}{}}
}

// spend bounds what a log can ask for: a few bytes of it may be about a large buffer.
func (r *replay) spend(n int64) error {
	if r.work += n; r.work > maxWork {
		return binread.Limit("buffers of more than %d bytes", maxWork)
	}
	return nil
}

// reload reads the superblock again, as it is after the replay.
func (f *FS) reload() error {
	f.forget()
	s, err := f.superblockAt(0)
	if f.copied {
		return nil
	}
	if err != nil && !errors.Is(err, binread.ErrChecksum) {
		return fmt.Errorf("superblock in it: %w", err)
	}
	if s.blockSize != f.super.blockSize || s.inodeSize != f.super.inodeSize || s.agBlocks != f.super.agBlocks || s.logStart != f.super.logStart {
		return binread.Corrupt("superblock in it: other sizes of blocks, inodes or groups")
	}
	f.super = s
	return nil
}

func (r *replay) run() error {
	if err := r.log.run(r.cancels); err != nil {
		return err
	}
	return r.log.run(r.apply)
}

// cancels is the first pass: it counts how often each buffer is cancelled.
func (r *replay) cancels(t *transaction) error {
	for i := range t.items {
		if t.items[i].kind() != itemBuffer {
			continue
		}
		b, err := decodeBuffer(&t.items[i])
		if err != nil {
			return err
		}
		if b.flags&bufferCancel == 0 {
			continue
		}
		if r.cancelled[b.at]++; len(r.cancelled) > maxIntents {
			return binread.Limit("more than %d cancelled buffers", maxIntents)
		}
		r.starts[b.at.sector]++
	}
	return nil
}

// apply is the second pass. The items of a transaction have an order: what inodes are put into comes in front of them, and behind them
// what says that a buffer is gone.
func (r *replay) apply(t *transaction) error {
	var ranks [4][]*item
	for i := range t.items {
		rank, err := rankOf(&t.items[i])
		if err != nil {
			return err
		}
		ranks[rank] = append(ranks[rank], &t.items[i])
	}
	for _, i := range slices.Concat(ranks[:]...) {
		if err := r.item(i, t.lsn); err != nil {
			return fmt.Errorf("item of type %#x: %w", i.kind(), err)
		}
	}
	return nil
}

func rankOf(i *item) (int, error) {
	const buffers, others, inodeBuffers, cancels = 0, 1, 2, 3
	switch i.kind() {
	case itemCreate:
		return buffers, nil
	case itemBuffer:
		b, err := decodeBuffer(i)
		switch {
		case err != nil:
			return 0, err
		case b.flags&bufferCancel != 0:
			return cancels, nil
		case b.flags&bufferInodes != 0:
			return inodeBuffers, nil
		}
		return buffers, nil
	}
	return others, nil
}

func (r *replay) item(i *item, lsn uint64) error {
	kind := i.kind()
	switch {
	case kind == itemBuffer:
		return r.buffer(i, lsn)
	case kind == itemInode:
		return r.inode(i, lsn)
	case kind == itemCreate:
		return r.create(i)
	case kind == itemDquot || kind == itemQuotaOff: // nothing is read by quotas
		return nil
	case kind == itemFree, kind >= itemRmap && kind <= itemLast && kind%2 == 0:
		return r.begun(i, kind)
	case kind == itemFree+1, kind > itemRmap && kind <= itemLast:
		return r.done(i, kind-1)
	}
	return binread.Unsupported("what is not known")
}

func (r *replay) begun(i *item, kind uint16) error {
	c := binread.Little(i.parts[0])
	id := c.At(8).U64()
	if r.intents[intentKey{kind, id}] = struct{}{}; len(r.intents) > maxIntents {
		return binread.Limit("more than %d at the same time", maxIntents)
	}
	return c.Err()
}

func (r *replay) done(i *item, kind uint16) error {
	c := binread.Little(i.parts[0])
	delete(r.intents, intentKey{kind, c.At(8).U64()})
	return c.Err()
}

// describe says what the next mount would finish.
func (r *replay) describe() {
	space, content := 0, 0
	for i := range maps.Keys(r.intents) {
		switch i.kind {
		case itemMap, itemAttribute, itemExchange:
			content++
		default:
			space++
		}
	}
	if content > 0 {
		r.fs.problem(true, "the log ends in %d changes of files that are not finished: their content or attributes are not what they will be", content)
	}
	if r.owners {
		r.fs.problem(true, "the log exchanges the content of files: some of their blocks still name the other one")
	}
	if space > 0 {
		r.fs.problem(false, "the log ends in %d changes of space that are not finished: no file has it any more, and it is not free yet", space)
	}
}

var errNoPart = errors.New("a part is missing")

// part returns a part of an item.
func (i *item) part(n int) ([]byte, error) {
	if n >= len(i.parts) {
		return nil, binread.Corrupt("%w: %d of %d", errNoPart, n, len(i.parts))
	}
	return i.parts[n], nil
}
