// Package notify tells people and programs what became of jobs: by webhook, e-mail, a command or a chat, and to watches that miss a
// sign of life.
//
// A channel is a text of a job. Secrets stand in it by reference only, as env:NAME or file:PATH, and are read when something is sent; no
// error has them in it. What is sent is a Notice, whose strings are printable, bounded text: those of a guest are whatever an attacker
// left there. Whether, when and how often something is sent is decided elsewhere.
package notify

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

const (
	patience = 20 * time.Second
	maxError = 300 // bytes of an error
)

// kind is a kind of channel, told by how its text begins.
type kind struct {
	schemes []string
	example string
	parse   func(text string) (*Channel, error)
}

// kinds lists the kinds of channels.
func kinds() []kind {
	return []kind{
		{[]string{"https", "http", "webhook"}, "https://HOST/PATH#key=env:NAME", parseWebhook},
		{[]string{"smtp", "smtps"}, "smtp://USER@HOST:587/?to=A@B&password=env:NAME", parseMail},
		{[]string{"slack"}, "slack:env:NAME", parseSlack},
		{[]string{"exec"}, "exec:/PATH/COMMAND", parseExec},
	}
}

// Examples has an example of each kind of channel.
func Examples() (all []string) {
	for _, k := range kinds() {
		all = append(all, k.example)
	}
	return all
}

// Channel is where something is sent to.
type Channel struct {
	// Name says where, without secrets: "webhook hooks.example".
	Name string
	send func(context.Context, *delivery, *Notice) error
}

// Parse reads a channel. An error has nothing of the text in it that may be a secret.
func Parse(text string) (*Channel, error) {
	scheme, _, ok := strings.Cut(text, ":")
	if ok {
		for _, k := range kinds() {
			if slices.Contains(k.schemes, scheme) {
				return k.parse(text)
			}
		}
	}
	return nil, fmt.Errorf("no such channel, want one of %s", strings.Join(Examples(), ", "))
}

// Sender sends. What is zero has its default.
type Sender struct {
	Env      func(string) (string, bool) // the environment: that of the process
	Roots    *x509.CertPool              // who vouches for servers: whom the system trusts
	Now      func() time.Time
	Patience time.Duration // how long an answer is waited for
	Output   io.Writer     // where commands write: nowhere
}

// delivery is one attempt to send something.
type delivery struct {
	Sender
	secrets []string // that were read for it
}

// Send sends a notice to a channel, once. The error has no secret in it.
func (s *Sender) Send(ctx context.Context, c *Channel, n *Notice) error {
	d := &delivery{Sender: *s}
	if d.Env == nil {
		d.Env = os.LookupEnv
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Patience == 0 {
		d.Patience = patience
	}
	limited, cancel := context.WithTimeoutCause(ctx, d.Patience, fmt.Errorf("it took longer than %s", d.Patience))
	defer cancel()
	err := c.send(limited, d, n)
	if err == nil {
		return nil
	}
	if ctx.Err() == nil && limited.Err() != nil {
		err = context.Cause(limited)
	}
	return errors.New(cut(printable(d.scrub(err.Error())), maxError))
}
