package xfs

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
)

// Flags of an operation.
const (
	operationStart   = 0x01
	operationCommit  = 0x02
	operationMore    = 0x04 // it goes on in the next record
	operationGoesOn  = 0x08 // from the record before
	operationEnd     = 0x10
	operationUnmount = 0x20
)

const (
	operationSize   = 12
	clientTransact  = 0x69
	clientLog       = 0xaa
	transactionSize = 16
	transactionLE   = 0x5452414e // "NART": "TRAN" of a little-endian machine

	maxParts        = 257       // of an item: XLOG_MAX_REGIONS_IN_ITEM
	maxPending      = 128 << 20 // bytes of transactions that are not committed yet
	maxTransactions = 1 << 12   // that are not committed yet
)

// item is one thing that a transaction changed: its description, and the bytes that it has now.
type item struct {
	total int
	parts [][]byte
}

// kind is the type of an item, by which its parts are understood.
func (i *item) kind() uint16 {
	c := binread.Little(i.parts[0])
	return c.U16()
}

// transaction is what was read of one until its commit. It counts only with it.
type transaction struct {
	lsn    uint64 // of the record that it begins in
	header int    // bytes of its header that came
	items  []item
	bytes  int
}

// operations puts the transactions together, and hands each on when it is committed. What stays open was never finished.
type operations struct {
	log     *log
	open    map[uint32]*transaction
	bytes   int
	commits func(t *transaction) error
}

// run reads all records from the tail to the head.
func (l *log) run(commits func(t *transaction) error) error {
	o := operations{log: l, open: map[uint32]*transaction{}, commits: commits}
	cycle, at := l.cycle, l.tail
	for left := l.sectorsTo(at, l.head%l.count); left > 0; {
		r, err := l.record(at)
		if err != nil {
			return err
		}
		if uint32(r.lsn>>32) != cycle || r.sectors() > left {
			return binread.Corrupt("sector %d: record of turn %d, %d sectors, want turn %d, up to %d", at, r.lsn>>32, r.sectors(), cycle, left)
		}
		b, err := l.payload(&r)
		if err == nil {
			err = o.record(&r, b)
		}
		if err != nil {
			return fmt.Errorf("record at sector %d: %w", at, err)
		}
		left -= r.sectors()
		if at += r.sectors(); at >= l.count {
			at -= l.count
			if cycle++; cycle == recordMagic {
				cycle++
			}
		}
	}
	return nil
}

func (o *operations) record(r *record, b []byte) error {
	c := binread.Big(b)
	for range r.operations {
		if c.Len() == 0 {
			return nil
		}
		id, n := c.U32(), c.U32()
		client, flags := c.U8(), c.U8()
		c.Skip(2)
		if c.Err() != nil || client != clientTransact && client != clientLog || int64(n) > int64(c.Len()) {
			return binread.Corrupt("operation at %d: client %#x, %d bytes, want %#x, up to %d", c.Offset()-operationSize, client, n, clientTransact, c.Len())
		}
		if err := o.operation(r, id, flags, c.Bytes(int(n))); err != nil {
			return fmt.Errorf("operation at %d: %w", c.Offset()-operationSize-int(n), err)
		}
	}
	return nil
}

// operation goes on with the transaction of that number. One whose start is older than the log reaches back does not count.
func (o *operations) operation(r *record, id uint32, flags uint8, b []byte) error {
	t := o.open[id]
	if t == nil {
		if flags&operationStart != 0 {
			if len(o.open) >= maxTransactions {
				return binread.Limit("more than %d transactions at the same time", maxTransactions)
			}
			o.open[id] = &transaction{lsn: r.lsn}
		}
		return nil
	}
	t.bytes += len(b)
	if o.bytes += len(b); o.bytes > maxPending {
		return binread.Limit("transactions of more than %d bytes", maxPending)
	}
	flags &^= operationEnd
	if flags&operationGoesOn != 0 {
		flags &^= operationMore
	}
	switch flags {
	case 0, operationMore:
		return t.add(b)
	case operationGoesOn:
		return t.goOn(b)
	case operationCommit, operationUnmount:
		o.bytes -= t.bytes
		delete(o.open, id)
		if flags == operationUnmount {
			return nil
		}
		return o.commit(t)
	}
	return binread.Corrupt("flags %#x", flags)
}

func (o *operations) commit(t *transaction) error {
	for _, i := range t.items {
		if len(i.parts) != i.total {
			return binread.Corrupt("an item of %d parts, want %d", len(i.parts), i.total)
		}
	}
	if err := o.commits(t); err != nil {
		return fmt.Errorf("transaction of sector %d: %w", uint32(t.lsn), err)
	}
	return nil
}

// add adds a part to the last item, or begins another. What comes first is the header of the transaction.
func (t *transaction) add(b []byte) error {
	switch {
	case len(b) == 0:
		return nil
	case t.header == 0:
		c := binread.Little(b)
		if c.U32() != transactionLE || len(b) > transactionSize {
			return binread.Corrupt("header of a transaction of %d bytes, want its magic and %d", len(b), transactionSize)
		}
		t.header = len(b)
		return nil
	}
	if n := len(t.items); n == 0 || len(t.items[n-1].parts) == t.items[n-1].total {
		c := binread.Little(b)
		c.Skip(2)
		total := int(c.U16())
		if c.Err() != nil || total == 0 || total > maxParts {
			return binread.Corrupt("an item of %d parts, want 1 to %d", total, maxParts)
		}
		t.items = append(t.items, item{total: total})
	}
	last := &t.items[len(t.items)-1]
	last.parts = append(last.parts, b)
	return nil
}

// goOn appends to what the record before had no room for.
func (t *transaction) goOn(b []byte) error {
	switch n := len(t.items); {
	case n > 0:
		parts := t.items[n-1].parts
		end := len(parts) - 1
		parts[end] = append(parts[end][:len(parts[end]):len(parts[end])], b...)
		return nil
	case t.header == 0 || t.header+len(b) > transactionSize:
		return binread.Corrupt("header of a transaction of %d bytes, want %d", t.header+len(b), transactionSize)
	}
	t.header += len(b)
	return nil
}
