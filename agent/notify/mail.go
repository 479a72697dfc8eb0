package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail"
)

const maxConversation = 1 << 20 // bytes that a server may say

// The ports of RFC 6409 and RFC 8314.
const (
	submission  = 587
	submissions = 465
)

// mailbox is a channel of e-mail.
type mailbox struct {
	host     string
	port     int
	implicit bool // TLS from the first byte on
	plain    bool // no TLS at all
	user     string
	password reference
	from     string
	to       []string
}

// parseMail reads smtp://USER@HOST:PORT/?to=A@B&from=C@D&password=REFERENCE, or smtps://.
func parseMail(text string) (*Channel, error) {
	m, err := readMailbox(text)
	if err != nil {
		return nil, fmt.Errorf("e-mail: %w", err)
	}
	return &Channel{fmt.Sprintf("e-mail %s by %s", strings.Join(m.to, ","), m.host), m.send}, nil
}

func readMailbox(text string) (*mailbox, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.Fragment != "" {
		return nil, errors.New("that is no address, want smtp://USER@HOST:587/?to=A@B&from=C@D&password=env:NAME") // err has a password in it
	}
	m := &mailbox{host: u.Hostname(), port: submission, implicit: u.Scheme == "smtps", user: u.User.Username()}
	if _, ok := u.User.Password(); ok {
		return nil, errors.New("a password in the address: give it by reference, as password=env:NAME or password=file:/PATH")
	}
	if m.implicit {
		m.port = submissions
	}
	if text := u.Port(); text != "" {
		if m.port, err = strconv.Atoi(text); err != nil || m.port < 1 || m.port > 65535 {
			return nil, errors.New("no such port, want 1 to 65535")
		}
	}
	for key, values := range u.Query() {
		if err := m.set(key, values); err != nil {
			return nil, err
		}
	}
	return m, m.check()
}

// set takes a parameter of the address.
func (m *mailbox) set(key string, values []string) (err error) {
	value := values[len(values)-1]
	switch key {
	case "to":
		m.to, err = addresses(strings.Join(values, ","))
		return err
	case "from":
		from, err := addresses(value)
		if err != nil || len(from) != 1 {
			return errors.New("from: want one address, such as guestctl@example.org")
		}
		m.from = from[0]
	case "password":
		m.password, err = parseReference(value)
		if err != nil {
			return fmt.Errorf("password: %w", err)
		}
	case "tls":
		if m.plain = value == "none"; !m.plain && value != "required" {
			return errors.New("tls: want required (as is without it) or none")
		}
	default:
		return errors.New("no such parameter, want to, from, password or tls")
	}
	return nil
}

func addresses(text string) (all []string, err error) {
	list, err := netmail.ParseAddressList(text)
	if err != nil {
		return nil, errors.New("to: want addresses such as ops@example.org; a + in one is written %2B")
	}
	for _, a := range list {
		all = append(all, a.Address)
	}
	return all, nil
}

func (m *mailbox) check() error {
	if m.from == "" && strings.Contains(m.user, "@") {
		m.from = m.user
	}
	switch {
	case len(m.to) == 0:
		return errors.New("nobody to send it to, want ?to=ops@example.org")
	case m.from == "":
		return errors.New("nobody who sends it, want &from=guestctl@example.org")
	case (m.user == "") != (m.password == ""):
		return errors.New("a user without a password, or a password without a user: want both, or none for a server that asks for none")
	case m.plain && m.implicit:
		return errors.New("smtps:// is TLS, and tls=none is none")
	case m.plain && m.user != "" && !loopback(m.host):
		return errors.New("a password without TLS, want tls=required")
	}
	return nil
}

// send sends a notice in a conversation of its own.
func (m *mailbox) send(ctx context.Context, d *delivery, n *Notice) error {
	msg, err := m.message(d, n)
	if err != nil {
		return err
	}
	client, err := m.client(ctx, d)
	if err != nil {
		return err
	}
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("%s: %w", m.host, err)
	}
	return nil
}

func (m *mailbox) message(d *delivery, n *Notice) (*mail.Msg, error) {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := errors.Join(msg.From(m.from), msg.To(m.to...)); err != nil {
		return nil, err
	}
	msg.Subject("guestctl " + n.Headline())
	msg.SetMessageIDWithValue(n.ID + "@guestctl")
	msg.SetDateWithValue(d.Now())
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody is on holiday for a program
	msg.SetBodyString(mail.TypeTextPlain, strings.Join(append([]string{n.Headline(), ""}, n.Lines()...), "\n")+"\n")
	return msg, nil
}

func (m *mailbox) client(ctx context.Context, d *delivery) (*mail.Client, error) {
	config := &tls.Config{ServerName: m.host, RootCAs: d.Roots, MinVersion: tls.VersionTLS12}
	opts := []mail.Option{ // the context ends before the timeout does, and says why
		mail.WithPort(m.port), mail.WithTimeout(2 * d.Patience), mail.WithTLSConfig(config), mail.WithTLSPolicy(mail.TLSMandatory),
		mail.WithDialContextFunc(func(connecting context.Context, network, address string) (net.Conn, error) {
			conn, err := m.dial(connecting, network, address, config)
			if err == nil {
				context.AfterFunc(ctx, func() { _ = conn.Close() }) // the library waits for an answer even when the context ends
			}
			return conn, err
		}),
	}
	if m.implicit || m.plain { // the one has it already, the other is not to have it
		opts = append(opts, mail.WithTLSPolicy(mail.NoTLS))
	}
	if m.user != "" {
		password, err := d.read(m.password)
		if err != nil {
			return nil, err
		}
		d.secrets = append(d.secrets, "\x00"+m.user+"\x00"+password) // as AUTH PLAIN has it
		opts = append(opts, mail.WithUsername(m.user), mail.WithPassword(password), mail.WithOpportunisticSMTPAuth(
			mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1, mail.SMTPAuthPlain, mail.SMTPAuthLogin, mail.SMTPAuthCramMD5))
	}
	return mail.NewClient(m.host, opts...)
}

// dial connects to a server that may say so much and no more.
func (m *mailbox) dial(ctx context.Context, network, address string, config *tls.Config) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	bounded := &boundedConn{conn, maxConversation}
	if !m.implicit {
		return bounded, nil
	}
	secure := tls.Client(bounded, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secure, nil
}

// boundedConn is a connection from which so many bytes are read.
type boundedConn struct {
	net.Conn
	left int
}

func (c *boundedConn) Read(b []byte) (int, error) {
	if c.left <= 0 {
		return 0, fmt.Errorf("the server says more than %d bytes", maxConversation)
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}
