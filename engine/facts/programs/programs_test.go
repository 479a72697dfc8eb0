package programs

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/boot"
	"github.com/guestctl/guestctl/engine/facts/cron"
	"github.com/guestctl/guestctl/engine/facts/kernel"
	"github.com/guestctl/guestctl/engine/facts/modprobe"
	"github.com/guestctl/guestctl/engine/facts/osrelease"
	"github.com/guestctl/guestctl/engine/facts/pam"
	"github.com/guestctl/guestctl/engine/facts/units"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func collectIn(t testing.TB, files map[string]memfs.File) (facts.Programs, facts.Status) {
	t.Helper()
	got, status := factstest.Collect[facts.Programs](t, factstest.Guest(t, files), facts.Request{},
		osrelease.Collector, boot.Collector, kernel.Collector, units.Collector, cron.Collector, modprobe.Collector, pam.Collector, Collector)
	if got == nil {
		return nil, status
	}
	return *got, status
}

// told writes programs as path, with a mark for a script.
func told(all facts.Programs) string {
	var words []string
	for _, p := range all {
		words = append(words, p.Path+map[bool]string{true: "(script)"}[p.Script])
	}
	return strings.Join(words, " ")
}

// TestCommands: the programs that a shell, given the line, would start, as far as they are written out.
func TestCommands(t *testing.T) {
	for line, want := range map[string]string{
		"/opt/x -a /opt/y":                        "/opt/x",
		"cd / && run-parts /etc/cron.daily":       "",
		"test -x /opt/x && /opt/x":                "/opt/x",
		"A=1 B=/opt/b /opt/x":                     "/opt/x",
		"/opt/x >/tmp/log 2>&1 </tmp/in":          "/opt/x",
		"/opt/x > /tmp/log 2> /tmp/err":           "/opt/x",
		"if /opt/x; then /opt/y; else /opt/z; fi": "/opt/x /opt/y /opt/z",
		"(/opt/x; /opt/y) | /opt/z &":             "/opt/x /opt/y /opt/z",
		"echo /opt/x; # /opt/y":                   "",
		"nohup nice -n 10 /opt/x":                 "/opt/x",
		"/usr/bin/env A=1 /opt/x":                 "/usr/bin/env /opt/x",
		"timeout 10s /opt/x":                      "/opt/x",
		"sh /opt/x":                               "/opt/x(script)",
		"/bin/bash -e /opt/x":                     "/bin/bash /opt/x(script)",
		"bash -lc '/opt/x; sh /opt/y'":            "/opt/x /opt/y(script)",
		"sh -c \"sh -c '/opt/x'\"":                "/opt/x",
		"python3.11 -u /opt/x.py":                 "/opt/x.py(script)",
		"python3 -c 'import os'":                  "",
		"perl -e 'print' /opt/x":                  "",
		". /opt/env; source /opt/more":            "/opt/env(script) /opt/more(script)",
		"./x; ~/y; ../z":                          "",
		"`/opt/x`":                                "/opt/x",
		"echo $(/opt/x)":                          "/opt/x",
		"/opt/../tmp//x":                          "/tmp/x",
		"'/opt/with blank' a":                     "/opt/with blank",
		"env":                                     "",
		"sh":                                      "",
		".":                                       "",
		"'":                                       "",
	} {
		t.Run(line, func(t *testing.T) {
			got, status := collectIn(t, map[string]memfs.File{"/etc/cron.d/a": {Data: "* * * * * root " + line + "\n"}})
			if told(got) != want || status.State != facts.OK {
				t.Errorf("%q, want %q (%s %v)", told(got), want, status.State, status.Problems)
			}
		})
	}
}

// TestExec: lines of systemd.service(5), "Command lines".
func TestExec(t *testing.T) {
	for text, want := range map[string]string{
		"ExecStart=/opt/x":                                "ExecStart /opt/x false",
		"ExecStartPre=-/opt/x":                            "ExecStartPre /opt/x true",
		"ExecStart=+@/opt/x y z":                          "ExecStart /opt/x false",
		"ExecStart=:!!-/opt/x":                            "ExecStart /opt/x true",
		"ExecStart=/opt/x ; -/opt/y":                      "ExecStart /opt/x false;ExecStart /opt/y true",
		"ExecStopPost=/bin/sh -c '/opt/x'":                "ExecStopPost /bin/sh false;ExecStopPost /opt/x false",
		"ExecStart=ls -l":                                 "ExecStart /usr/bin/ls false",
		"ExecStart=gone -l":                               "",
		"ExecStart=/opt/x\nExecStart=\nExecStart=/opt/y":  "ExecStart /opt/y false",
		"ExecReload=/opt/x\nExecStop=/opt/y\nExecReload=": "ExecStop /opt/y false",
		"ExecStart=":                                      "",
	} {
		t.Run(text, func(t *testing.T) {
			got, _ := collectIn(t, map[string]memfs.File{
				"/etc/systemd/system/a.service": {Data: "[Service]\n" + text + "\n"}, "/usr/bin/ls": {Mode: 0o755},
				"/usr/lib/systemd/system/default.target": {},
			})
			var all []string
			for _, p := range got {
				all = append(all, fmt.Sprintf("%s %s %v", p.Setting, p.Path, p.Optional))
			}
			if d := cmp.Diff(want, strings.Join(all, ";")); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestRules: keys of udev(7) that run programs.
func TestRules(t *testing.T) {
	for text, want := range map[string]string{
		`ACTION=="add", RUN+="/opt/x $name"`:                "RUN /opt/x 1",
		`RUN{program}+="/opt/x"`:                            "RUN /opt/x 1",
		`RUN="/opt/x", RUN+="/opt/y"`:                       "RUN /opt/x 1;RUN /opt/y 1",
		`RUN{builtin}+="kmod load x"`:                       "",
		`IMPORT{program}="/opt/x"`:                          "IMPORT /opt/x 1",
		`IMPORT{db}="/opt/x"`:                               "",
		`PROGRAM=="/opt/x", SYMLINK+="%c"`:                  "PROGRAM /opt/x 1",
		`RUN+="x -a"`:                                       "RUN /usr/lib/udev/x 1",
		`RUN+="/bin/sh -c '/opt/x &'"`:                      "RUN /bin/sh 1;RUN /opt/x 1",
		"KERNEL==\"a\", \\\n  # between\n  RUN+=\"/opt/x\"": "RUN /opt/x 1",
		`# RUN+="/opt/x"`:                                   "",
		`ENV{RUN}="/opt/x"`:                                 "",
		`RUN+="`:                                            "",
		"RUN+=\"/opt/x\" \\":                                "RUN /opt/x 1",
	} {
		t.Run(text, func(t *testing.T) {
			got, _ := collectIn(t, map[string]memfs.File{
				"/etc/udev/rules.d/50.rules": {Data: text}, "/usr/lib/udev/rules.d/50.rules": {Data: `RUN+="/out/of/force"`}, "/etc/crontab": {},
				"/etc/udev/rules.d/60.rules": {Link: "/dev/null"}, "/usr/lib/udev/rules.d/60.rules": {Data: `RUN+="/masked"`},
			})
			var all []string
			for _, p := range got {
				all = append(all, fmt.Sprintf("%s %s %d", p.Setting, p.Path, p.Source.Line))
			}
			if d := cmp.Diff(want, strings.Join(all, ";")); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestWhatIsThere: what stat(2) says of the path, and who may write to it or on the way to it.
func TestWhatIsThere(t *testing.T) {
	dir := func(mode uint32) memfs.File { return memfs.File{Mode: filesys.ModeDir | mode} }
	files := map[string]memfs.File{
		"/etc/fstab": {Data: "LABEL=far /far ext4 defaults 0 2\n"}, "/far": memfs.Dir(),
		"/opt/x": {Mode: 0o755, UID: 7}, "/opt/link": {Link: "x"}, "/opt/open": {Mode: 0o777}, "/opt/dir": dir(0o755), "/opt/free": dir(0o777),
		"/opt/free/a/x": {Mode: 0o755}, "/tmp": dir(0o1777), "/tmp/x": {Mode: 0o755}, "/tmp/sub": dir(0o755), "/opt/loop": {Link: "loop"},
	}
	for path, want := range map[string]string{
		"/opt/x":        "true /opt/x file 0755 7 ",
		"/opt/link":     "true /opt/x file 0755 7 ",
		"/opt/open":     "true /opt/open file 0777 0 /opt/open",
		"/opt/dir":      "true /opt/dir dir 0755 0 ",
		"/opt/free/a/x": "true /opt/free/a/x file 0755 0 /opt/free",
		"/tmp/x":        "true /tmp/x file 0755 0 ",
		"/tmp/gone":     "false    0 /tmp",
		"/tmp/sub/gone": "false    0 ",
		"/opt/gone/x":   "false    0 ",
		"/opt/x/y":      "false    0 ",
		"/far/x":        "?    0 ",
		"/run/x":        "?    0 ",
		"/opt/$X":       "?    0 ",
	} {
		t.Run(path, func(t *testing.T) {
			files["/etc/cron.d/a"] = memfs.File{Data: "* * * * * root " + path + "\n"}
			got, _ := collectIn(t, files)
			if len(got) != 1 {
				t.Fatalf("%+v", got)
			}
			p := got[0]
			exists := "?"
			if p.Exists != nil {
				exists = strconv.FormatBool(*p.Exists)
			}
			if text := fmt.Sprintf("%s %s %s %s %d %s", exists, p.Resolved, p.Type, p.Mode, p.UID, p.Writable); text != want {
				t.Errorf("%q, want %q", text, want)
			}
		})
	}
}

func TestWhoRunsIt(t *testing.T) {
	got, _ := collectIn(t, factstest.Text(map[string]string{
		"/usr/lib/systemd/system/default.target":                 "",
		"/usr/lib/systemd/system/default.target.wants/a.service": "",
		"/etc/systemd/system/a.service":                          "[Unit]\nConditionPathExists=/x\n[Service]\nUser=bob\nExecStart=/opt/a\n",
		"/etc/cron.d/b":                                          "@daily bob [ -e /x ] || /opt/b\n",
		"/etc/modprobe.d/c.conf":                                 "install net-pf-* /opt/c\ninstall dccp /opt/d\n",
		"/etc/pam.d/sshd":                                        "auth optional pam_exec.so expose_authtok /opt/e x\nsession optional pam_exec.so type=x\n",
		"/etc/pam.d/login":                                       "@include sshd\n",
		"/etc/rc.local":                                          "/opt/not-executable\n",
	}))
	var all []string
	for _, p := range got {
		all = append(all, fmt.Sprintf("%s|%s|%s|%s|%s|%v|%s|%s:%d", p.Kind, p.Name, p.Setting, p.Starts, p.User, p.Conditional, p.Path, p.Source.Path, p.Source.Line))
	}
	want := []string{
		"unit|a.service|ExecStart||bob|true|/opt/a|/etc/systemd/system/a.service:5",
		"cron||@daily|trigger|bob|true|/opt/b|/etc/cron.d/b:1",
		"modprobe|dccp|install|trigger|root|false|/opt/d|/etc/modprobe.d/c.conf:2",
		"modprobe|net_pf_*|install|trigger|root|false|/opt/c|/etc/modprobe.d/c.conf:1",
		"pam|login|pam_exec.so|trigger|root|false|/opt/e|/etc/pam.d/sshd:1",
	}
	if d := cmp.Diff(want, all); d != "" {
		t.Error(d)
	}
}

func TestNothingThatRunsAnythingIsAbsent(t *testing.T) {
	if got, status := collectIn(t, map[string]memfs.File{}); status.State != facts.Absent {
		t.Errorf("%s: %+v", status.State, got)
	}
}

func TestWhatCannotBeReadIsAProblem(t *testing.T) {
	bad := errors.New("sector 9 cannot be read")
	for name, files := range map[string]map[string]memfs.File{
		"rules of udev":        {"/etc/udev/rules.d/a.rules": {Data: "x", Err: bad}},
		"a directory of rules": {"/etc/udev/rules.d": {Mode: memfs.Dir().Mode, Err: bad}},
		"rc.local":             {"/etc/rc.local": {Mode: 0o755, Err: bad}},
		"a table of cron":      {"/etc/crontab": {Data: "x", Err: bad}},
		"a program's inode":    {"/etc/crontab": {Data: "* * * * * root /opt/x\n"}, "/opt/x": {StatErr: bad}},
		"a link to itself":     {"/etc/crontab": {Data: "* * * * * root /opt/x\n"}, "/opt/x": {Link: "x"}},
		"a rule without end":   {"/etc/udev/rules.d/a.rules": {Data: strings.Repeat("x\\\n", maxRule)}},
		"too many programs":    {"/etc/rc.local": {Mode: 0o755, Data: manyPrograms()}},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, files)
			if status.State != facts.Partial && status.State != facts.Error || len(got) > maxPrograms {
				t.Errorf("%s with %d programs", status.State, len(got))
			}
		})
	}
}

func manyPrograms() string {
	var b strings.Builder
	for i := range maxPrograms + 2 {
		fmt.Fprintf(&b, "/opt/%d\n", i)
	}
	return b.String()
}

func FuzzPrograms(f *testing.F) {
	f.Add("nice -n 1 sh -c \"A=b /opt/x `y` >z\"; . /opt/y", "RUN+=\"/x 'y\\\"'\", PROGRAM==\"z\" \\\n, IMPORT{program}=\"/a\"")
	f.Add("env env env", "RUN")
	f.Add("timeout 1 flock -n 9", "\\\n#\n\\")
	f.Fuzz(func(t *testing.T, command, rules string) {
		c := &collector{
			s: &facts.Scope{Guest: factstest.Guest(t, map[string]memfs.File{})}, seen: map[facts.Program]bool{}, at: map[string]found{},
		}
		c.exec(facts.Program{Kind: "unit"}, "ExecStart", command, facts.Source{})
		c.command(facts.Program{Kind: "cron"}, command, 0)
		for _, m := range runs.FindAllStringSubmatch(rules, -1) {
			c.rule(facts.Program{Kind: "udev"}, m[2])
		}
		for _, p := range c.all {
			if !strings.HasPrefix(p.Path, "/") || strings.Contains(p.Path, "/../") {
				t.Errorf("%q", p.Path)
			}
		}
	})
}
