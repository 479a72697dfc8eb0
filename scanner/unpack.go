package scanner

import (
	"cmp"
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/scanner/archive"
)

// classify tells by the content of an object what it is.
func (o *Object) classify() {
	o.Class = ClassOf(o.Content, archive.Is)
	o.Holds = o.Class == Archive || archive.Attached(o.Content)
}

// unpack looks into the members of an archive, and into those of the archives among them.
func (w *worker) unpack(ctx context.Context, o *Object, v *verdict) error {
	u := &unpacker{worker: w, verdict: v, budget: archive.NewBudget(ctx, int64(len(o.Content)), archive.Limits{
		Members: w.Limits.Members, Unpacked: w.Limits.Unpacked, Ratio: w.Limits.Ratio, Time: w.Limits.ArchiveTime,
	})}
	err := u.open(ctx, o)
	spent := u.budget.Err()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case spent == nil, err != nil && !errors.Is(err, spent):
		return err
	}
	v.skip(u.place, "", &Skip{Reason: unpackedReason(spent), Detail: spent.Error() + ": the rest was not looked into"})
	return nil
}

// unpacker opens one file of the guest.
type unpacker struct {
	*worker
	verdict *verdict
	budget  *archive.Budget
	place   string        // Object.Member of the innermost archive that is open
	engines time.Duration // that they took for members
}

// open looks into the members of one archive. The error ends the scan, or is that of the budget.
func (u *unpacker) open(ctx context.Context, o *Object) error {
	outer := u.place
	u.place = o.Member
	err := archive.Walk(o.Content, u.budget, archive.Visitor{
		Member: func(m archive.Member) error { return u.member(ctx, o, m) },
		Problem: func(name string, err error) {
			place := o.Member
			if name != "" {
				place = o.inside(name)
			}
			u.skip(place, err)
		},
	})
	if err == nil {
		u.place = outer
	}
	return err
}

// maxMemberName is how many bytes of a name in an archive are kept. Tar has names as long as files, and each member of an archive in an
// archive has the names of both.
const maxMemberName = 1024

// inside is the place of a member of o.
func (o *Object) inside(name string) string {
	if name == "" {
		name = archive.Bare(o.Name())
	}
	if len(name) > maxMemberName {
		name = name[:maxMemberName/2] + "[...]" + name[len(name)-maxMemberName/2:]
	}
	if o.Member == "" {
		return name
	}
	return o.Member + "!/" + name
}

// member shows one member to the engines, and opens it where it is an archive.
func (u *unpacker) member(ctx context.Context, o *Object, m archive.Member) error {
	inner := &Object{
		Object: o.Object, Member: o.inside(m.Name), Depth: o.Depth + 1, Account: o.Account,
		scan: o.scan, outer: cmp.Or(o.outer, o), loaded: true,
	}
	var damage error
	inner.Content, damage = u.take(inner.Depth, m)
	if skip := (*Skip)(nil); errors.As(damage, &skip) {
		u.verdict.skip(inner.Member, "", skip)
		return nil
	}
	if damage != nil && u.budget.Err() == nil {
		u.skip(inner.Member, damage)
	}
	inner.classify()
	u.verdict.Members++
	resume := u.budget.Pause()
	err := u.show(ctx, inner, u.verdict)
	if u.engines += resume(); u.engines > u.Limits.MembersTime {
		u.budget.Expire()
	}
	switch {
	case err != nil:
		return err
	case u.budget.Err() != nil:
		return u.budget.Err()
	case !inner.Holds:
		return nil
	case inner.Depth == MaxNesting:
		u.verdict.skip(inner.Member, "", &Skip{Reason: LimitReached, Detail: "more than " + strconv.Itoa(MaxNesting) + " archives in each other"})
		return nil
	}
	return u.open(ctx, inner)
}

// take reads a member into the memory of its depth. An error may come with what was read before it; a *Skip comes in its place.
func (u *unpacker) take(depth int, m archive.Member) ([]byte, error) {
	limit := u.Limits.FileSize
	tooLarge := &Skip{Reason: TooLarge, Detail: "more than " + strconv.FormatInt(limit, 10) + " bytes"}
	if m.Size > limit {
		return nil, tooLarge
	}
	var b []byte
	for n, room := 0, int64(firstRoom); ; room *= 2 {
		resume := u.budget.Pause() // memory may have to be waited for
		var err error
		b, err = u.memory.Grow(depth, int(min(room, limit+1)))
		resume()
		if err != nil {
			return nil, &Skip{Reason: Unreadable, Detail: err.Error()}
		}
		read, err := io.ReadFull(m, b[n:])
		n += read
		switch {
		case int64(n) > limit:
			return nil, tooLarge
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return b[:n], nil
		case err != nil:
			return b[:n], err
		}
	}
}

// firstRoom is how much memory a member gets at first, in bytes, whatever its archive says.
const firstRoom = 64 << 10

// skip records what was not looked into, or not wholly.
func (u *unpacker) skip(member string, err error) {
	u.verdict.skip(member, "", &Skip{Reason: unpackedReason(err), Detail: err.Error()})
}

func unpackedReason(err error) Reason {
	switch {
	case errors.Is(err, binread.ErrEncrypted):
		return Encrypted
	case errors.Is(err, binread.ErrUnsupported):
		return Unsupported
	case errors.Is(err, binread.ErrLimit):
		return LimitReached
	case errors.Is(err, archive.ErrTime):
		return TimedOut
	}
	return Damaged
}
