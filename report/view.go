package report

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/guestctl/guestctl/engine/facts"
)

// View is one list that people know from the shell, made of a guest's facts.
type View struct {
	Name    string
	Doc     string
	Domains []string // that Rows reads
	Columns []string
	Rows    func(d *facts.Document) [][]string
}

// Views lists the views.
func Views() []View {
	return []View{
		{"packages", "List the packages of a guest", []string{"packages"}, []string{"name", "version", "arch", "state", "held"}, rowsOf("packages", packageRows)},
		{"services", "List the units and services of a guest, and what starts them", []string{"units"}, []string{"name", "state", "starts", "path", "triggers"}, rowsOf("units", serviceRows)},
		{"users", "List the accounts of a guest", []string{"users"}, []string{"name", "uid", "group", "password", "interactive", "shell", "home"}, rowsOf("users", userRows)},
		{"mounts", "List what a boot of a guest mounts", []string{"mounts"}, []string{"target", "device", "fstype", "origin", "options"}, rowsOf("mounts", mountRows)},
		{"ports-configured", "List the ports that sshd, sockets of systemd and rsyslog are set up to listen on", []string{"sshd", "units", "rsyslog"}, []string{"program", "protocol", "address", "port", "starts", "source"}, portRows},
		{"cron", "List the jobs of cron, anacron and at", []string{"cron"}, []string{"kind", "user", "schedule", "source", "command"}, rowsOf("cron", cronRows)},
		{"ssh", "List the settings of a guest's SSH server and where each comes from", []string{"sshd"}, []string{"keyword", "source", "value"}, rowsOf("sshd", sshRows)},
		{"network", "List the network interfaces a guest configures", []string{"network"}, []string{"name", "manager", "method", "addresses", "gateway", "dns", "source"}, rowsOf("network", networkRows)},
	}
}

// rowsOf makes rows of one domain, and none where it was not gathered.
func rowsOf[T any](domain string, rows func(*T) [][]string) func(*facts.Document) [][]string {
	return func(d *facts.Document) [][]string {
		v, ok := facts.Get[T](d, domain)
		if !ok {
			return nil
		}
		return rows(v)
	}
}

func packageRows(ps *facts.Packages) [][]string {
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(ps.Installed)) {
		for _, p := range ps.Installed[name] {
			rows = append(rows, []string{p.Name, p.Version, p.Arch, p.State, strconv.FormatBool(p.Held)})
		}
	}
	return rows
}

func serviceRows(units *facts.Units) [][]string {
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(*units)) {
		u := (*units)[name]
		rows = append(rows, []string{name, u.State, u.Starts, u.Path, strings.Join(u.TriggeredBy, " ")})
	}
	return rows
}

func userRows(users *facts.Users) [][]string {
	var rows [][]string
	for _, u := range *users {
		password := u.Password
		if u.Shadow != nil {
			password = u.Shadow.State
		}
		rows = append(rows, []string{
			u.Name, strconv.FormatUint(uint64(u.UID), 10), u.PrimaryGroup, password,
			strconv.FormatBool(u.Interactive), u.Shell, u.Home,
		})
	}
	return rows
}

func mountRows(mounts *facts.Mounts) [][]string {
	var rows [][]string
	for _, m := range *mounts {
		if m.InForce() {
			rows = append(rows, []string{m.Target, m.Device, m.FSType, m.Origin, strings.Join(m.Options, ",")})
		}
	}
	return rows
}

func cronRows(jobs *facts.Cron) [][]string {
	var rows [][]string
	for _, j := range *jobs {
		if j.Ignored == "" {
			rows = append(rows, []string{j.Kind, j.User, j.Schedule, sourceText(&j.Source), j.Command})
		}
	}
	return rows
}

func sourceText(s *facts.Source) string {
	switch {
	case s == nil:
		return "default"
	case s.Line == 0:
		return s.Path
	}
	return fmt.Sprintf("%s:%d", s.Path, s.Line)
}

func sshRows(sshd *facts.SSHD) [][]string {
	var rows [][]string
	for _, keyword := range slices.Sorted(maps.Keys(sshd.Effective)) {
		v := sshd.Effective[keyword]
		rows = append(rows, []string{keyword, sourceText(v.Source), valueText(v.Value)})
	}
	return rows
}

func networkRows(n *facts.Network) [][]string {
	words := func(lines []facts.NetworkLine) string {
		var all []string
		for _, line := range lines {
			all = append(all, line.Value)
		}
		return strings.Join(all, " ")
	}
	var rows [][]string
	for _, f := range n.Interfaces {
		if f.Hidden != "" {
			continue
		}
		methods := slices.Compact(slices.DeleteFunc([]string{f.Method4, f.Method6}, func(m string) bool { return m == "" }))
		rows = append(rows, []string{
			f.Name, f.Manager, strings.Join(methods, ","), words(f.Addresses), words(f.Gateways), words(f.DNS), sourceText(&f.Source),
		})
	}
	return rows
}

func valueText(v any) string {
	if list, ok := v.([]string); ok {
		return strings.Join(list, " ")
	}
	if list, ok := v.([]any); ok {
		var words []string
		for _, item := range list {
			words = append(words, fmt.Sprint(item))
		}
		return strings.Join(words, " ")
	}
	return fmt.Sprint(v)
}

// Where is a condition on a row: the column matches the pattern, as path.Match does.
type Where struct{ Column, Pattern string }

// ParseWhere reads COLUMN=PATTERN for a view.
func (v View) ParseWhere(s string) (Where, error) {
	column, pattern, ok := strings.Cut(s, "=")
	if !ok || !slices.Contains(v.Columns, column) {
		return Where{}, fmt.Errorf("%q, want COLUMN=PATTERN with COLUMN one of %s", s, strings.Join(v.Columns, ", "))
	}
	if _, err := path.Match(pattern, ""); err != nil {
		return Where{}, fmt.Errorf("%q: %w", s, err)
	}
	return Where{column, pattern}, nil
}

// Table returns the rows of a view that fulfil all conditions.
func (v View) Table(d *facts.Document, where []Where) [][]string {
	rows := v.Rows(d)
	return slices.DeleteFunc(rows, func(row []string) bool {
		return slices.ContainsFunc(where, func(w Where) bool {
			// A slash is no separator in a column: take it out of path.Match's hands.
			flat := func(s string) string { return strings.ReplaceAll(s, "/", "\x00") }
			ok, err := path.Match(flat(w.Pattern), flat(row[slices.Index(v.Columns, w.Column)]))
			return !ok || err != nil
		})
	})
}

// WriteTable writes rows under their columns, as wide as they need to be.
func WriteTable(w io.Writer, columns []string, rows [][]string) error {
	b := bufio.NewWriter(&lines{w: w})
	widths := make([]int, len(columns))
	lines := [][]string{make([]string, len(columns))}
	for i, c := range columns {
		lines[0][i] = strings.ToUpper(c)
	}
	for _, row := range rows {
		line := make([]string, len(row))
		for i, cell := range row {
			line[i] = Escape(cell)
		}
		lines = append(lines, line)
	}
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, line := range lines {
		var text strings.Builder
		for i, cell := range line {
			text.WriteString(cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
		}
		// bufio keeps the error for Flush.
		_, _ = b.WriteString(strings.TrimRight(text.String(), " ") + "\n")
	}
	return b.Flush()
}

// Objects returns rows as objects with the columns as names, for the formats of programs.
func Objects(columns []string, rows [][]string) []map[string]string {
	objects := []map[string]string{}
	for _, row := range rows {
		o := map[string]string{}
		for i, c := range columns {
			o[c] = row[i]
		}
		objects = append(objects, o)
	}
	return objects
}
