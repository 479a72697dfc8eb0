package policy

import (
	"cmp"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// ByBackup is the judge of images as backups.
const ByBackup By = "backup"

// The ids of the checks of [backup]. The judge of backups puts its findings in the place of them.
const (
	FileAgeCheck    = "backup.max_file_age"
	ContentAgeCheck = "backup.max_content_age"
	IdentityCheck   = "backup.same_identity"
	ReadAllCheck    = "backup.read_all_within"
	BootableCheck   = "backup.bootable"
	CompareCheck    = "backup.compare" // that compare_ignore stands for
)

// Backup is what [backup] says. The zero value of a field is not said.
type Backup struct {
	MaxFileAge, MaxContentAge, ReadAllWithin time.Duration
	// Same is stored facts or an image of the machine that the backup is to be of, as the program finds it.
	Same     string
	Bootable *Bootable
	Ignore   []string // patterns of paths whose differences from the source do not count
}

// Bootable is the machine on which a guest has to boot; "" is any.
type Bootable struct{ Target, Firmware string }

// over returns b with what earlier says where b says nothing; the lists of both count.
func (b Backup) over(earlier Backup) Backup {
	return Backup{
		MaxFileAge: cmp.Or(b.MaxFileAge, earlier.MaxFileAge), MaxContentAge: cmp.Or(b.MaxContentAge, earlier.MaxContentAge),
		ReadAllWithin: cmp.Or(b.ReadAllWithin, earlier.ReadAllWithin), Same: cmp.Or(b.Same, earlier.Same),
		Bootable: cmp.Or(b.Bootable, earlier.Bootable), Ignore: slices.Concat(earlier.Ignore, b.Ignore),
	}
}

// BootFirmwares and BootTargets list the machines that backup.bootable may name.
func BootFirmwares() []string { return []string{"bios", "uefi"} }

// BootTargets lists the hypervisors and clouds on which a guest may have to boot.
func BootTargets() []string { return []string{"aws", "azure", "gcp", "hyperv", "kvm", "vmware"} }

// needsBackup is the outcome of a check that only makes sense of a backup, where the image is not looked at as one.
func needsBackup(*facts.Document) Outcome {
	return unknown("it is asked of backups: guestctl verify-backup judges it")
}

func (c *compiler) addBackup(n *node, id, title string, severity finding.Severity, o options) {
	if o.id != "" {
		c.fail(n.table["id"].at, "%s: this check keeps its own id", n.table["id"].path)
		return
	}
	c.add(n, Check{ID: id, Title: title, Severity: severity, By: ByBackup, Eval: needsBackup}, o)
}

// backupAge reads a key of [backup] whose value is a time.
func backupAge(title string, set func(*Backup) *time.Duration) func(*compiler, *node) {
	return func(c *compiler, n *node) {
		v, o, ok := c.textEntry(n, "time")
		if !ok {
			return
		}
		if age, ok := c.age(v); ok {
			*set(&c.backup) = age
			c.addBackup(n, n.path, title, finding.High, o)
		}
	}
}

// age reads a time such as "26h" or "30d".
func (c *compiler) age(n *node) (time.Duration, bool) {
	d, err := ParseAge(c.text(n))
	if err != nil {
		c.fail(n.at, "%s is %v", n.path, err)
	}
	return d, err == nil
}

// ParseAge reads a whole number of minutes, hours, days or weeks, at least one: "30d".
func ParseAge(s string) (time.Duration, error) {
	const day = 24 * time.Hour
	units := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": day, "w": 7 * day}
	digits := strings.TrimRight(s, "mhdw")
	n, err := strconv.ParseInt(digits, 10, 64)
	unit := units[s[len(digits):]]
	if err != nil || unit == 0 || n <= 0 || n > math.MaxInt64/int64(unit) {
		return 0, fmt.Errorf("%q, want a number with m, h, d or w behind it, such as \"26h\"", s)
	}
	return time.Duration(n) * unit, nil
}

// sameIdentity reads backup.same_identity: stored facts or an image, seen from the baseline, or true where the user names it.
func sameIdentity(c *compiler, n *node) {
	v, o, ok := c.shortOrLong(n, "source")
	switch {
	case !ok || c.refuseFalse(v) || !c.wantKind(v, kindString, kindBoolean):
		return
	case v.value == true:
	case c.text(v) == "":
		return
	case filepath.IsAbs(c.text(v)):
		c.backup.Same = c.text(v)
	default:
		c.backup.Same = filepath.Join(filepath.Dir(c.src.name), c.text(v))
	}
	c.addBackup(n, n.path, "The backup is of the machine that it is meant to be of", finding.Critical, o)
}

// refuseFalse refuses a flag that is false: nothing is checked where it is left out.
func (c *compiler) refuseFalse(n *node) bool {
	if n.value == false {
		c.fail(n.at, "%s is false, which asks for the opposite; remove it, and nothing is checked", n.path)
	}
	return n.value == false
}

// bootable reads backup.bootable: true, the word of a target, or a table.
func bootable(c *compiler, n *node) {
	if c.refuseFalse(n) || !c.wantKind(n, kindBoolean, kindString, kindTable) {
		return
	}
	before, want := c.failures, &Bootable{}
	var o options
	if n.table != nil {
		o, _ = c.options(n, "firmware", "target")
		want.Firmware = c.word(n.table["firmware"], BootFirmwares())
		want.Target = c.word(n.table["target"], BootTargets())
	} else if n.value != true {
		want.Target = c.word(n, BootTargets())
	}
	if c.failures == before {
		c.backup.Bootable = want
		c.addBackup(n, n.path, "The backup boots", finding.Critical, o)
	}
}

// word reads one of some words, or "" where there is nothing.
func (c *compiler) word(n *node, known []string) string {
	if n == nil {
		return ""
	}
	shapeWord(known...)(c, n)
	s, _ := n.value.(string)
	return s
}

// compareIgnore reads backup.compare_ignore.
func compareIgnore(c *compiler, n *node) {
	c.backup.Ignore = c.patterns(n)
	c.addBackup(n, CompareCheck, "The backup is what the source is", finding.High, options{})
}

// patterns reads a list of patterns of paths.
func (c *compiler) patterns(n *node) []string {
	all := []string{}
	for _, t := range c.texts(n) {
		if _, err := compilePattern(t.text); err != nil {
			c.fail(t.at, "%s has %q, which is no pattern: %v", n.path, t.text, err)
		}
		all = append(all, t.text)
	}
	return all
}
