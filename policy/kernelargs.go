package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

const (
	domainBoot     = "boot"
	domainKernel   = "kernel"
	domainModprobe = "modprobe"
)

// namedEntry reads one entry of a list of words, in its short form or as { name = "..." }.
func (c *compiler) namedEntry(n *node, example string) (string, options, bool) {
	at, o, ok := c.textEntry(n, "name")
	if !ok {
		return "", o, false
	}
	text, _ := at.value.(string)
	if strings.ContainsAny(text, " \t\n") {
		c.fail(at.at, "%q has a blank in it, want one word such as %s", text, example)
		return "", o, false
	}
	return text, o, true
}

// cmdline makes one check of each argument in a list: required ones every entry of the boot menu must have, forbidden ones
// none may have. Entries for recovery are left out unless one of them is the default.
func cmdline(list string, required bool) func(*compiler, *node) {
	return each(func(c *compiler, n *node) {
		text, o, ok := c.namedEntry(n, `"audit=1"`)
		if !ok {
			return
		}
		check := Check{
			ID: list + "/" + text, Key: text, Title: "The kernel is told " + text,
			Needs: facts.Request{Domains: []string{domainBoot}}, Absent: []string{domainBoot},
			Eval: func(doc *facts.Document) Outcome { return judgeArgument(doc, text, required) },
		}
		if !required {
			check.Title, check.Severity = "The kernel is not told "+text, finding.High
		}
		c.add(n, check, o)
	})
}

func judgeArgument(doc *facts.Document, text string, required bool) Outcome {
	boot, ok := facts.Get[facts.Boot](doc, domainBoot)
	if !ok {
		return unknown("the guest has no boot loader: the kernel's arguments are not on its disks")
	}
	byDefault, _ := boot.DefaultEntry()
	var entries []*facts.BootEntry
	for i := range boot.Entries {
		if e := &boot.Entries[i]; e.Kind != "recovery" || e == byDefault {
			entries = append(entries, e)
		}
	}
	if len(entries) == 0 {
		return unknown("no boot entry was found")
	}
	o := Outcome{Status: finding.Pass, Expected: text}
	if !required {
		o.Expected = "without " + text
	}
	var wrong []string
	for _, e := range entries {
		has, actual := argument(e, text, required)
		if has == required {
			continue
		}
		title := e.Title
		if e == byDefault {
			title += " (boots by default)"
		}
		wrong = append(wrong, title)
		o.Actual = actual
		o.Where = append(o.Where, location(e.Source, title+": "+actual))
	}
	if o.Message = "the one entry"; len(entries) > 1 {
		o.Message = fmt.Sprintf("each of %d entries", len(entries))
	}
	if byDefault != nil {
		o.Message += ", by default " + byDefault.Title
	}
	if len(wrong) == 0 {
		if byDefault != nil {
			o.Where = []finding.Location{location(byDefault.Source, "")}
		}
		o.Actual = o.Expected
		return o
	}
	o.Status, o.Actual = finding.Fail, fmt.Sprintf("%s in %s", o.Actual, strings.Join(wrong, ", "))
	o.Message = fmt.Sprintf("want %s, is %s", o.Expected, o.Actual)
	o.Fix = argumentFix(doc, boot, text, required)
	return o
}

// several are the arguments of which each one counts; of the others the last one does.
func several(key string) bool {
	return strings.HasPrefix(key, "rd.") || slices.Contains([]string{"console", "earlycon", "module_blacklist", "modprobe.blacklist", "hugepagesz", "hugepages", "ip"}, key)
}

// argument reports whether an entry has an argument, and how it has it. A required one must be the last of its key; a
// forbidden one is there even where a later one of its key follows.
func argument(e *facts.BootEntry, text string, required bool) (has bool, actual string) {
	key, value, valued := strings.Cut(text, "=")
	actual = "no " + key
	for _, a := range e.Args {
		if a.Key != key {
			continue
		}
		same := !valued || a.Value == value
		switch {
		case required && !several(key):
			has = same
		default:
			has = has || same
		}
		if actual = a.Key; a.Value != "" {
			actual += "=" + a.Value
		}
	}
	if has {
		actual = text
	}
	return has, actual
}

func argumentFix(doc *facts.Document, boot *facts.Boot, text string, required bool) string {
	if p := boot.Pending; p != nil {
		has, _ := argument(&facts.BootEntry{Args: p.Args}, text, required)
		if has == required && boot.GRUB != nil && !isRedHat(doc, nil) {
			return "update-grub: the defaults are right, and the menu was not made anew"
		}
	}
	does, grubby := "remove "+text+" from", "--remove-args="
	if required {
		does, grubby = "add "+text+" to", "--args="
	}
	if isRedHat(doc, nil) || boot.Loader == "bls" {
		return "grubby --update-kernel=ALL " + grubby + shellWord(text)
	}
	if boot.GRUB != nil {
		return does + " GRUB_CMDLINE_LINUX in /etc/default/grub, then update-grub"
	}
	return does + " the kernel's arguments of the boot entries above"
}
