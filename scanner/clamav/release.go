package clamav

import (
	"fmt"
	"strings"
	"time"
)

// release is the version of a ClamAV and of its signatures.
type release struct {
	text     string // "ClamAV 1.4.6/27500/Thu Nov 26 09:00:00 2026"
	database string // "27500"; "" where there is no official database
	date     string // of the database: "2026-11-26"
}

// parseRelease reads the answer to VERSION, which is what clamscan --version prints, too.
func parseRelease(text string) (release, error) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "ClamAV ") || len(text) > 200 {
		return release{}, fmt.Errorf("version %.80q, want one that begins with ClamAV", text)
	}
	r := release{text: text}
	parts := strings.SplitN(text, "/", 3)
	if len(parts) < 3 {
		return r, nil
	}
	at, err := time.Parse(time.ANSIC, parts[2])
	if err != nil {
		return r, nil //nolint:nilerr // a version that has no date of ClamAV's is one without an official database
	}
	r.database, r.date = parts[1], at.Format(time.DateOnly)
	return r, nil
}

// warnings are what a report is to say of this release.
func (r release) warnings() []string {
	if r.database != "" {
		return nil
	}
	return []string{"ClamAV has no official database: only signatures that were put there by hand are looked for, and no verdicts are kept"}
}

// key names what a verdict depends on, or is "" where the version of the signatures is not known.
func (r release) key(o Options, how string) string {
	if r.database == "" {
		return ""
	}
	return fmt.Sprintf("%s %s up to %d on %s", how, r.text, o.MaxSize, o.Now.UTC().Format(time.DateOnly))
}
