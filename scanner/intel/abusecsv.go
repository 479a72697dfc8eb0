package intel

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// isAbuseCSV knows a file by the line that names its columns, which may be a comment.
func isAbuseCSV(head []byte) bool {
	if !isText(head) {
		return false
	}
	return slices.ContainsFunc(lines(head), func(line string) bool { return columnsOf(line) != nil })
}

// columnsOf reads the line that names the columns, and is nil for any other.
func columnsOf(line string) []string {
	r := csv.NewReader(strings.NewReader(strings.TrimLeft(line, "# \t\ufeff")))
	r.LazyQuotes, r.TrimLeadingSpace = true, true
	columns, err := r.Read()
	if err != nil || len(columns) < 3 {
		return nil
	}
	for i := range columns {
		columns[i] = strings.TrimSpace(columns[i])
	}
	for _, known := range []string{"sha256_hash", "ioc_value", "dst_ip", "urlhaus_link"} {
		if slices.Contains(columns, known) {
			return columns
		}
	}
	return nil
}

// maxRow is how many bytes a row has at most, the line ends within its fields included.
const maxRow = 1 << 20

func readAbuseCSV(b *builder, f *file) error {
	in := bufio.NewReaderSize(f.r, maxLine)
	columns, above, err := head(in)
	if err != nil {
		return fmt.Errorf("%s:%d: %w", f.name, above, err)
	}
	m := &meter{r: in}
	r := csv.NewReader(m)
	r.LazyQuotes, r.TrimLeadingSpace, r.FieldsPerRecord, r.Comment, r.ReuseRecord = true, true, -1, '#', true
	for line := 0; ; {
		m.left = maxRow
		record, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%s: after line %d: %w", f.name, above+line, err)
		case len(record) != len(columns):
			b.unused("abuse.ch: row with another number of columns")
			continue
		}
		line, _ = r.FieldPos(0)
		err = b.addRow(func(column string) string {
			if i := slices.Index(columns, column); i >= 0 {
				return record[i]
			}
			return ""
		})
		if err != nil {
			return fmt.Errorf("%s:%d: %w", f.name, above+line, err)
		}
	}
}

// head reads the comments above the rows, and the names of the columns, which stand in the last of them or in the first row.
func head(in *bufio.Reader) (columns []string, n int, err error) {
	for {
		first, err := in.Peek(1)
		if err != nil || first[0] != '#' && columns != nil {
			return columns, n, nil //nolint:nilerr // a feed without rows has none
		}
		line, err := in.ReadSlice('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, n + 1, err
		}
		n++
		if c := columnsOf(string(line)); c != nil {
			columns = c
		} else if len(line) > 0 && line[0] != '#' && strings.TrimSpace(string(line)) != "" {
			return nil, n, errors.New("no line names the columns")
		}
	}
}
