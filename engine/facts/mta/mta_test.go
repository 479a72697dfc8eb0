package mta

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/osrelease"
	"github.com/guestctl/guestctl/engine/facts/units"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

const unitDir, wants = "/usr/lib/systemd/system/", "/usr/lib/systemd/system/default.target.wants/"

func collectIn(t testing.TB, files map[string]memfs.File) (*facts.MTA, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.MTA](t, factstest.Guest(t, files), facts.Request{}, osrelease.Collector, units.Collector, Collector)
}

// withUnits adds units that boot starts.
func withUnits(files map[string]memfs.File, names ...string) map[string]memfs.File {
	all := map[string]memfs.File{}
	maps.Copy(all, files)
	all[unitDir+"default.target"] = memfs.File{Data: "[Unit]\n"}
	for _, name := range names {
		all[unitDir+name] = memfs.File{Data: "[Service]\nExecStart=/x\n"}
		all[wants+name] = memfs.File{Link: "../" + name}
	}
	return all
}

func text(b *bool) string {
	if b == nil {
		return "null"
	}
	return strconv.FormatBool(*b)
}

func summary(m *facts.MTA) string {
	if m == nil {
		return "nothing"
	}
	var list []string
	for _, a := range m.Listen {
		at := "default"
		if a.Source != nil {
			at = fmt.Sprintf("%s:%d", a.Source.Path[strings.LastIndex(a.Source.Path, "/")+1:], a.Source.Line)
		}
		list = append(list, a.Value+"@"+at)
	}
	return fmt.Sprintf("%s installed=%v enabled=%s %v loopback=%s", m.Program, m.Installed, text(m.Enabled), list, text(m.LoopbackOnly))
}

// TestInterfacesAreThoseOfPostconf compares with what postconf printed, recorded by testdata/record.sh.
func TestInterfacesAreThoseOfPostconf(t *testing.T) {
	trees, err := txtar.ParseFile("testdata/main.txtar")
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("testdata/recorded")
	if err != nil {
		t.Fatal(err)
	}
	recorded := map[string]string{}
	for line := range strings.Lines(string(b)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "|")
		recorded[name] = strings.Join(strings.Fields(strings.ReplaceAll(value, ",", " ")), " ")
	}
	for _, f := range trees.Files {
		got, status := collectIn(t, map[string]memfs.File{"/usr/sbin/postfix": {}, mainCF: {Data: string(f.Data)}})
		var words []string
		for _, a := range got.Listen {
			words = append(words, a.Value)
		}
		if want, ok := recorded[f.Name]; !ok || strings.Join(words, " ") != want || status.State != facts.OK {
			t.Errorf("%s: %s %v: %q, postconf says %q", f.Name, status.State, status.Problems, words, want)
		}
	}
}

func TestPostfix(t *testing.T) {
	const smtp = "smtp inet n - y - - smtpd\npickup unix n - y 60 1 pickup\n"
	for name, c := range map[string]struct{ main, master, want string }{
		"default":                    {"", smtp, "[all@default] loopback=false"},
		"loopback-only":              {"inet_interfaces = Loopback-Only\n", smtp, "[Loopback-Only@main.cf:1] loopback=true"},
		"loopback in all forms":      {"\ninet_interfaces = 127.0.0.1, 127.9.9.9 [::1], ::ffff:127.0.0.1 localhost\n", smtp, "[127.0.0.1@main.cf:2 127.9.9.9@main.cf:2 [::1]@main.cf:2 ::ffff:127.0.0.1@main.cf:2 localhost@main.cf:2] loopback=true"},
		"one that is public":         {"inet_interfaces = localhost, 192.0.2.1\n", smtp, "[localhost@main.cf:1 192.0.2.1@main.cf:1] loopback=false"},
		"any address":                {"inet_interfaces = 0.0.0.0\n", smtp, "[0.0.0.0@main.cf:1] loopback=false"},
		"a name of a host":           {"inet_interfaces = mail.example.org\n", smtp, "[mail.example.org@main.cf:1] loopback=null"},
		"a name and a public one":    {"inet_interfaces = mail.example.org 192.0.2.1\n", smtp, "[mail.example.org@main.cf:1 192.0.2.1@main.cf:1] loopback=false"},
		"a variable nobody sets":     {"inet_interfaces = $myhostname, localhost\n", smtp, "[$myhostname@main.cf:1 localhost@main.cf:1] loopback=null"},
		"a condition":                {"inet_interfaces = ${x?all}\n", smtp, "[${x?all}@main.cf:1] loopback=null"},
		"a variable that is itself":  {"a = $b\nb = $a\ninet_interfaces = $a\n", smtp, "[$a@main.cf:3] loopback=null"},
		"nothing":                    {"inet_interfaces =\n", smtp, "[] loopback=null"},
		"a comment behind the value": {"inet_interfaces = localhost # x\n", smtp, "[localhost@main.cf:1 #@main.cf:1 x@main.cf:1] loopback=null"},
		"more instances":             {"inet_interfaces = localhost\nmulti_instance_directories = /etc/postfix-out\n", smtp, "[localhost@main.cf:1] loopback=null"},
		"more instances, and public": {"multi_instance_directories = /etc/postfix-out\n", smtp, "[all@default] loopback=false"},
		"a service of its own address": {
			"inet_interfaces = localhost\n", smtp + "192.0.2.1:587 inet n - y - - smtpd\n  -o x=y\n",
			"[localhost@main.cf:1 192.0.2.1@master.cf:3] loopback=false",
		},
		"only services of their own address": {"", "[::1]:smtp inet n - y - - smtpd\n127.0.0.1:10025 inet n - n - - smtpd\n", "[[::1]@master.cf:1 127.0.0.1@master.cf:2] loopback=true"},
		"no service on the network":          {"", "#smtp inet n - y - - smtpd\npickup unix n - y 60 1 pickup\n", "[] loopback=true"},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, withUnits(map[string]memfs.File{
				"/usr/sbin/postfix": {}, mainCF: {Data: c.main}, masterCF: {Data: c.master},
			}, "postfix.service"))
			want := "postfix installed=true enabled=true " + c.want
			if d := cmp.Diff(want, summary(got)); d != "" || status.State != facts.OK {
				t.Errorf("%s %v; want -, got +\n%s", status.State, status.Problems, d)
			}
		})
	}
}

func TestExim(t *testing.T) {
	const loopback = "dc_local_interfaces='127.0.0.1 ; ::1'\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"Debian's default":  {map[string]string{eximDebian: "#x\n" + loopback}, "[127.0.0.1@F:2 ::1@F:2] loopback=true"},
		"empty":             {map[string]string{eximDebian: "dc_local_interfaces=''\n"}, "[all@F:1] loopback=false"},
		"not set":           {map[string]string{eximDebian: "dc_eximconfig_configtype='local'\n"}, "[all@default] loopback=false"},
		"the last one wins": {map[string]string{eximDebian: loopback + "dc_local_interfaces='192.0.2.1'\n"}, "[192.0.2.1@F:2] loopback=false"},
		"with ports":        {map[string]string{eximDebian: "dc_local_interfaces='127.0.0.1.587;[::1]:26; ::1.25'\n"}, "[127.0.0.1@F:1 ::1@F:1 ::1@F:1] loopback=true"},
		"a public one":      {map[string]string{eximDebian: "dc_local_interfaces='127.0.0.1 ; 0.0.0.0.587'\n"}, "[127.0.0.1@F:1 0.0.0.0@F:1] loopback=false"},
		"a name":            {map[string]string{eximDebian: "dc_local_interfaces='mail.example.org'\n"}, "[mail.example.org@F:1] loopback=null"},
		"a file of its own": {map[string]string{eximDebian: loopback, eximOwn: "local_interfaces = 0.0.0.0\n"}, "[] loopback=null"},
		"without the file":  {nil, "[] loopback=null"},
		"options":           {map[string]string{eximDebian: loopback, eximDefault: "SMTPLISTENEROPTIONS='-oX 0.0.0.0.25'\n"}, "[127.0.0.1@F:1 ::1@F:1] loopback=null"},
		"harmless options":  {map[string]string{eximDebian: loopback, eximDefault: "#SMTPLISTENEROPTIONS='-oX 25'\nQUEUEINTERVAL='30m'\n"}, "[127.0.0.1@F:1 ::1@F:1] loopback=true"},
		"a macro":           {map[string]string{eximDebian: loopback, eximMacros: "X = 1\nMAIN_LOCAL_INTERFACES = 0.0.0.0\n"}, "[127.0.0.1@F:1 ::1@F:1] loopback=null"},
	} {
		t.Run(name, func(t *testing.T) {
			files := factstest.Text(c.files)
			files["/usr/sbin/exim4"] = memfs.File{}
			got, status := collectIn(t, withUnits(files, "exim4.service"))
			want := strings.ReplaceAll("exim4 installed=true enabled=true "+c.want, "@F:", "@update-exim4.conf.conf:")
			if d := cmp.Diff(want, summary(got)); d != "" || status.State != facts.OK {
				t.Errorf("%s %v; want -, got +\n%s", status.State, status.Problems, d)
			}
		})
	}
}

func TestWhichServer(t *testing.T) {
	program := func(paths ...string) map[string]memfs.File {
		all := map[string]memfs.File{}
		for _, p := range paths {
			all[p] = memfs.File{}
		}
		return all
	}
	for name, c := range map[string]struct {
		files map[string]memfs.File
		want  string
	}{
		"none":                          {withUnits(nil), "nothing"},
		"the sendmail of BusyBox":       {withUnits(map[string]memfs.File{"/bin/busybox": {}, "/usr/sbin/sendmail": {Link: "/bin/busybox"}}), "nothing"},
		"installed and not started":     {withUnits(program("/usr/sbin/postfix")), "postfix installed=true enabled=false [all@default] loopback=false"},
		"removed":                       {withUnits(program(eximDebian)), "exim4 installed=false enabled=false [all@default] loopback=false"},
		"removed, and another":          {withUnits(program(mainCF, "/usr/sbin/nullmailer-send"), "nullmailer.service"), "nullmailer installed=true enabled=true [] loopback=true"},
		"removed, and its unit is left": {withUnits(program(mainCF, "/usr/sbin/nullmailer-send"), "postfix.service"), "nullmailer installed=true enabled=false [] loopback=true"},
		"removed, and an idle one":      {withUnits(program(mainCF, "/usr/sbin/nullmailer-send")), "nullmailer installed=true enabled=false [] loopback=true"},
		"sendmail":                      {withUnits(program("/usr/sbin/sendmail.sendmail"), "sendmail.service"), "sendmail installed=true enabled=true [] loopback=null"},
		"OpenSMTPD":                     {withUnits(program("/usr/sbin/smtpd", "/etc/smtpd.conf"), "opensmtpd.service"), "opensmtpd installed=true enabled=true [] loopback=null"},
		"one that is not known":         {withUnits(program("/usr/sbin/sendmail")), " installed=true enabled=null [] loopback=null"},
		"msmtp":                         {withUnits(program("/usr/bin/msmtp")), "msmtp installed=true enabled=false [] loopback=true"},
		"msmtp and its daemon":          {withUnits(program("/usr/bin/msmtp"), "msmtpd.service"), "msmtp installed=true enabled=true [] loopback=null"},
		"two, of which one starts":      {withUnits(program("/usr/sbin/postfix", "/usr/sbin/exim4", eximDebian), "exim4.service"), "exim4 installed=true enabled=true [all@default] loopback=false"},
		"two that start":                {withUnits(program("/usr/sbin/nullmailer-send", "/usr/sbin/postfix"), "postfix.service", "nullmailer.service"), "postfix installed=true enabled=true [all@default] loopback=false"},
		"two, one of them not known":    {withUnits(program("/usr/sbin/nullmailer-send", "/usr/sbin/smtpd"), "smtpd.service", "nullmailer.service"), "opensmtpd installed=true enabled=true [] loopback=null"},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, c.files)
			if d := cmp.Diff(c.want, summary(got)); d != "" {
				t.Errorf("%s %v; want -, got +\n%s", status.State, status.Problems, d)
			}
			want := facts.OK
			if got == nil {
				want = facts.Absent
			}
			if status.State != want {
				t.Errorf("%s %v, want %s", status.State, status.Problems, want)
			}
		})
	}
}

// TestHostileServers wants neither a state nor an answer that is better than what was read.
func TestHostileServers(t *testing.T) {
	const local = "inet_interfaces = localhost\n"
	for name, files := range map[string]map[string]memfs.File{
		"main.cf is a directory":    {mainCF: memfs.Dir()},
		"main.cf cannot be read":    {mainCF: {Data: local, Err: errors.New("bad sector")}},
		"master.cf is a FIFO":       {mainCF: {Data: local}, masterCF: {Mode: 0o010600}},
		"a line without a sign":     {mainCF: {Data: local + "inet_interfaces\n"}},
		"a line of 1 MB":            {mainCF: {Data: local + "x = " + strings.Repeat("a", 1<<20) + "\n"}},
		"a line continued for ever": {mainCF: {Data: local + "x = a\n" + strings.Repeat(" a\n", 1<<18)}},
		"too many parameters":       {mainCF: {Data: local + many("x%d = 1\n", maxSettings+9)}},
		"too many services":         {mainCF: {Data: local}, masterCF: {Data: many("127.0.0.1:%d inet n - y - - smtpd\n", maxServices+9)}},
		"on a volume not there":     {"/etc/fstab": {Data: "LABEL=x /etc/postfix ext4 defaults 0 2\n"}, "/etc/postfix": memfs.Dir()},
	} {
		t.Run(name, func(t *testing.T) {
			files["/usr/sbin/postfix"] = memfs.File{}
			got, status := collectIn(t, files)
			if status.State != facts.Partial || got.LoopbackOnly != nil && *got.LoopbackOnly {
				t.Errorf("%s %.300s: %.300s", status.State, fmt.Sprint(status.Problems), summary(got))
			}
		})
	}
}

func many(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func TestVariablesThatGrow(t *testing.T) {
	settings := map[string]setting{}
	for i := range 40 {
		settings[fmt.Sprintf("a%d", i)] = setting{value: fmt.Sprintf("$a%d $a%d $a%d", i+1, i+1, i+1)}
	}
	if got := expand("$a0", settings); len(got) > maxLogical {
		t.Errorf("grew to %d bytes", len(got))
	}
}

func FuzzPostfix(f *testing.F) {
	f.Add("inet_interfaces = $a, ${b}\n # c\n\t[::1]\na = all\n", "127.0.0.1:25 inet n - y - - smtpd\n -o x\n")
	f.Add("= x\n\n  y", ":25 inet")
	f.Fuzz(func(t *testing.T, main, master string) {
		got, _ := collectIn(t, map[string]memfs.File{"/usr/sbin/postfix": {}, mainCF: {Data: main}, masterCF: {Data: master}})
		for _, a := range got.Listen {
			if local, ok := isLoopback(a.Value); ok && !local && (got.LoopbackOnly == nil || *got.LoopbackOnly) {
				t.Errorf("%q is public, and loopback only is %s", a.Value, text(got.LoopbackOnly))
			}
		}
	})
}

func FuzzExim(f *testing.F) {
	f.Add("127.0.0.1 ; ::1;[::1]:25;127.0.0.1.25")
	f.Fuzz(func(t *testing.T, word string) {
		if got := withoutPort(word); len(got) > len(word) {
			t.Errorf("%q became %q", word, got)
		}
	})
}
