package live

import (
	"hash/fnv"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/guestctl/guestctl/backup/place"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	maxTail    = 16 << 10 // bytes of the serial port in which signs are looked for
	maxScreens = 1 << 16  // pictures that are remembered
)

// tracker follows one boot: how far it came, by what sign, and whether anything moves.
type tracker struct {
	signs    []sign
	controls *regexp.Regexp
	uefi     bool
	places   *place.Map
	files    map[string]fileRole // by the path of the place
	marker   *regexp.Regexp
	said     func(Step)

	mu      sync.Mutex
	stage   Stage
	steps   []Step
	stuck   *sign  // what the guest waits for, and
	line    string // how it says so
	moves   int    // grows with every sign of life
	tail    string
	screens map[uint64]bool // a cursor that blinks shows nothing new

	loaded  map[string]int64 // bytes that were read of kernels and initrds
	loading bool             // the boot loader says that it loads a kernel
	menu    bool             // a boot menu counts down
	fetched int64            // bytes that were read
	kernels bool             // one was read whole
	initrds bool
	driven  bool            // the kernel read the disk
	last    string          // the file that was read last
	writes  map[string]bool // volumes that were written to, and
	unread  error           // the first error of a disk
}

// fileRole is what a file is for a boot.
type fileRole struct {
	stage Stage
	size  int64
}

func newTracker(uefi bool, places *place.Map, guests []*guest.Guest, marker *regexp.Regexp, said func(Step)) *tracker {
	return &tracker{
		uefi: uefi, signs: signs(), controls: controls(), places: places, files: roles(guests), marker: marker, said: said,
		stage: Firmware, screens: map[uint64]bool{}, loaded: map[string]int64{}, writes: map[string]bool{},
	}
}

// roles are the kernels, initrds and inits of guests.
func roles(guests []*guest.Guest) map[string]fileRole {
	all := map[string]fileRole{}
	for _, g := range guests {
		add := func(stage Stage, path string) {
			// A file that cannot be looked at leaves no sign, and its boot is followed by the others.
			if o, err := g.Stat(path); err == nil && o.IsRegular() {
				all[o.Path] = fileRole{stage, o.Size}
				all[o.Device+":"+o.Path] = fileRole{stage, o.Size}
			}
		}
		for stage, patterns := range map[Stage][]string{
			Kernel: {"/boot/vmlinu[xz]*", "/vmlinu[xz]*"},
			Initrd: {"/boot/initr*", "/initr*"},
			Root:   {"/sbin/init"},
		} {
			for _, p := range patterns {
				paths, _ := g.Glob(p) // what cannot be listed leaves no sign
				for _, path := range paths {
					add(stage, path)
				}
			}
		}
	}
	return all
}

// reach notes that the boot came to a stage.
func (t *tracker) reach(stage Stage, why string) {
	if stage.order() <= t.stage.order() {
		return
	}
	t.stage, t.stuck = stage, nil
	t.steps = append(t.steps, Step{stage, why})
	t.said(t.steps[len(t.steps)-1])
}

// arrive is reach for those that do not hold the lock.
func (t *tracker) arrive(stage Stage, why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reach(stage, why)
}

// Write looks at what comes from the serial port.
func (t *tracker) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.moves++
	t.tail += string(p)
	if n := len(t.tail) - maxTail; n > 0 {
		t.tail = t.tail[n:]
	}
	text := t.controls.ReplaceAllString(strings.ReplaceAll(t.tail, "\r", "\n"), "")
	if t.marker.MatchString(text) {
		t.reach(Userspace, "the guest answered to the firmware's credential")
	}
	t.look(text, "serial port")
	return len(p), nil
}

// alive takes what was done to the guest for a move of it.
func (t *tracker) alive() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.moves++
}

// screen looks at the text on the screen, and at a picture of it.
func (t *tracker) screen(text string, picture []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // never fails
	_, _ = h.Write(picture)
	if sum := h.Sum64(); !t.screens[sum] && len(t.screens) < maxScreens {
		t.screens[sum] = true
		t.moves++
	}
	t.look(text, "screen")
}

// look looks for signs in a text, and takes them in the order in which they stand there.
func (t *tracker) look(text, where string) {
	type found struct {
		sign
		at []int
	}
	var all []found
	for _, s := range t.signs {
		for _, at := range s.text.FindAllStringIndex(text, -1) {
			if at[1] < len(text) || s.stuck || s.stage == Ready { // others want a line that is over
				all = append(all, found{s, at})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b found) int { return a.at[0] - b.at[0] })
	t.menu = t.menu || strings.Contains(text, "executed automatically in")
	for _, f := range all {
		t.found(f.sign, where, told(text, f.at))
	}
}

// found takes a sign in a line.
func (t *tracker) found(s sign, where, line string) {
	if s.person && t.stage.order() < Root.order() {
		s.stage, s.person = Initrd, false // it is the initrd that wants a person
	}
	t.loading = t.loading || s.loads
	early := s.stage == Ready && t.stage.order() < Kernel.order() && !t.loading // a boot loader that wants a name is no guest
	panics := s.stuck && s.stage == Kernel                                      // as a kernel can at any time
	if early || s.stage.order() < t.stage.order() && !panics {
		return
	}
	t.reach(s.stage, where+": "+line)
	if s.stuck && (s.person || t.stuck == nil || !t.stuck.person) { // what it said last
		t.stuck, t.line = &s, line
	}
}

// disk looks at a request to a disk that was done.
func (t *tracker) disk(disk int, write bool, off, n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.moves++
	if !write {
		t.fetched += n
	}
	if disk > 0 {
		return
	}
	switch {
	case write:
		t.wrote(off, n)
	case off > 0 && !t.uefi: // a BIOS reads nothing else
		t.reach(Loader, "the code in the first sector read more of the disk")
	case t.kernels && t.initrds:
		t.driven = true
		t.reach(Initrd, "the kernel read the partition table")
	}
	t.places.Each(off, n, func(p place.Place) bool {
		if p.Path != "" && !write {
			t.read(p.Path, p.Length)
		}
		return true
	})
}

func (t *tracker) wrote(off, n int64) {
	t.places.Each(off, n, func(p place.Place) bool {
		if path.Base(p.Path) != "grubenv" { // in which the boot loader notes how often it tried
			t.writes[p.Volume] = true
		}
		return true
	})
	if t.stage == Root {
		t.reach(Userspace, "the guest writes to its disk")
	}
}

// read notes that a part of a file was read.
func (t *tracker) read(file string, n int64) {
	t.last = file
	if t.uefi && strings.HasSuffix(strings.ToLower(file), ".efi") {
		t.reach(Loader, "the firmware read "+file)
	}
	role, ok := t.files[file]
	if !ok {
		return
	}
	t.loaded[file] += n
	whole := t.loaded[file] >= role.size
	switch {
	case role.stage == Root && t.stage.order() >= Kernel.order():
		t.reach(Root, "the guest read "+file)
	case role.stage == Kernel && whole:
		t.kernels = true
		t.reach(Kernel, "the boot loader read "+file)
	case role.stage == Initrd && whole && t.kernels:
		t.initrds = true
	}
}

// fails notes that a disk could not serve a request.
func (t *tracker) fails(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.unread == nil {
		t.unread = err
	}
}

// state is what a tracker knows at one moment.
type state struct {
	stage  Stage
	moves  int
	stuck  bool
	person bool
	line   string
	last   string
	unread error

	fetched int64
	// alien is set where the kernel and its initrd were loaded, and no disk was read since.
	alien bool
	// blind is set where no kernel and no init of the guest is known, so that what it reads tells nothing.
	blind bool
	menu  bool // a boot menu counts down
}

func (t *tracker) state() state {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := state{stage: t.stage, moves: t.moves, last: t.last, unread: t.unread, fetched: t.fetched, alien: t.kernels && t.initrds && !t.driven, menu: t.menu, blind: len(t.files) == 0}
	if t.stuck != nil {
		s.stuck, s.person, s.line = true, t.stuck.person, t.line
	}
	return s
}

// history is the steps so far, and the volumes that were written to.
func (t *tracker) history() (steps []Step, writes map[string]bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	writes = map[string]bool{}
	for v := range t.writes {
		writes[v] = true
	}
	return slices.Clone(t.steps), writes
}
