//go:build linux && cgo && !noyara

package yara

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	yara "github.com/hillu/go-yara/v4"
	"golang.org/x/sys/unix"

	"github.com/guestctl/guestctl/scanner"
)

const (
	// scanFlags end the search for a string where one place decides, and leave signals alone: libyara's handlers of faults are
	// not made for a process with several threads.
	scanFlags = yara.ScanFlagsFastMode | noTryCatch
	// noTryCatch is SCAN_FLAGS_NO_TRYCATCH, which the binding does not name.
	noTryCatch = 4
	// smallestMap is how many bytes of a region are mapped at least.
	smallestMap = 8 << 20
)

// scanJob is what a worker that scans is started with.
type scanJob struct {
	Seconds int // that libyara may take for one file, 0 for no limit
	Sets    []scanSet
}

// scanSet is one set of rules.
type scanSet struct {
	Rules     []byte
	Variables []string
}

// scanWorker is a worker that scans.
type scanWorker struct {
	loop    loop
	sets    []*ruleSet
	counts  []int // of variables of each set
	regions [scanner.Depths][]byte
	request request
	reply   []byte
	rules   int  // that matched, as far as they are told
	limit   bool // more did
}

// ruleSet is one set of rules, ready to scan.
type ruleSet struct {
	scanner   *yara.Scanner
	variables []string
	numbers   map[string]int
}

// scanFiles answers requests until there are no more.
func scanFiles(job scanJob, probe func([]byte) []byte) error {
	// Before the rules: they are a program to libyara, and of a worker that has read the text of some user.
	why := confined()
	w := &scanWorker{loop: newLoop(), reply: make([]byte, 0, maxReply)}
	for _, s := range job.Sets {
		set, err := w.load(s, job.Seconds)
		if err != nil {
			return fmt.Errorf("compiled rules: %w", err)
		}
		w.sets = append(w.sets, set)
		w.counts = append(w.counts, len(s.Variables))
	}
	if err := send(kindReady, []byte(why)); err != nil {
		return err
	}
	buf := make([]byte, 64<<10)
	for {
		kind, body, err := receive(requestFile, &buf, w.loop.next(buf[:cap(buf)]), maxRequest)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case kind == kindScan:
			err = decodeRequest(body, &w.request, w.counts)
			if err == nil {
				err = w.answer()
			}
		case probe != nil:
			err = send(kind, probe(body))
		default:
			err = errMessage
		}
		if err != nil {
			return err
		}
	}
}

// load makes a set of rules ready. It numbers the rules by their names, since libyara tells no numbers.
func (w *scanWorker) load(s scanSet, seconds int) (*ruleSet, error) {
	rules, err := yara.ReadRules(bytes.NewReader(s.Rules))
	if err != nil {
		return nil, err
	}
	sc, err := yara.NewScanner(rules)
	if err != nil {
		return nil, err
	}
	set := &ruleSet{scanner: sc, variables: s.Variables, numbers: map[string]int{}}
	for i, r := range rules.GetRules() {
		set.numbers[fullName(&r)] = i
	}
	sc.SetFlags(scanFlags).SetCallback(&collector{w, set})
	sc.SetTimeout(time.Duration(seconds) * time.Second)
	w.loop.add(sc, s.Variables)
	return set, nil
}

func fullName(r *yara.Rule) string { return r.Namespace() + ":" + r.Identifier() }

// answer scans what the request asks for and writes the reply.
func (w *scanWorker) answer() error {
	if grown, err := w.fit(w.request.depth, w.request.size); err == nil && grown && w.loop.again() {
		return nil
	}
	w.reply = append(w.reply[:0], 0, 0, 0, 0, kindFound)
	w.reply = binary.LittleEndian.AppendUint32(w.reply, w.request.number)
	w.reply = append(w.reply, 0)
	whole := len(w.reply) - 1
	head := len(w.reply)
	w.rules, w.limit = 0, false
	err := w.scan()
	switch {
	case errors.Is(err, yara.Error(errScanTimeout)):
		w.reply = w.reply[:head]
		w.reply[lengthSize] = kindTimeout
	case err != nil:
		w.reply = append(w.reply[:head], err.Error()...)
		w.reply[lengthSize] = kindFailed
	case w.limit || w.loop.tooMany():
		w.reply[whole] = 1
	}
	binary.LittleEndian.PutUint32(w.reply, uint32(len(w.reply)-lengthSize))
	return writeAll(replyFile, w.reply)
}

// errScanTimeout is ERROR_SCAN_TIMEOUT.
const errScanTimeout = 26

func (w *scanWorker) scan() error {
	content, err := w.content(w.request.depth, w.request.size)
	if err != nil {
		return err
	}
	set := w.sets[w.request.set]
	for i, v := range w.request.values {
		if err := set.scanner.DefineVariable(set.variables[i], v); err != nil {
			return err
		}
	}
	return set.scanner.ScanMem(content)
}

// content is the first bytes of a region.
func (w *scanWorker) content(depth int, size uint64) ([]byte, error) {
	if _, err := w.fit(depth, size); err != nil {
		return nil, err
	}
	return w.regions[depth][:size], nil
}

// fit maps a region anew where less of it is mapped. More is mapped than the region has: the file under it grows, and so does what can
// be read.
func (w *scanWorker) fit(depth int, size uint64) (grown bool, err error) {
	region := &w.regions[depth]
	if size <= uint64(len(*region)) {
		return false, nil
	}
	n := uint64(smallestMap)
	for n < size {
		n *= 2
	}
	if *region != nil {
		if err := unix.Munmap(*region); err != nil {
			return false, err
		}
		*region = nil
		w.loop.region(depth, nil)
	}
	b, err := unix.Mmap(regionFile+depth, 0, int(n), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return false, fmt.Errorf("memory of %d bytes: %w", n, err)
	}
	*region = b
	w.loop.region(depth, b)
	return true, nil
}

// collector is told by libyara which rules match.
type collector struct {
	worker *scanWorker
	set    *ruleSet
}

// RuleMatching takes down a rule.
func (c *collector) RuleMatching(ctx *yara.ScanContext, r *yara.Rule) (abort bool, err error) {
	if r.IsPrivate() {
		return false, nil
	}
	number, known := c.set.numbers[fullName(r)]
	if !known {
		return false, errMessage
	}
	if c.worker.rules == maxRules {
		c.worker.limit = true
		return true, nil
	}
	c.worker.rules++
	c.worker.reply = appendHit(c.worker.reply, hit{number, places(ctx, r)})
	return false, nil
}

// places are the first places of a rule's strings: one of each string first, so that none is crowded out by another.
func places(ctx *yara.ScanContext, r *yara.Rule) []place {
	var first, more []place
	for name, s := range r.Strings() {
		for i, m := range s.Matches(ctx) {
			if i >= maxPlaces {
				break
			}
			p := place{name, m.Base() + m.Offset(), len(m.Data())}
			if i == 0 {
				first = append(first, p)
			} else {
				more = append(more, p)
			}
		}
	}
	all := append(first, more...)
	all = all[:min(len(all), maxPlaces)]
	slices.SortFunc(all, func(a, b place) int { return cmp.Or(cmp.Compare(a.offset, b.offset), cmp.Compare(a.name, b.name)) })
	return all
}
