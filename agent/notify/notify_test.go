package notify

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/finding"
)

// hidden is a secret that no error may tell.
const hidden = "hunter2hunter2hunter2hunter2"

var at = time.Unix(1731705121, 0)

// sender reads secrets from a map.
func sender(env map[string]string) *Sender {
	return &Sender{
		Env: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		Now: func() time.Time { return at },
	}
}

// notice is one with something of everything.
func notice() *Notice {
	n := &Notice{
		ID: "4f2c", Events: []Event{Change, Fail}, Job: "web", Command: "verify-backup", Run: 118, Ended: at, Result: finding.Fail, Before: finding.Pass,
		Passed: 3, Failed: 1, Machines: []Machine{{"web02", "/b/web02.qcow2", finding.Fail}}, Still: 2, Unseen: 1, MoreMachines: 1,
		New:  []Finding{{"web02", "boot.fstab", "aa", finding.Fail, finding.High, "Every mount is there", "UUID=77c1 is on no disk"}},
		Gone: []Finding{{"web01", "backup.stale", "bb", finding.Fail, finding.Critical, "The newest backup is new enough", ""}},
		Look: "guestctl history show web 118",
	}
	n.Tidy()
	return n
}

func parse(t *testing.T, text string) *Channel {
	t.Helper()
	of := Parse
	if ping, ok := strings.CutPrefix(text, "ping:"); ok {
		of, text = ParsePing, ping
	}
	c, err := of(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestChannelsThatAreNone(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                             {"", "no such channel, want one of https://"},
		"no scheme":                           {hidden, "no such channel"},
		"a scheme nobody knows":               {"pager:" + hidden, "no such channel"},
		"a password in the address of a mail": {"smtp://me:" + hidden + "@mail/?to=a@b.c&from=d@e.f", "password=env:NAME"},
		"a password as a parameter":           {"smtp://me@mail/?to=a@b.c&from=d@e.f&password=" + hidden, "by reference"},
		"a password and a broken address":     {"smtp://me:" + hidden + "@mail:%zz/", "no address"},
		"a user without a password":           {"smtp://me@mail/?to=a@b.c&from=d@e.f", "want both"},
		"nobody to send to":                   {"smtp://mail/?from=d@e.f", "nobody to send it to"},
		"nobody who sends":                    {"smtp://mail/?to=a@b.c", "nobody who sends it"},
		"no address to send to":               {"smtp://mail/?to=" + hidden + "&from=d@e.f", "to: want addresses"},
		"two senders":                         {"smtp://mail/?to=a@b.c&from=d@e.f,g@h.i", "from: want one"},
		"a header in an address":              {"smtp://mail/?from=d@e.f&to=a@b.c%0d%0aBcc:x@y.z", "to: want addresses"},
		"a parameter nobody knows":            {"smtp://mail/?to=a@b.c&from=d@e.f&pass=" + hidden, "no such parameter"},
		"a port that is none":                 {"smtp://mail:70000/?to=a@b.c&from=d@e.f", "no such port"},
		"a path of a mail server":             {"smtp://mail/ops?to=a@b.c&from=d@e.f", "no address"},
		"a way of TLS nobody knows":           {"smtp://mail/?to=a@b.c&from=d@e.f&tls=maybe", "tls: want"},
		"a password without TLS":              {"smtp://me@mail/?to=a@b.c&from=d@e.f&password=env:P&tls=none", "without TLS"},
		"TLS that is none":                    {"smtps://mail/?to=a@b.c&from=d@e.f&tls=none", "tls=none is none"},
		"the address of a chat":               {"slack:https://hooks.slack.com/services/" + hidden, "by reference"},
		"the address of a chat as a webhook":  {"https://hooks.slack.com/services/" + hidden, "slack:env:NAME"},
		"a webhook of Discord":                {"https://discord.com/api/webhooks/1/" + hidden, "webhook:env:NAME"},
		"a password in a webhook":             {"https://me:" + hidden + "@hooks/", "by reference"},
		"a token in a webhook":                {"https://hooks/?token=" + hidden, `"token" of the address looks like a secret`},
		"a key that is no reference":          {"https://hooks/#key=" + hidden, "#key: a secret is given by reference"},
		"something else than a key":           {"https://hooks/#" + hidden, "want #key=env:NAME"},
		"a webhook without a host":            {"https:///" + hidden, "no address"},
		"a webhook by no reference":           {"webhook:" + hidden, "no address"},
		"a webhook of another protocol":       {"webhook:ftp://hooks/" + hidden, "no address"},
		"a variable with a sign in it":        {"slack:env:A-B", "by reference"},
		"a file without its whole path":       {"slack:file:secret", "by reference"},
		"a command without its whole path":    {"exec:page", "whole path"},
		"a command with a zero":               {"exec:/bin/\x00", "whole path"},
		"a token in a ping":                   {"ping:https://hc/?key=" + hidden, "looks like a secret"},
		"a fragment in a ping":                {"ping:https://hc/#" + hidden, "has a #"},
		"a ping to nowhere":                   {"ping:" + hidden, "no address"},
	} {
		t.Run(name, func(t *testing.T) {
			of := Parse
			text, isPing := strings.CutPrefix(c.text, "ping:")
			if isPing {
				of = ParsePing
			}
			_, err := of(text)
			if err == nil {
				t.Fatal("it was taken")
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), hidden) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestNamesOfChannels(t *testing.T) {
	for text, want := range map[string]string{
		"https://hooks.example/a/b#key=env:K":                  "webhook hooks.example",
		"webhook:env:URL#key=file:/k":                          "webhook env:URL",
		"slack:file:/run/slack":                                "slack file:/run/slack",
		"exec:/usr/local/bin/page":                             "exec /usr/local/bin/page",
		"smtp://u@h/?to=a@b.c,d@e.f&from=g@h.i&password=env:P": "e-mail a@b.c,d@e.f by h",
		"ping:https://hc.example/uuid":                         "ping hc.example",
		"ping:env:PING":                                        "ping env:PING",
	} {
		if c := parse(t, text); c.Name != want {
			t.Errorf("%s is %q, want %q", text, c.Name, want)
		}
	}
}

// hostile is what a guest may be called.
const hostile = "web\r\nBcc: evil@example.org\r\n\r\n<!channel> `x` *b* <http://evil|here> @here \u202etxt\x1b[2J\x00\xff"

func TestNothingOfAGuestBreaksOut(t *testing.T) {
	n := &Notice{
		ID: "4f2c", Job: "web", Run: 1, Result: finding.Unknown, Message: hostile, Machines: []Machine{{hostile, hostile, hostile}},
		New: []Finding{{hostile, hostile, hostile, hostile, hostile, hostile, hostile}},
	}
	n.Tidy()
	b, err := json.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	all := append([]string{n.Headline(), string(b)}, n.Lines()...)
	for _, s := range all {
		if i := strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u202e' || r == '\ufffd' }); i >= 0 {
			t.Errorf("%q has %q", s, s[i:])
		}
	}
	text := slackText(n)
	if strings.Count(text, "`") != 6 || strings.ContainsAny(text, "<>") || !strings.HasSuffix(text, "\n```") {
		t.Errorf("markup: %s", text)
	}
}

func TestANoticeIsBounded(t *testing.T) {
	n := &Notice{Job: "web", Run: 1, Result: finding.Fail, MoreNew: 5, Message: strings.Repeat("ü", 10_000)}
	for range 1000 {
		n.Machines = append(n.Machines, Machine{strings.Repeat("m", 1<<16), "", finding.Fail})
		n.New = append(n.New, Finding{Message: strings.Repeat("x", 1<<16)})
		n.Gone = append(n.Gone, Finding{Title: strings.Repeat("x", 1<<16)})
	}
	n.Tidy()
	n.Tidy() // changes nothing more
	if len(n.New) != 20 || n.MoreNew != 985 || n.MoreGone != 980 || n.MoreMachines != 980 {
		t.Error(len(n.New), n.MoreNew, n.MoreGone, n.MoreMachines)
	}
	b, err := json.Marshal(n)
	if err != nil || len(b) > 64<<10 || !strings.Contains(string(b), `ü…"`) {
		t.Error(len(b), err)
	}
	if got := len(n.Headline()); got > maxHeadline+3 {
		t.Errorf("a headline of %d bytes", got)
	}
	if got := len(slackText(n)); got > maxMessage+100 {
		t.Errorf("a message of %d bytes", got)
	}
}

func TestText(t *testing.T) {
	n := notice()
	want := `web: FAIL (web02), was PASS; 1 new, 1 gone
run 118, ended 2024-11-15 21:12 UTC: 3 passed, 1 failed, 0 unknown, 0 waived
FAIL    web02  /b/web02.qcow2
1 more machines
new   web02  FAIL boot.fstab (high) Every mount is there: UUID=77c1 is on no disk
gone  web01  FAIL backup.stale (critical) The newest backup is new enough
still 2
1 findings before were on machines that were not judged this time
guestctl history show web 118`
	if got := strings.Join(append([]string{n.Headline()}, n.Lines()...), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for want, n := range map[string]Notice{
		"web: run 7 was missed: run 6 had not ended": {Job: "web", Run: 7, Result: MissedResult, Message: "run 6 had not ended"},
		"web: this is a test, nothing happened":      {Job: "web"},
		"web: PASS, was UNKNOWN":                     {Job: "web", Run: 7, Result: finding.Pass, Before: finding.Unknown},
		"web: UNKNOWN (a, b, c, …)": {Job: "web", Run: 7, Result: finding.Unknown, Machines: []Machine{
			{"a", "", "fail"}, {"b", "", "unknown"}, {"p", "", "pass"}, {"c", "", "fail"}, {"d", "", "fail"},
		}},
	} {
		if got := n.Headline(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// request is what a server was asked.
type request struct {
	path   string
	header http.Header
	body   string
}

// server answers every request in one way, and remembers them.
func server(t *testing.T, answer http.HandlerFunc) (url string, asked *[]request) {
	t.Helper()
	asked = &[]request{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*asked = append(*asked, request{r.Method + " " + r.URL.RequestURI(), r.Header, string(b)})
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

func fine(http.ResponseWriter, *http.Request) {}

// TestSignature is the example of the Standard Webhooks specification.
func TestSignature(t *testing.T) {
	key, err := signingKey("whsec_plJ3nmyCDGBKInavdOK15jsl")
	if err != nil {
		t.Fatal(err)
	}
	got := sign(key, "msg_loFOjxBNrRLzqYUf", "1731705121", []byte(`{"event_type":"ping","data":{"success":true}}`))
	if want := "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestWebhook(t *testing.T) {
	url, asked := server(t, fine)
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(hidden+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := sender(map[string]string{"KEY": hidden, "URL": url + "/secret", "SHORT": "short", "BAD": "whsec_%"})
	for _, text := range []string{url + "/hook#key=env:KEY", url + "/hook#key=file:" + key, "webhook:env:URL#key=env:KEY", url + "/plain"} {
		if err := s.Send(t.Context(), parse(t, text), notice()); err != nil {
			t.Error(text, err)
		}
	}
	for i, path := range []string{"POST /hook", "POST /hook", "POST /secret", "POST /plain"} {
		r := (*asked)[i]
		var got Notice
		if err := json.Unmarshal([]byte(r.body), &got); err != nil || got.ID != "4f2c" || got.Schema != Schema {
			t.Error(r.body, err)
		}
		want := sign([]byte(hidden), "4f2c", "1731705121", []byte(r.body))
		if path == "POST /plain" {
			want = ""
		}
		h := r.header
		if r.path != path || h.Get("Webhook-Id") != "4f2c" || h.Get("Idempotency-Key") != "4f2c" || h.Get("Webhook-Timestamp") != "1731705121" ||
			h.Get("Webhook-Signature") != want || h.Get("Content-Type") != "application/json" {
			t.Errorf("%s %v", r.path, h)
		}
	}
	for text, want := range map[string]string{
		url + "#key=env:SHORT":          "env:SHORT: a key of 5 bytes, want at least 16",
		url + "#key=env:BAD":            "env:BAD: what follows whsec_ is not base64",
		url + "#key=env:NONE":           "env:NONE is empty or not set",
		url + "#key=file:" + key + ".x": "no such file",
	} {
		if err := s.Send(t.Context(), parse(t, text), notice()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if len(*asked) != 4 {
		t.Errorf("asked %d times", len(*asked))
	}
}

func TestSlackAndPing(t *testing.T) {
	url, asked := server(t, fine)
	s := sender(map[string]string{"CHAT": url + "/services/x", "PING": url + "/uuid?a=b"})
	begun, passed, unknown := notice(), notice(), notice()
	begun.Result, passed.Result, unknown.Result = Begun, finding.Pass, finding.Unknown
	for _, c := range []struct {
		text string
		n    *Notice
	}{{"slack:env:CHAT", notice()}, {"ping:env:PING", begun}, {"ping:env:PING", passed}, {"ping:" + url + "/uuid", unknown}, {"ping:" + url + "/uuid/", notice()}} {
		if err := s.Send(t.Context(), parse(t, c.text), c.n); err != nil {
			t.Error(c.text, err)
		}
	}
	var paths []string
	for _, r := range *asked {
		paths = append(paths, r.path)
		if r.header.Get("Idempotency-Key") != "4f2c" {
			t.Error(r.header)
		}
	}
	want := []string{"POST /services/x", "POST /uuid/start?a=b", "POST /uuid?a=b", "POST /uuid/fail", "POST /uuid/fail"}
	if !slices.Equal(paths, want) {
		t.Errorf("%q, want %q", paths, want)
	}
	var m struct{ Text string }
	if err := json.Unmarshal([]byte((*asked)[0].body), &m); err != nil || !strings.HasPrefix(m.Text, "```\nweb: FAIL (web02), was PASS; 1 new, 1 gone\n") {
		t.Error((*asked)[0].body, err)
	}
}

// TestServersThatDoNotTakeIt are answers that are none, from an address that is a secret.
func TestServersThatDoNotTakeIt(t *testing.T) {
	elsewhere, followed := server(t, fine)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"an error": {func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, r.URL.Path, http.StatusInternalServerError)
		}, "127.0.0.1 answered 500 Internal Server Error"},
		"another place": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere+r.URL.Path, http.StatusTemporaryRedirect)
		}, "127.0.0.1 answered 307 Temporary Redirect: a redirection is not followed"},
		"a status that says the secret": {func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 "+r.URL.Path+"\r\n\r\n")
			_ = conn.Close()
		}, "malformed HTTP"},
		"a header without end": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 1<<20))
		}, "exceeded"},
		"no answer":  {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "it took longer than 500ms"},
		"hanging up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, _ := server(t, c.answer)
			s := sender(map[string]string{"URL": url + "/" + hidden})
			if name == "no answer" {
				s.Patience = 500 * time.Millisecond
			}
			for _, text := range []string{"webhook:env:URL", "slack:env:URL", "ping:env:URL"} {
				err := s.Send(t.Context(), parse(t, text), notice())
				if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), hidden) {
					t.Errorf("%s: %v, want %q", text, err, c.want)
				}
			}
		})
	}
	t.Cleanup(func() {
		if len(*followed) > 0 {
			t.Error("a redirection was followed")
		}
	})
}

// TestABodyWithoutEnd is an answer that goes on: its status is enough.
func TestABodyWithoutEnd(t *testing.T) {
	written := make(chan int, 1)
	url, _ := server(t, func(w http.ResponseWriter, _ *http.Request) {
		for total := 0; ; {
			n, err := w.Write(make([]byte, 1<<16))
			if total += n; err != nil {
				written <- total
				return
			}
		}
	})
	s := sender(nil)
	s.Patience = 5 * time.Second
	if err := s.Send(t.Context(), parse(t, url), notice()); err != nil {
		t.Error(err)
	}
	if n := <-written; n > 64<<20 { // what was read, and what lies between the two
		t.Errorf("%d bytes were read of it", n)
	}
}

func TestSecretAddressesNeedTLS(t *testing.T) {
	for _, url := range []string{"http://hooks.example/" + hidden, "ftp://127.0.0.1/" + hidden, hidden, "https://%zz" + hidden} {
		for _, text := range []string{"webhook:env:URL", "slack:env:URL", "ping:env:URL"} {
			err := sender(map[string]string{"URL": url}).Send(t.Context(), parse(t, text), notice())
			if err == nil || !strings.Contains(err.Error(), "what env:URL says is") || strings.Contains(err.Error(), hidden) {
				t.Errorf("%s: %v", url, err)
			}
		}
	}
}

// TestTrust is a server that nobody vouches for, and then somebody does.
func TestTrust(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(fine))
	defer server.Close()
	c, s := parse(t, server.URL), sender(nil)
	if err := s.Send(t.Context(), c, notice()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Error(err)
	}
	s.Roots = roots(server)
	if err := s.Send(t.Context(), c, notice()); err != nil {
		t.Error(err)
	}
}
