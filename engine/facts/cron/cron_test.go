package cron

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/osrelease"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func collectJobs(t testing.TB, id string, files map[string]memfs.File) ([]string, facts.Status) {
	t.Helper()
	all := map[string]memfs.File{"/etc/os-release": {Data: "ID=" + id + "\n"}}
	for path, f := range files {
		all[path] = f
	}
	jobs, status := factstest.Collect[facts.Cron](t, factstest.Guest(t, all), facts.Request{}, osrelease.Collector, Collector)
	if jobs == nil {
		return nil, status
	}
	var lines []string
	for _, j := range *jobs {
		line := fmt.Sprintf("%s|%s|%s|%s|%s:%d", j.Kind, j.Schedule, j.User, j.Command, j.Source.Path, j.Source.Line)
		if j.Ignored != "" {
			line += "|ignored"
		}
		lines = append(lines, line)
	}
	return lines, status
}

func TestTraps(t *testing.T) {
	script := memfs.File{Data: "#!/bin/sh\n", Mode: 0o755}
	for name, c := range map[string]struct {
		id    string
		files map[string]memfs.File
		want  []string
	}{
		"variables and the column of the user": {"debian", factstest.Text(map[string]string{"/etc/crontab": "SHELL=/bin/sh\nMAILTO = root\n# c\n17 *\t* * *  root cd / && a=b run-parts /etc/cron.hourly\n"}), []string{"crontab|17 * * * *|root|cd / && a=b run-parts /etc/cron.hourly|/etc/crontab:4"}},
		"@reboot":                              {"debian", factstest.Text(map[string]string{"/etc/cron.d/x": "@reboot root /x\n"}), []string{"cron.d|@reboot|root|/x|/etc/cron.d/x:1"}},
		"no column in a user's table":          {"debian", factstest.Text(map[string]string{"/var/spool/cron/crontabs/bob": "*/5 0-6,8 1 jan MON echo hi\n"}), []string{"user|*/5 0-6,8 1 jan MON|bob|echo hi|/var/spool/cron/crontabs/bob:1"}},
		"Red Hat's spool":                      {"rhel", factstest.Text(map[string]string{"/var/spool/cron/root": "0 0 * * * /x\n"}), []string{"user|0 0 * * *|root|/x|/var/spool/cron/root:1"}},
		"SUSE's spool, not logged":             {"sles", factstest.Text(map[string]string{"/var/spool/cron/tabs/root": "-0 0 * * * /x\n"}), []string{"user|-0 0 * * *|root|/x|/var/spool/cron/tabs/root:1"}},
		"Alpine's spool is a link":             {"alpine", map[string]memfs.File{"/etc/crontabs/root": {Data: "0 0 * * * /x\n"}, "/var/spool/cron/crontabs": {Link: "/etc/crontabs"}, "/etc/periodic/daily/a": script}, []string{"user|0 0 * * *|root|/x|/var/spool/cron/crontabs/root:1", "run-parts|daily|root|/etc/periodic/daily/a|/etc/periodic/daily/a:0"}},
		"names with dots on Debian":            {"debian", map[string]memfs.File{"/etc/cron.d/a.conf": {Data: "0 0 * * * root /x\n"}, "/etc/cron.daily/b.sh": script}, []string{"cron.d||||/etc/cron.d/a.conf:0|ignored", "run-parts|daily|root|/etc/cron.daily/b.sh|/etc/cron.daily/b.sh:0|ignored"}},
		"names with dots on Red Hat":           {"rhel", map[string]memfs.File{"/etc/cron.d/a.conf": {Data: "0 0 * * * root /x\n"}, "/etc/cron.daily/b.sh": script, "/etc/cron.d/c.rpmsave": {}}, []string{"cron.d|0 0 * * *|root|/x|/etc/cron.d/a.conf:1", "cron.d||||/etc/cron.d/c.rpmsave:0|ignored", "run-parts|daily|root|/etc/cron.daily/b.sh|/etc/cron.daily/b.sh:0"}},
		"script that may not be run":           {"debian", map[string]memfs.File{"/etc/cron.hourly/a": {}, "/etc/cron.hourly/.placeholder": {}}, []string{"run-parts|hourly|root|/etc/cron.hourly/a|/etc/cron.hourly/a:0|ignored"}},
		"table that others may write":          {"debian", map[string]memfs.File{"/etc/cron.d/a": {Data: "0 0 * * * root /x\n", Mode: 0o666}}, []string{"cron.d|0 0 * * *|root|/x|/etc/cron.d/a:1|ignored"}},
		"table of another owner":               {"debian", map[string]memfs.File{"/etc/cron.d/a": {Data: "0 0 * * * root /x\n", UID: 7}}, []string{"cron.d|0 0 * * *|root|/x|/etc/cron.d/a:1|ignored"}},
		"no newline at the end":                {"debian", factstest.Text(map[string]string{"/etc/cron.d/a": "0 0 * * * root /x"}), []string{"cron.d|0 0 * * *|root|/x|/etc/cron.d/a:1|ignored"}},
		"anacron":                              {"debian", factstest.Text(map[string]string{"/etc/anacrontab": "PATH=/bin\nSTART_HOURS_RANGE=3-22\n1\t5\tcron.daily\trun-parts /etc/cron.daily\n@monthly 45 m /y\n"}), []string{"anacron|1|root|run-parts /etc/cron.daily|/etc/anacrontab:3", "anacron|@monthly|root|/y|/etc/anacrontab:4"}},
		"at":                                   {"debian", factstest.Text(map[string]string{"/var/spool/cron/atjobs/a0000101b5c0a8": "#!/bin/sh\n# atrun uid=1000 gid=1000\n", "/var/spool/cron/atjobs/.SEQ": "1"}), []string{"at|2024-07-18T14:32:00Z|uid 1000||/var/spool/cron/atjobs/a0000101b5c0a8:0"}},
		"secrets are blanked":                  {"debian", factstest.Text(map[string]string{"/etc/crontab": "0 0 * * * root mysqldump --password=hunter2 x\n"}), []string{"crontab|0 0 * * *|root|mysqldump --password=*** x|/etc/crontab:1"}},
		"installed and without a job":          {"debian", factstest.Text(map[string]string{"/etc/crontab": "# none\n"}), nil},
		"dangling link in cron.d":              {"debian", map[string]memfs.File{"/etc/cron.d/a": {Link: "/none"}}, []string{"cron.d||||/etc/cron.d/a:0|ignored"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectJobs(t, c.id, c.files)
			if !slices.Equal(got, c.want) || status.State != facts.OK {
				t.Errorf("got  %q\nwant %q\n%+v", got, c.want, status)
			}
		})
	}
}

func TestHostile(t *testing.T) {
	for name, c := range map[string]struct {
		file  memfs.File
		state facts.State
	}{
		"bad schedule":    {memfs.File{Data: "61 * * * * root /x\n"}, facts.Partial},
		"bad name":        {memfs.File{Data: "@often root /x\n"}, facts.Partial},
		"no command":      {memfs.File{Data: "0 0 * * * root\n"}, facts.Partial},
		"line too long":   {memfs.File{Data: "0 0 * * * root " + strings.Repeat("x", maxCommand) + "\n"}, facts.Partial},
		"table too large": {memfs.File{Data: strings.Repeat("\n", maxTable+1)}, facts.Partial},
		"too many jobs":   {memfs.File{Data: strings.Repeat("@daily a b\n", maxJobs+1)}, facts.Partial},
		"FIFO":            {memfs.File{Mode: filesys.ModeFIFO}, facts.Partial},
		"unreadable":      {memfs.File{Data: "x", Err: errors.New("sector 9")}, facts.Partial},
		"directory":       {memfs.Dir(), facts.Partial},
	} {
		if _, status := collectJobs(t, "debian", map[string]memfs.File{"/etc/crontab": c.file}); status.State != c.state || status.Problems[0].Path != "/etc/crontab" {
			t.Errorf("%s: got %+v", name, status)
		}
	}
	if _, status := collectJobs(t, "debian", nil); status.State != facts.Absent {
		t.Errorf("without cron: %+v", status)
	}
}

func FuzzLine(f *testing.F) {
	for _, s := range []string{"17 * * * * root x", "@reboot root y", "A = b", "-*/5,1-2/3 0~3 * JAN sun root %x", "\xff\x00"} {
		f.Add(s, "")
		f.Add(s, "bob")
	}
	f.Fuzz(func(t *testing.T, text, user string) {
		if j, ok, err := parseLine(text, user); ok && (err != nil || j.Schedule == "" || j.Command == "") {
			t.Errorf("%q: %+v, %v", text, j, err)
		}
	})
}
