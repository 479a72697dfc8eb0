package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/finding"
)

// CSV writes one row per check and guest (RFC 4180), safe to open in a spreadsheet: a cell that would be a formula begins
// with an apostrophe. An image that was not judged is a row without a check. The first cell is a word of this program, so that
// no name begins a line in the log of a pipeline, where it could be a command.
func CSV(w io.Writer, r *audit.Result) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	rows := [][]string{{
		"result", "image", "root", "check", "title", "status", "severity", "expected", "actual", "message", "where",
		"fix", "controls", "policy_file", "policy_line", "fingerprint", "waiver_reason", "waiver_owner", "waiver_expires",
	}}
	all := sections(r)
	for i := range all {
		tg := &all[i]
		if tg.Error != "" {
			row := make([]string, len(rows[0]))
			row[0], row[1], row[5], row[9], row[11] = string(tg.Result), tg.Image, string(finding.Unknown), tg.Error, tg.Hint
			rows = append(rows, row)
		}
		for _, check := range tg.Checks {
			rows = append(rows, csvRow(tg, check))
		}
	}
	for _, row := range rows {
		for i := range row {
			row[i] = cell(row[i])
		}
	}
	return c.WriteAll(rows)
}

func csvRow(tg *audit.Target, c finding.Finding) []string {
	var where []string
	for _, l := range c.Where {
		where = append(where, locationText(l))
	}
	waiver := finding.Waiver{}
	if c.Waiver != nil {
		waiver = *c.Waiver
	}
	return []string{
		string(tg.Result), tg.Image, rootDevice(tg), c.ID, c.Title, string(c.Status), string(c.Severity), c.Expected, c.Actual,
		message(c), strings.Join(where, "; "), c.Fix, controlText(c.Controls), c.Policy.File, lineText(c.Policy.Line),
		c.Fingerprint, waiver.Reason, waiver.Owner, waiver.Expires,
	}
}

// lineText is the number of a line, which counts from 1; a whole file has none.
func lineText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// cell escapes a value. Spreadsheets take what begins with one of these characters for a formula, their full-width forms
// and a leading space included.
func cell(s string) string {
	s = EscapeText(s)
	if strings.ContainsAny(firstRune(strings.TrimLeft(s, " ")), "=+-@＝＋－＠") {
		return "'" + s
	}
	return s
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}
