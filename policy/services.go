package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

const (
	domainUnits = "units"
	maxAliases  = 8
)

// plainUnit is what may go into a command line that someone copies.
var plainUnit = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9:_.@-]*$`)

// serviceList makes one check of each unit in a list. judge is asked with the unit, which is nil when the guest does not
// have it.
func serviceList(list, title string, judge func(serviceFacts) Outcome) func(*compiler, *node) {
	return each(func(c *compiler, n *node) {
		name, o, ok := c.namedEntry(n, `"ssh"`)
		if !ok {
			return
		}
		if strings.ContainsAny(name, "/*?[") {
			c.fail(n.at, "%q is no name of a service or unit", name)
			return
		}
		c.add(n, Check{
			ID: list + "/" + name, Key: name, Title: fmt.Sprintf(title, name),
			Needs: facts.Request{Domains: []string{domainUnits}},
			Eval: func(doc *facts.Document) Outcome {
				units, ok := facts.Get[facts.Units](doc, domainUnits)
				if !ok {
					return unknown("the units were not collected")
				}
				return judge(findUnit(*units, name))
			},
		}, o)
	})
}

// serviceFacts is a unit as a baseline names it.
type serviceFacts struct {
	units   facts.Units
	asked   string
	own     *facts.Unit // by the name itself, which may be an alias
	unit    *facts.Unit // what it stands for; nil when there is none
	name    string      // of unit
	openrc  bool
	windows bool
	unclear string
}

// unitSuffixes are the types of systemd.unit(5). A name without one of them is a service.
func unitSuffixes() []string {
	return []string{".service", ".socket", ".timer", ".path", ".target", ".mount", ".automount", ".swap", ".device", ".slice", ".scope"}
}

func findUnit(units facts.Units, asked string) serviceFacts {
	f := serviceFacts{units: units, asked: asked, name: asked}
	if !slices.ContainsFunc(unitSuffixes(), func(s string) bool { return strings.HasSuffix(asked, s) }) {
		f.name += ".service"
	}
	if units[f.name] == nil {
		plain := strings.TrimSuffix(f.name, ".service")
		if u := units[plain]; u != nil && u.Init != "systemd" {
			f.name, f.openrc = plain, u.Init == "openrc"
		}
	}
	if name, _, instance := strings.Cut(f.name, "@"); instance && units[f.name] == nil {
		// what is said of an instance that nothing names holds for its template
		template := name + "@" + f.name[strings.LastIndexByte(f.name, '.'):]
		if units[template] != nil {
			f.name = template
		}
	}
	for name, u := range units {
		if u.Init == "windows" && strings.EqualFold(name, asked) { // which minds no case
			f.name, f.windows = name, true
		}
	}
	f.own = units[f.name]
	f.unit = f.own
	for range maxAliases {
		if f.unit == nil || f.unit.AliasOf == nil {
			break
		}
		f.name = *f.unit.AliasOf
		f.unit = units[f.name]
	}
	switch {
	case f.unit != nil && f.unit.AliasOf != nil:
		f.unclear = "its aliases lead in a circle"
	case f.unit != nil && f.unit.State == "bad":
		f.unclear = f.name + " cannot be read"
	}
	if f.unit != nil && f.unit.State == "not-found" {
		f.unit = nil
	}
	return f
}

// outcome is a passing outcome with what is told of the unit.
func (f serviceFacts) outcome(want string) Outcome {
	o := Outcome{Status: finding.Pass, Expected: want, Actual: "not installed", Message: "not installed"}
	if f.unclear != "" {
		return unknown(f.unclear)
	}
	if f.unit == nil {
		return o
	}
	o.Actual = f.unit.State
	switch f.unit.Starts {
	case "boot":
		o.Actual += ", started at boot"
	case "trigger":
		o.Actual += ", started by " + strings.Join(f.unit.TriggeredBy, ", ")
	default:
		o.Actual += ", started by nothing"
	}
	if f.name != f.asked && f.name != f.asked+".service" {
		o.Actual = f.name + " " + o.Actual
	}
	o.Message = o.Actual
	if f.unit.Source != nil {
		o.Where = []finding.Location{location(*f.unit.Source, "")}
	} else if f.unit.Path != "" {
		o.Where = []finding.Location{{Path: f.unit.Path}}
	}
	return o
}

// wrong makes the outcome a failure. The fix is a command for the units given.
func (f serviceFacts) wrong(o Outcome, systemd, openrc string, units ...string) Outcome {
	if o.Status == finding.Unknown {
		return o
	}
	o.Status, o.Message = finding.Fail, fmt.Sprintf("want %s, is %s", o.Expected, o.Actual)
	if f.windows || slices.ContainsFunc(units, func(u string) bool { return !plainUnit.MatchString(u) }) {
		return o
	}
	o.Fix = systemd + " " + strings.Join(units, " ")
	if f.openrc {
		o.Fix = strings.TrimSpace(fmt.Sprintf(openrc, strings.Join(units, " ")))
	}
	return o
}

// judgeEnabled wants something to start the unit: a boot, or a socket, timer, path or bus name.
func judgeEnabled(f serviceFacts) Outcome {
	o := f.outcome("enabled")
	switch {
	case f.unit == nil:
		o = f.wrong(o, "", "")
		o.Fix = ""
		if o.Status == finding.Fail {
			o.Notes = []string{"install the package that has " + f.name + " first"}
		}
	case f.unit.Starts == "" && (f.unit.State == "masked" || f.unit.State == "masked-runtime"):
		o = f.wrong(o, "systemctl unmask "+f.name+" && systemctl enable", "", f.name)
	case f.unit.Starts == "":
		o = f.wrong(o, "systemctl enable", "rc-update add %s default", f.name)
		if f.unit.State == "enabled" && o.Status == finding.Fail {
			o.Notes, o.Fix = []string{"it is enabled, and nothing that a boot reaches pulls it in"}, ""
		}
	}
	return o
}

// judgeDisabled wants nothing to start the unit.
func judgeDisabled(f serviceFacts) Outcome {
	o := f.outcome("disabled")
	if f.windows && f.unit.State == "manual" {
		o = f.wrong(o, "", "")
		o.Notes = []string{"any program may start it"}
		return o
	}
	if f.unit == nil || f.unit.Starts == "" {
		return o
	}
	units := []string{f.name}
	for _, t := range f.unit.TriggeredBy {
		if !strings.HasPrefix(t, "dbus:") {
			units = append(units, t)
		}
	}
	return f.wrong(o, "systemctl disable --now", "rc-update del %s", units...)
}

// judgeMasked wants the unit masked for good, under the name that was asked for or the one it stands for.
func judgeMasked(f serviceFacts) Outcome {
	o := f.outcome("masked")
	for _, u := range []*facts.Unit{f.own, f.unit} {
		if u != nil && (u.State == "masked" || f.windows && u.State == "disabled") { // a service of Windows that is disabled cannot be started
			return o
		}
	}
	name := f.asked
	if f.own != nil && f.own.AliasOf == nil {
		name = f.name
	}
	return f.wrong(o, "systemctl mask", "rc-update del %s", name)
}

// judgeAbsent wants no unit of that name, whatever its state.
func judgeAbsent(f serviceFacts) Outcome {
	o := f.outcome("absent")
	if f.unit == nil {
		return o
	}
	o = f.wrong(o, "", "")
	if o.Fix = ""; o.Status == finding.Fail && f.unit.Path != "" {
		o.Fix = "remove the package that has " + f.unit.Path
	}
	return o
}
