package notify

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/finding"
)

// roots vouch for the certificate of a server of httptest, which is for 127.0.0.1.
func roots(s *httptest.Server) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return pool
}

// post is a mail server that speaks with one client.
type post struct {
	config   *tls.Config
	implicit bool
	noTLS    bool
	refuse   string // what it answers to AUTH
	endless  bool
	said     chan string // everything that the client said
}

// serve runs the server, and returns its port and who vouches for it.
func (p *post) serve(t *testing.T) (port uint16, pool *x509.CertPool) {
	t.Helper()
	https := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(https.Close)
	p.config = &tls.Config{Certificates: https.TLS.Certificates, MinVersion: tls.VersionTLS12}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.said = make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		var said strings.Builder
		p.speak(conn, &said)
		_ = conn.Close()
		p.said <- said.String()
	}()
	t.Cleanup(func() { _ = l.Close() })
	return netip.MustParseAddrPort(l.Addr().String()).Port(), roots(https)
}

func (p *post) speak(conn net.Conn, said *strings.Builder) {
	secure := p.implicit
	if secure {
		conn = tls.Server(conn, p.config)
	}
	r := bufio.NewReader(conn)
	answer := func(format string, args ...any) { fmt.Fprintf(conn, format+"\r\n", args...) }
	if p.endless {
		for {
			if _, err := io.WriteString(conn, "220-"+strings.Repeat("x", 4000)+"\r\n"); err != nil {
				return
			}
		}
	}
	answer("220 mail.example ESMTP")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		fmt.Fprintf(said, "%v %s", map[bool]string{true: "S", false: "P"}[secure], line)
		verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), " ")
		switch verb {
		case "EHLO":
			answer("250-mail.example")
			if !secure && !p.noTLS {
				answer("250-STARTTLS")
			}
			answer("250 AUTH PLAIN")
		case "STARTTLS":
			answer("220 go ahead")
			conn = tls.Server(conn, p.config)
			r, secure = bufio.NewReader(conn), true
		case "AUTH":
			if p.refuse != "" {
				answer("535 %s %s", p.refuse, strings.TrimSpace(line))
				continue
			}
			answer("235 welcome")
		case "DATA":
			answer("354 go on")
			for {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				said.WriteString(line)
				if line == ".\r\n" {
					break
				}
			}
			answer("250 taken")
		case "QUIT":
			answer("221 bye")
			return
		default:
			answer("250 fine")
		}
	}
}

func TestMail(t *testing.T) {
	for name, c := range map[string]struct {
		server post
		text   string
		secure bool
	}{
		"STARTTLS":         {post{}, "smtp://me@127.0.0.1:%d/?to=ops@example.org&to=dev@example.org&from=guestctl@example.org&password=env:P", true},
		"TLS at once":      {post{implicit: true}, "smtps://me@127.0.0.1:%d/?to=ops@example.org,dev@example.org&from=guestctl@example.org&password=env:P", true},
		"no TLS, as asked": {post{noTLS: true}, "smtp://127.0.0.1:%d/?to=ops@example.org,dev@example.org&from=guestctl@example.org&tls=none", false},
	} {
		t.Run(name, func(t *testing.T) {
			port, pool := c.server.serve(t)
			s := sender(map[string]string{"P": hidden})
			s.Roots = pool
			n := notice()
			n.Machines = []Machine{{hostile, hostile, finding.Fail}}
			n.Tidy()
			if err := s.Send(t.Context(), parse(t, fmt.Sprintf(c.text, port)), n); err != nil {
				t.Fatal(err)
			}
			said := <-c.server.said
			auth := "S AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00me\x00"+hidden))
			if strings.Contains(said, auth) != c.secure || strings.Contains(said, "P AUTH") {
				t.Errorf("how it said who it is:\n%s", said)
			}
			if strings.Count(said, "RCPT TO:") != 2 || !strings.Contains(said, "RCPT TO:<ops@example.org>") || !strings.Contains(said, "MAIL FROM:<guestctl@example.org>") {
				t.Errorf("whom it was sent to:\n%s", said)
			}
			_, text, _ := strings.Cut(said, " DATA\r\n")
			text, _, _ = strings.Cut(text, "\r\n.\r\n")
			readMail(t, text, n)
		})
	}
}

// readMail reads a message as a mail program would.
func readMail(t *testing.T, text string, n *Notice) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := (&mime.WordDecoder{}).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "guestctl "+n.Headline() {
		t.Errorf("subject %q, want %q: %v", subject, n.Headline(), err)
	}
	if m.Header.Get("Bcc") != "" || m.Header.Get("Message-Id") != "<4f2c@guestctl>" || m.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("header %v", m.Header)
	}
	if at, err := m.Header.Date(); err != nil || !at.Equal(time.Unix(1731705121, 0)) {
		t.Error(at, err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join(append([]string{n.Headline(), ""}, n.Lines()...), "\n")
	if got := strings.TrimSpace(strings.ReplaceAll(string(body), "\r\n", "\n")); got != want {
		t.Errorf("body\n%s\nwant\n%s", got, want)
	}
}

func TestMailServersThatDoNotTakeIt(t *testing.T) {
	const to = "smtp://me@127.0.0.1:%d/?to=ops@example.org&from=guestctl@example.org&password=env:P"
	for name, c := range map[string]struct {
		server  post
		text    string
		trusted bool
		want    string
	}{
		"no STARTTLS":                 {post{noTLS: true}, to, true, "STARTTLS"},
		"a certificate of nobody":     {post{}, to, false, "certificate"},
		"that say the password":       {post{refuse: "wrong password " + hidden}, to, true, "535"},
		"that say something for ever": {post{endless: true}, to, true, "more than 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			port, pool := c.server.serve(t)
			s := sender(map[string]string{"P": hidden})
			if c.trusted {
				s.Roots = pool
			}
			err := s.Send(t.Context(), parse(t, fmt.Sprintf(c.text, port)), notice())
			encoded := base64.StdEncoding.EncodeToString([]byte("\x00me\x00" + hidden))
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), hidden) || strings.Contains(err.Error(), encoded) {
				t.Errorf("%v, want %s", err, c.want)
			}
			if said := <-c.server.said; c.want != "535" && (strings.Contains(said, "AUTH") || strings.Contains(said, encoded)) {
				t.Errorf("the password was told:\n%s", said)
			}
		})
	}
}

// TestAMailServerThatSaysNothing is hung up on.
func TestAMailServerThatSaysNothing(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	s := sender(map[string]string{"P": hidden})
	s.Patience = time.Second
	err = s.Send(t.Context(), parse(t, fmt.Sprintf("smtp://me@%s/?to=ops@example.org&from=guestctl@example.org&password=env:P", l.Addr())), notice())
	if err == nil || !strings.Contains(err.Error(), "it took longer than 1s") {
		t.Error(err)
	}
}
