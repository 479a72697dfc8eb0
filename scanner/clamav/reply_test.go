package clamav

import (
	"strings"
	"testing"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/scanner"
)

func TestRepliesAreToldApart(t *testing.T) {
	for _, c := range []struct {
		name, reply, rule string
		reason            scanner.Reason
		wrong             bool
	}{
		{name: "clean stream", reply: "stream: OK"},
		{name: "clean file", reply: "fd[12]: OK"},
		{name: "clean, of clamscan", reply: "OK"},
		{name: "found in stream", reply: "stream: Unix.Trojan.A-1-0 FOUND", rule: "Unix.Trojan.A-1-0"},
		{name: "found in file", reply: "fd[7]: Eicar-Test-Signature FOUND", rule: "Eicar-Test-Signature"},
		{name: "with digest and size", reply: "fd[7]: Eicar(44d88612fea8a8f36de82e1278abb02f:68) FOUND", rule: "Eicar"},
		{name: "name in brackets", reply: "fd[7]: Odd(name) FOUND", rule: "Odd(name)"},
		{name: "limit of size", reply: "fd[7]: Heuristics.Limits.Exceeded.MaxFileSize FOUND", reason: scanner.LimitReached},
		{name: "limit of time", reply: "Heuristics.Limits.Exceeded.MaxScanTime FOUND", reason: scanner.LimitReached},
		{name: "limit of ClamAV before 0.105", reply: "stream: Heuristics.Limits.Exceeded FOUND", reason: scanner.LimitReached},
		{name: "password", reply: "stream: Heuristics.Encrypted.Zip FOUND", reason: scanner.Encrypted},
		{name: "too large", reply: "INSTREAM size limit exceeded. ERROR", reason: scanner.TooLarge},
		{name: "error of a file", reply: "fd[7]: Can't allocate memory ERROR", reason: scanner.EngineError},
		{name: "error of the protocol", reply: "Command invalid inside IDSESSION. ERROR", reason: scanner.EngineError},
		{name: "nothing", reply: "", wrong: true},
		{name: "found nothing", reply: "stream:  FOUND", wrong: true},
		{name: "no verdict", reply: "stream: hm", wrong: true},
		{name: "verdict of another kind", reply: "stream: NOT OK", wrong: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			matches, skip, err := verdict(c.reply)
			if (err != nil) != c.wrong {
				t.Fatalf("error %v, want one: %t", err, c.wrong)
			}
			rule, reason := "", scanner.Reason("")
			if len(matches) > 0 {
				rule = matches[0].Rule
			}
			if skip != nil {
				reason = skip.Reason
			}
			if rule != c.rule || reason != c.reason {
				t.Errorf("got %q, %q, want %q, %q", rule, reason, c.rule, c.reason)
			}
		})
	}
}

func TestSeverityByName(t *testing.T) {
	for name, want := range map[string]finding.Severity{
		"Unix.Trojan.Mirai-5607483-0":      finding.Critical,
		"Multios.Ransomware.Akira-1-0":     finding.Critical,
		"Unix.Rootkit.Diamorphine-1-0":     finding.Critical,
		"Unix.Malware.Agent-1-0":           finding.High,
		"Php.Exploit.C99-1":                finding.High,
		"Custom":                           finding.High,
		"YARA.miner.UNOFFICIAL":            finding.High,
		"Eicar-Test-Signature":             finding.High,
		"Win.Test.EICAR_HDB-1":             finding.High,
		"Clamav.Test.File-6":               finding.High,
		"Unix.Tool.Portscan-1-0":           finding.Medium,
		"Heuristics.OLE2.ContainsMacros":   finding.Medium,
		"Heuristics.Phishing.Email.Cloak":  finding.Medium,
		"PUA.Unix.Trojan.Generic-1":        finding.Low,
		"PUA.Win.Packer.Upx-1":             finding.Low,
		"Win.Packed.Obfuscated-1-0":        finding.Medium,
		"Unix.Trojan.A.UNOFFICIAL":         finding.Critical,
		strings.Repeat("A.Worm.", 1000):    finding.Critical,
		"Trojan.Second.Place-Of-Category":  finding.High,
		"Heuristics.Broken.Executable.ELF": finding.Medium,
	} {
		if got := match(name).Severity; got != want {
			t.Errorf("%.60s: got %s, want %s", name, got, want)
		}
	}
}

func TestReleaseTellsTheDatabase(t *testing.T) {
	for _, c := range []struct{ text, database, date string }{
		{"ClamAV 1.4.6/27500/Thu Nov 26 09:00:00 2026", "27500", "2026-11-26"},
		{"ClamAV 1.4.6/27500/Thu Nov  5 09:00:00 2026\n", "27500", "2026-11-05"},
		{"ClamAV 1.4.6", "", ""},
		{"ClamAV 1.4.6/27500", "", ""},
		{"ClamAV 1.4.6/27500/yesterday", "", ""},
	} {
		r, err := parseRelease(c.text)
		if err != nil || r.database != c.database || r.date != c.date {
			t.Errorf("%q: got %+v, %v", c.text, r, err)
		}
		if (r.key(Options{}, "") == "") != (c.database == "") || (len(r.warnings()) > 0) != (c.database == "") {
			t.Errorf("%q: key %q, warnings %q", c.text, r.key(Options{}, ""), r.warnings())
		}
	}
	if _, err := parseRelease("OpenSSH_9.2"); err == nil {
		t.Error("a version of something else: no error")
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]address{
		"unix:/run/clamav/clamd.ctl": {"unix", "/run/clamav/clamd.ctl"},
		"/run/clamd":                 {"unix", "/run/clamd"},
		"tcp:127.0.0.1:3310":         {"tcp", "127.0.0.1:3310"},
		"tcp:[::1]:3310":             {"tcp", "[::1]:3310"},
	} {
		if got, err := parseAddress(text); got != want || err != nil {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "clamd", "unix:", "unix:relative", "tcp:", "tcp:host", "tcp:/path", "tcp::3310", "tcp:host:", "127.0.0.1:3310"} {
		if got, err := parseAddress(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}

func FuzzReply(f *testing.F) {
	for _, s := range []string{
		"1: stream: OK", "2: fd[12]: Name FOUND", "1: INSTREAM size limit exceeded. ERROR", "1: ", ": OK", "-1: OK", "1: fd[", "1: a(b:1) FOUND",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		reply, err := numbered(s, 1)
		if err != nil {
			return
		}
		matches, skip, err := verdict(reply)
		switch outcomes := len(matches) + map[bool]int{true: 1}[skip != nil] + map[bool]int{true: 1}[err != nil]; {
		case outcomes > 1:
			t.Errorf("%q is several things: %v, %v, %v", s, matches, skip, err)
		case outcomes == 0 && !strings.HasSuffix(s, "OK"):
			t.Errorf("%q counts as clean", s)
		}
	})
}
