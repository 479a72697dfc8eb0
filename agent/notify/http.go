package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	maxAnswer = 64 << 10 // bytes of an answer, and of its header
	agentName = "guestctl"
)

// address is where a request goes: an address that everybody may know, or one that is a secret itself.
type address struct {
	url    *url.URL
	secret reference
}

// name says where a request goes, without secrets.
func (a *address) name() string {
	if a.secret != "" {
		return string(a.secret)
	}
	return a.url.Host
}

// parseAddress reads an address that may be a reference.
func parseAddress(text string) (*address, error) {
	if ref, err := parseReference(text); err == nil {
		return &address{secret: ref}, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("that is no address, want https://HOST/PATH, env:NAME or file:/PATH")
	}
	return &address{url: u}, refuseSecret(u)
}

// secretHosts are services whose addresses let everybody in who knows them.
func secretHosts() []string {
	return []string{"hooks.slack.com", "discord.com", "discordapp.com", "chat.googleapis.com", "webhook.office.com"}
}

// secretKeys are names of parameters that hold secrets.
func secretKeys() []string {
	return []string{"access_token", "api_key", "apikey", "auth", "key", "pass", "passwd", "password", "secret", "sig", "signature", "token"}
}

// refuseSecret finds secrets that stand in an address.
func refuseSecret(u *url.URL) error {
	const instead = "give the whole address by reference, as webhook:env:NAME, slack:env:NAME or env:NAME"
	if u.User != nil {
		return errors.New("a name or a password in the address: " + instead)
	}
	host := strings.ToLower(u.Hostname())
	for _, h := range secretHosts() {
		if host == h || strings.HasSuffix(host, "."+h) {
			return fmt.Errorf("an address at %s is a secret itself: %s", h, instead)
		}
	}
	for key := range u.Query() {
		if slices.Contains(secretKeys(), strings.ToLower(key)) {
			return fmt.Errorf("the parameter %q of the address looks like a secret: %s", key, instead)
		}
	}
	return nil
}

// resolve returns where a request goes.
func (d *delivery) resolve(a *address) (*url.URL, error) {
	if a.secret == "" {
		return a.url, nil
	}
	text, err := d.read(a.secret)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("what %s says is no address, want https://HOST/PATH", a.secret)
	}
	// parts of it are as secret as the whole, and what the library says of a request may have them in it
	d.secrets = append(d.secrets, u.Path, u.RawQuery)
	if password, ok := u.User.Password(); ok {
		d.secrets = append(d.secrets, password)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, fmt.Errorf("what %s says is a secret that would go without TLS, want https://", a.secret)
	}
	return u, nil
}

// loopback reports whether a host is this one.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// post sends a body. A redirection is not followed, and what is answered is of no interest but for its status.
func (d *delivery) post(ctx context.Context, u *url.URL, header http.Header, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return errors.New("the address cannot be asked") // err has the address in it
	}
	req.Header = header
	req.Header.Set("User-Agent", agentName)
	client := &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, MaxResponseHeaderBytes: maxAnswer,
			TLSClientConfig: &tls.Config{RootCAs: d.Roots, MinVersion: tls.VersionTLS12},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) { // it has the address in it
			err = wrapped.Err
		}
		return fmt.Errorf("%s: %w", u.Hostname(), err)
	}
	defer func() { _ = answer.Body.Close() }()                         // it was only read
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer)) // the status says it all
	switch answer.StatusCode / 100 {
	case 2:
		return nil
	case 3:
		return fmt.Errorf("%s answered %d %s: a redirection is not followed", u.Hostname(), answer.StatusCode, http.StatusText(answer.StatusCode))
	}
	return fmt.Errorf("%s answered %d %s", u.Hostname(), answer.StatusCode, http.StatusText(answer.StatusCode))
}
