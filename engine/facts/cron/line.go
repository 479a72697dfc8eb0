package cron

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/facts"
)

// names are what may stand in place of the five fields.
var names = map[string]bool{
	"@reboot": true, "@yearly": true, "@annually": true, "@monthly": true, "@weekly": true, "@daily": true, "@midnight": true,
	"@hourly": true,
}

// parseLine reads one line of a table. Comments, blank lines and variables are not ok. Without user, the line has a column
// for it.
func parseLine(text, user string) (j facts.CronJob, ok bool, err error) {
	text = strings.TrimSpace(text)
	switch {
	case len(text) > maxCommand:
		return j, false, fmt.Errorf("line has %d bytes, want at most %d", len(text), maxCommand)
	case text == "" || text[0] == '#' || isVariable(text):
		return j, false, nil
	}
	count := 5
	if text[0] == '@' {
		count = 1
	}
	fields := make([]string, count, count+1)
	rest := text
	for i := range fields {
		fields[i], rest = word(rest)
	}
	if count == 1 && !names[strings.ToLower(fields[0])] {
		return j, false, fmt.Errorf("%.20q is no schedule", fields[0])
	}
	for i := range fields {
		if count == 5 && !validField(fields[i], i) {
			return j, false, fmt.Errorf("%.20q is no %s", fields[i], fieldNames[i])
		}
	}
	j.Schedule, j.User = strings.Join(fields, " "), user
	if user == "" {
		j.User, rest = word(rest)
	}
	if rest == "" {
		return j, false, errors.New("job has no command")
	}
	j.Command = facts.Redact(rest)
	return j, true, nil
}

// word cuts the first word off.
func word(text string) (first, rest string) {
	i := strings.IndexAny(text, " \t")
	if i < 0 {
		return text, ""
	}
	return text[:i], strings.TrimLeft(text[i:], " \t")
}

// isVariable tells "NAME = value" from a job: no schedule has an equal sign after its first word.
func isVariable(text string) bool {
	name, _, ok := strings.Cut(text, "=")
	name = strings.TrimSpace(name)
	return ok && !strings.ContainsAny(strings.Trim(name, `"'`), " \t*@/,") && name != ""
}

var fieldNames = [5]string{"minute", "hour", "day of the month", "month", "day of the week"}

var limits = [5]int{59, 23, 31, 12, 7}

// validField checks one field of crontab(5): lists of ranges with steps, and names of months and days.
func validField(field string, i int) bool {
	if i == 0 {
		field = strings.TrimPrefix(field, "-") // of SUSE and cronie: not to be logged
	}
	for item := range strings.SplitSeq(field, ",") {
		span, step, hasStep := strings.Cut(item, "/")
		if n, err := strconv.Atoi(step); hasStep && (err != nil || n < 1) {
			return false
		}
		if span == "*" {
			continue
		}
		for value := range strings.SplitSeq(strings.ReplaceAll(span, "~", "-"), "-") {
			if !validValue(value, i) {
				return false
			}
		}
	}
	return true
}

func validValue(value string, i int) bool {
	if n, err := strconv.Atoi(value); err == nil {
		return n >= 0 && n <= limits[i]
	}
	const months, days = "jan feb mar apr may jun jul aug sep oct nov dec", "sun mon tue wed thu fri sat"
	known := map[int]string{3: months, 4: days}[i]
	return len(value) == 3 && strings.Contains(known, strings.ToLower(value)) && !strings.Contains(value, " ")
}

// anacron reads /etc/anacrontab: a period in days, a delay in minutes, a name, a command.
func (r *reader) anacron() {
	const file = "/etc/anacrontab"
	err := r.s.Lines(file, func(n int, text string) {
		text = strings.TrimSpace(text)
		if text == "" || text[0] == '#' || isVariable(text) {
			return
		}
		period, rest := word(text)
		delay, rest := word(rest)
		_, command := word(rest)
		_, err := strconv.Atoi(period)
		if _, delayErr := strconv.Atoi(delay); command == "" || delayErr != nil || err != nil && !names[period] || len(text) > maxCommand {
			r.s.Problem(file, n, errors.New("line is no job: want period, delay, name and command"))
			return
		}
		r.add(facts.CronJob{
			Kind: "anacron", Schedule: period, User: "root", Command: facts.Redact(command),
			Source: facts.At(file, n, facts.Redact(text)),
		})
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.s.Problem(file, 0, err)
	}
}

// at reads the names of the spool: a queue, five hexadecimal digits of the job's number and eight of its time in minutes.
func (r *reader) at() {
	for _, dir := range []string{"/var/spool/cron/atjobs", "/var/spool/at", "/var/spool/atjobs"} {
		for _, e := range r.s.ReadDir(dir) {
			if e.Type.IsDir() || len(e.Name) != 14 {
				continue
			}
			minutes, err := strconv.ParseUint(e.Name[6:], 16, 32)
			if err != nil {
				continue
			}
			file := dir + "/" + e.Name
			user := ""
			err = r.s.Lines(file, func(n int, text string) {
				if ids, ok := strings.CutPrefix(text, "# atrun uid="); ok && n < 4 {
					uid, _, _ := strings.Cut(ids, " ")
					user = "uid " + uid
				}
			})
			if err != nil {
				r.s.Problem(file, 0, err)
			}
			r.add(facts.CronJob{
				Kind: "at", Schedule: time.Unix(int64(minutes)*60, 0).UTC().Format(time.RFC3339), User: user, Source: facts.Source{Path: file},
			})
		}
	}
}
