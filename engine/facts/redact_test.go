package facts

import "testing"

func TestRedact(t *testing.T) {
	for text, want := range map[string]string{
		"/bin/a --password hunter2 -v":                   "/bin/a --password *** -v",
		"/bin/a --password=hunter2 -v":                   "/bin/a --password=*** -v",
		`curl -H "Authorization: x" DB_PASSWORD='a b' x`: `curl -H "Authorization: x" DB_PASSWORD=*** x`,
		"API_KEY=abc TOKEN: def run":                     "API_KEY=*** TOKEN: *** run",
		"rsync https://user:hunter2@host/path":           "rsync https://user:***@host/path",
		"/usr/sbin/sshd -D":                              "/usr/sbin/sshd -D",
	} {
		if got := Redact(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestParseBool(t *testing.T) {
	for _, text := range []string{"1", "YES", "y", "True", "t", "on"} {
		if v, ok := ParseBool(text); !v || !ok {
			t.Errorf("%s is %v, %v", text, v, ok)
		}
	}
	for _, text := range []string{"0", "no", "N", "false", "f", "Off"} {
		if v, ok := ParseBool(text); v || !ok {
			t.Errorf("%s is %v, %v", text, v, ok)
		}
	}
	if _, ok := ParseBool("yes please"); ok {
		t.Error("more than a word is a truth value")
	}
}
