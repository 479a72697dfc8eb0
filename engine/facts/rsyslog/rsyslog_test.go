package rsyslog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func collectRsyslog(t testing.TB, files map[string]memfs.File) (*facts.Rsyslog, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.Rsyslog](t, factstest.Guest(t, files), facts.Request{}, Collector)
}

func lines(r *facts.Rsyslog) []string {
	var all []string
	for _, l := range r.Listeners {
		all = append(all, fmt.Sprintf("listen %s %s %v:%d", l.Module, l.Port, l.Loaded, l.Source.Line))
	}
	for _, h := range r.Remote {
		all = append(all, fmt.Sprintf("remote %s %s %s:%s %v:%d", h.Selector, h.Protocol, h.Host, h.Port, h.TLS, h.Source.Line))
	}
	for _, o := range r.Outputs {
		all = append(all, fmt.Sprintf("file %s %s %s:%d", o.Selector, o.Path, o.Mode, o.Source.Line))
	}
	return all
}

func TestTraps(t *testing.T) {
	for name, c := range map[string]struct {
		conf string
		want []string
	}{
		"mode counts for what follows": {
			"*.* /var/log/a\n$FileCreateMode 0640\nauth,authpriv.*\t-/var/log/b\n$FileCreateMode 0600\n& /var/log/c\n",
			[]string{"file *.* /var/log/a 0644:1", "file auth,authpriv.* /var/log/b 0640:3", "file auth,authpriv.* /var/log/c 0600:5"},
		},
		"umask": {"$FileCreateMode 0666\n$Umask 0027\n*.* /a\n", []string{"file *.* /a 0640:3"}},
		"objects have modes of their own": {
			"$FileCreateMode 0600\naction(type=\"omfile\" file=\"/a\")\nmodule(load=\"builtin:omfile\" fileCreateMode=\"0640\")\n*.* action(type=\"omfile\" File=\"/b\")\naction(type=\"omfile\" file=\"/c\" fileCreateMode=\"0600\")\n",
			[]string{"file  /a 0644:2", "file *.* /b 0640:4", "file  /c 0600:5"},
		},
		"listener of the old syntax": {"$ModLoad imudp\n$UDPServerRun 514\n#$ModLoad imtcp\n$InputTCPServerRun 10514\n", []string{"listen imudp 514 true:2", "listen imtcp 10514 false:4"}},
		"listener as an object":      {"module(load=\"imtcp\") # c\ninput(type=\"imtcp\"\n  port=\"514\" # inside\n)\ninput(type=\"imfile\" File=\"/x\")\n", []string{"listen imtcp 514 true:2"}},
		"commented out":              {"#module(load=\"imtcp\")\n/* input(type=\"imtcp\" port=\"514\")\n*/\n*.* @a\n", []string{"remote *.* udp a:514 false:4"}},
		"remote hosts":               {"*.* @@log.example.org:6514;tpl\nmail.* @(z9)[::1]:5\nauth.* @h\n", []string{"remote *.* tcp log.example.org:6514 false:1", "remote mail.* udp ::1:5 false:2", "remote auth.* udp h:514 false:3"}},
		"remote host as an object":   {"action(type=\"omfwd\" target=\"h\" port=\"6514\" protocol=\"tcp\" StreamDriver=\"gtls\" StreamDriverMode=\"1\")\n", []string{"remote  tcp h:6514 true:1"}},
		"in a condition":             {"if $programname == 'a(b' then {\n  action(type=\"omfwd\" target=\"h\")\n  -/var/log/x\n}\nif $x then /y\n:msg, contains, \"a /b\" /z\n", []string{"remote  udp h:514 false:2", "file  /var/log/x 0644:3", "file if /y 0644:5", "file :msg, contains, \"a /b\" /z 0644:6"}},
		"continued line":             {"*.*;\\\nauth.none  /a\n*.* /b\n", []string{"file *.*;auth.none /a 0644:1", "file *.* /b 0644:3"}},
		"several objects on a line":  {"module(load=\"imudp\") input(type=\"imudp\" port=\"1\")\n", []string{"listen imudp 1 true:1"}},
	} {
		r, status := collectRsyslog(t, factstest.Text(map[string]string{main: c.conf}))
		if r == nil || status.State != facts.OK {
			t.Errorf("%s: %+v", name, status)
			continue
		}
		got := lines(r)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, c.want)
		}
	}
}

func TestIncludesInPlaceInTheOrderOfNames(t *testing.T) {
	r, status := collectRsyslog(t, factstest.Text(map[string]string{
		main:                     "$IncludeConfig /etc/rsyslog.d/*.conf\ninclude(file=\"/etc/x/\")\ninclude(file=\"/none\" mode=\"optional\")\n*.* /last\n",
		"/etc/rsyslog.d/20.conf": "*.* /20\n", "/etc/rsyslog.d/10.conf": "$FileCreateMode 0600\n*.* /10\n", "/etc/rsyslog.d/.x.conf": "*.* /no\n",
		"/etc/x/any": "*.* /x\n",
	}))
	if want := []string{"file *.* /10 0600:2", "file *.* /20 0600:1", "file *.* /x 0600:1", "file *.* /last 0600:4"}; !slices.Equal(lines(r), want) {
		t.Errorf("got %q, want %q (%+v)", lines(r), want, status)
	}
}

func TestHostile(t *testing.T) {
	for name, f := range map[string]memfs.File{
		"includes itself":        {Data: "$IncludeConfig " + main + "\n"},
		"includes itself often":  {Data: strings.Repeat("$IncludeConfig "+main+"\n", 1000)},
		"include is not there":   {Data: "$IncludeConfig /none\n"},
		"object without an end":  {Data: "input(type=\"imtcp\n"},
		"comment without an end": {Data: "/* x\n"},
		"too many statements":    {Data: strings.Repeat("*.* /a\n", maxEntries+1)},
		"too large":              {Data: strings.Repeat("\n", maxText+1)},
	} {
		if _, status := collectRsyslog(t, map[string]memfs.File{main: f}); status.State == facts.OK || status.State == facts.Absent {
			t.Errorf("%s: %+v", name, status.State)
		}
	}
	for name, c := range map[string]struct {
		file  memfs.File
		state facts.State
	}{
		"FIFO": {memfs.File{Mode: filesys.ModeFIFO}, facts.Error}, "unreadable": {memfs.File{Data: "x", Err: errors.New("sector 9")}, facts.Error},
	} {
		if _, status := collectRsyslog(t, map[string]memfs.File{main: c.file}); status.State != c.state {
			t.Errorf("%s: %+v", name, status)
		}
	}
	if _, status := collectRsyslog(t, nil); status.State != facts.Absent {
		t.Errorf("not installed: %+v", status)
	}
}

func FuzzRsyslog(f *testing.F) {
	f.Add("$FileCreateMode 0640\n*.* @@(o)[::1]:5;t\n& /a\n:msg, contains, \"x\" |/p\nif $a then {\naction(type=\"omfwd\"\n target=\"h\")\n}\n")
	f.Add("input(type=\"imtcp\" port=\"1\") /* c */ module(load=\"x\\\"y\")\\\n$\n&\n:\n")
	f.Fuzz(func(t *testing.T, text string) {
		if r, status := collectRsyslog(t, factstest.Text(map[string]string{main: text})); r == nil {
			t.Errorf("%+v", status)
		}
	})
}
