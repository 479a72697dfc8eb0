package intel

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/guestctl/guestctl/engine/binread"
)

// Meta is what a compiled feed says of itself.
type Meta struct {
	Sources []Source       `cbor:"1,keyasint"`
	Counts  map[Kind]int64 `cbor:"2,keyasint"`           // indicators by kind
	Unused  map[string]int `cbor:"3,keyasint,omitempty"` // what is not used, by the reason
	Dated   bool           `cbor:"4,keyasint,omitempty"` // some indicators hold for a time only
	Paths   bool           `cbor:"5,keyasint,omitempty"` // some indicators look at the path of a file
}

// Source is one file of a feed.
type Source struct {
	Name       string `cbor:"1,keyasint"`
	Format     string `cbor:"2,keyasint"`
	Indicators int64  `cbor:"3,keyasint"`
}

// builder collects the indicators of feeds.
type builder struct {
	ctx  context.Context //nolint:containedctx // the parsers ask it, each in its own loop
	now  time.Time       // leaves out what does not hold then; zero leaves out nothing
	good bool            // a feed of what is known good: digests only
	dir  string          // of spools, "" is memory
	most int64           // digests, 0 is any number
	junk junk

	tables  map[Kind]*sorter
	infos   *spool
	index   *spool
	numbers map[infoKey]uint32 // of infos, the last ones
	others  *spool
	nOthers int64
	regexps int
	rules   int64 // bytes of YARA
	source  *Source
	meta    Meta
	steps   int
}

const (
	memoryForDigests = 24 << 20 // bytes, for each kind of digest
	memoryForInfos   = 1 << 16  // infos of which repetitions are seen
)

func newBuilder(ctx context.Context, dir string) (*builder, error) {
	b := &builder{
		ctx: ctx, dir: dir, junk: newJunk(), tables: map[Kind]*sorter{}, numbers: map[infoKey]uint32{},
		meta: Meta{Counts: map[Kind]int64{}, Unused: map[string]int{}},
	}
	var errs [3]error
	b.infos, errs[0] = newSpool(dir)
	b.index, errs[1] = newSpool(dir)
	b.others, errs[2] = newSpool(dir)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// Close removes what the builder wrote down.
func (b *builder) Close() error {
	var errs []error
	for _, s := range []*spool{b.infos, b.index, b.others} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	for _, t := range b.tables {
		if t.spool != nil {
			errs = append(errs, t.spool.Close())
		}
	}
	return errors.Join(errs...)
}

// begin starts a file of a feed.
func (b *builder) begin(name, format string) {
	b.meta.Sources = append(b.meta.Sources, Source{Name: name, Format: format})
	b.source = &b.meta.Sources[len(b.meta.Sources)-1]
}

// unused counts something that is not used. Reasons are the program's own words, so that a feed cannot make more of them.
func (b *builder) unused(reason string) {
	if _, ok := b.meta.Unused[reason]; !ok && len(b.meta.Unused) >= maxUnused {
		reason = "other reasons"
	}
	b.meta.Unused[reason]++
}

// add takes an indicator, with what its feed says of it. The source is filled in here.
func (b *builder) add(i Indicator) error {
	if b.steps++; b.steps%1024 == 0 && b.ctx.Err() != nil {
		return b.ctx.Err()
	}
	if why := b.junk.why(i.Term); why != "" {
		b.unused("left out: " + why)
		return nil
	}
	if b.good && i.Kind.hash() == 0 {
		b.unused("known good: no digest")
		return nil
	}
	if !i.validOn(b.now) {
		b.unused("left out: not valid today")
		return nil
	}
	if len(i.Value) > maxValue && i.Kind != YARA || slices.ContainsFunc(i.And, func(t Term) bool { return len(t.Value) > maxValue }) {
		b.unused("left out: too long")
		return nil
	}
	i.Label, i.Reference, i.Source = clip(i.Label), clip(i.Reference), b.source.Name
	if i.Score <= 0 {
		i.Score = i.Kind.score()
	}
	i.Score = min(i.Score, 100)
	b.meta.Dated = b.meta.Dated || i.From != 0 || i.Until != 0
	b.meta.Paths = b.meta.Paths || i.Kind.isPath() || slices.ContainsFunc(i.And, func(t Term) bool { return t.Kind.isPath() })
	b.meta.Counts[i.Kind]++
	b.source.Indicators++
	if h := i.Kind.hash(); h != 0 {
		return b.digest(i, h.Size())
	}
	return b.other(i)
}

// addSum takes the digest of something that is known good.
func (b *builder) addSum(t Term) error { return b.add(Indicator{Term: t}) }

func (b *builder) digest(i Indicator, width int) error {
	value, err := hex.DecodeString(i.Value)
	if err != nil || len(value) != width {
		return fmt.Errorf("%s %.140q, want %d hexadecimal digits", i.Kind, i.Value, 2*width)
	}
	table, err := b.table(i.Kind, width)
	if err != nil {
		return err
	}
	if b.most > 0 && b.sum() > b.most {
		return binread.WithHint(tooMany("digests in feeds that are not compiled", int(b.most)), "guestctl intel build compiles feeds of any size to a file for --intel and --known-good")
	}
	if b.good {
		return table.add(value)
	}
	n, err := b.number(i.Info)
	if err != nil {
		return err
	}
	return table.add(value, binary.BigEndian.AppendUint32(nil, n))
}

func (b *builder) sum() (n int64) {
	for _, t := range b.tables {
		n += t.added
	}
	return n + 1
}

func (b *builder) table(kind Kind, width int) (*sorter, error) {
	if t, ok := b.tables[kind]; ok {
		return t, nil
	}
	if !b.good {
		width += 4
	}
	t := &sorter{width: width, budget: memoryForDigests}
	if b.dir == "" {
		t.budget = int(b.most+2) * width
	}
	var err error
	t.spool, err = newSpool(b.dir)
	b.tables[kind] = t
	return t, err
}

// infoKey is what makes one info the same as another.
type infoKey struct {
	score                    int
	label, source, reference string
	from, until              int64
	and                      string
}

func keyOf(i Info) (k infoKey, err error) {
	k = infoKey{i.Score, i.Label, i.Source, i.Reference, i.From, i.Until, ""}
	if len(i.And) > 0 {
		var and []byte
		and, err = cbor.Marshal(i.And)
		k.and = string(and)
	}
	return k, err
}

// number is the number of an info, which is written down when it is new, or was not seen for long.
func (b *builder) number(i Info) (uint32, error) {
	key, err := keyOf(i)
	if err != nil {
		return 0, err
	}
	if n, ok := b.numbers[key]; ok {
		return n, nil
	}
	record, err := cbor.Marshal(i)
	if err != nil {
		return 0, err
	}
	n := b.index.size / indexSize
	if n >= 1<<32-1 {
		return 0, tooMany("different infos", 1<<32-1)
	}
	entry := binary.BigEndian.AppendUint64(nil, uint64(b.infos.size))
	entry = binary.BigEndian.AppendUint32(entry, uint32(len(record)+4))
	if _, err := b.index.Write(entry); err != nil {
		return 0, err
	}
	if len(b.numbers) >= memoryForInfos {
		clear(b.numbers)
	}
	b.numbers[key] = uint32(n)
	_, err = b.infos.Write(append(binary.BigEndian.AppendUint32(nil, castagnoli(record)), record...))
	return uint32(n), err
}

// other takes an indicator that is no digest.
func (b *builder) other(i Indicator) error {
	if b.nOthers++; b.nOthers > maxOthers {
		return tooMany("indicators that are no digests", maxOthers)
	}
	if i.Kind == Regexp || i.Kind == Glob || i.Kind == NameRegexp {
		if b.regexps++; b.regexps > maxRegexps {
			return tooMany("regular expressions and globs", maxRegexps)
		}
	}
	if i.Kind == YARA {
		if b.rules += int64(len(i.Value)); b.rules > maxAllRules {
			return tooMany("bytes of YARA rules", maxAllRules)
		}
	}
	record, err := cbor.Marshal(i)
	if err != nil {
		return err
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(len(record)))
	head = binary.BigEndian.AppendUint32(head, castagnoli(record))
	_, err = b.others.Write(append(head, record...))
	return err
}
