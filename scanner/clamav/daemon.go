package clamav

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/scanner"
)

const (
	// maxUnanswered is how many files in a row clamd may leave without an answer before it is given up.
	maxUnanswered = 8
	// nestedZips is one more than MaxRecursion of clamd.conf can be.
	nestedZips = 101

	silent = "clamd does not say where its own limits kept it from looking (AlertExceedsMax is off in clamd.conf): a file beyond MaxFileSize, MaxScanSize or MaxRecursion counts as clean"
)

// Daemon is a clamd that runs beside guestctl or on another machine. It implements scanner.Engine, for one scan: a clamd that went
// away during it is not asked again.
type Daemon struct {
	address address
	opts    Options
	release release
	silent  bool // about its own limits

	gone       atomic.Bool  // given up, for the rest of the scan
	unanswered atomic.Int32 // files in a row
}

// Dial finds the clamd at an address, which is "unix:/run/clamav/clamd.ctl", the path of a socket alone, or "tcp:HOST:PORT".
// Through a unix socket on Linux files are handed over in memory (FILDES); otherwise they are streamed (INSTREAM). Nothing of a
// guest is written to the disk of this machine, though a clamd that is streamed to does so. A clamd that does not answer, or
// cannot look into a file that is shown to it, is an error. Options says what it is given.
func Dial(ctx context.Context, addr string, opts Options) (*Daemon, error) {
	at, err := parseAddress(addr)
	if err != nil {
		return nil, err
	}
	d := &Daemon{address: at, opts: opts.orDefaults()}
	ctx, cancel := context.WithTimeout(ctx, d.opts.Patience)
	defer cancel()
	if err := d.greet(ctx); err != nil {
		return nil, binread.WithHint(fmt.Errorf("clamd at %s: %w", at, err),
			"start clamd (systemctl start clamav-daemon), and give the LocalSocket, or TCPAddr and TCPSocket, of its clamd.conf as its address")
	}
	return d, nil
}

// greet asks a clamd whether it works, of which version it is, and whether it tells of its limits.
func (d *Daemon) greet(ctx context.Context) error {
	c, err := d.address.dial(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if reply, err := c.ask(ctx, "PING"); err != nil {
		return err
	} else if reply != "PONG" {
		return fmt.Errorf("reply %.80q to PING, want PONG", reply)
	}
	version, err := c.ask(ctx, "VERSION")
	if err != nil {
		return err
	}
	if d.release, err = parseRelease(version); err != nil {
		return err
	}
	return d.probe(ctx, c)
}

// probe shows clamd an archive that is nested deeper than any clamd looks.
func (d *Daemon) probe(ctx context.Context, c *conn) error {
	nested, err := nest(nestedZips)
	if err != nil {
		return err
	}
	reply, err := c.scan(ctx, nested)
	if err != nil {
		return err
	}
	_, skip, err := verdict(reply)
	if err != nil {
		return err
	}
	if skip != nil && skip.Reason == scanner.EngineError {
		return fmt.Errorf("a first file: %w", skip)
	}
	d.silent = skip == nil || skip.Reason != scanner.LimitReached
	return nil
}

// nest packs a byte into zip archives, one inside the other.
func nest(depth int) ([]byte, error) {
	content := []byte("0")
	for range depth {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.CreateHeader(&zip.FileHeader{Name: "a", Method: zip.Store})
		if err != nil {
			return nil, err
		}
		_, err = io.Copy(w, bytes.NewReader(content))
		if err := errors.Join(err, z.Close()); err != nil {
			return nil, err
		}
		content = b.Bytes()
	}
	return content, nil
}

// Describe says which ClamAV this is, and what it does not tell.
func (d *Daemon) Describe() scanner.Description {
	warnings := d.release.warnings()
	if d.silent {
		warnings = append(warnings, silent)
	}
	return scanner.Description{Name: engineName, Version: d.release.text, Date: d.release.date, Warnings: warnings}
}

// Key is the version of ClamAV and of its official database, with the limits that are known. What else clamd.conf says, and
// signatures that stand beside the official ones, are not known.
func (d *Daemon) Key(*scanner.Object) string {
	return d.release.key(d.opts, fmt.Sprintf("clamd %s silent=%t", d.address.network, d.silent))
}

// Open starts a session, which connects when it has something to ask.
func (d *Daemon) Open(context.Context, *scanner.Memory) (scanner.Session, error) {
	return &session{daemon: d}, nil
}

// connect waits for a daemon that went away, for as long as there is patience.
func (d *Daemon) connect(ctx context.Context) (*conn, error) {
	patient, cancel := context.WithTimeout(ctx, d.opts.Patience)
	defer cancel()
	for wait := 20 * time.Millisecond; !d.gone.Load(); wait = min(2*wait, time.Second) {
		if c, err := d.address.dial(patient); err == nil {
			return c, nil
		}
		select {
		case <-time.After(wait):
		case <-patient.Done():
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			d.gone.Store(true)
		}
	}
	return nil, d.stopped()
}

func (d *Daemon) stopped() *scanner.Skip {
	return &scanner.Skip{Reason: scanner.EngineStopped, Detail: "clamd went away"}
}

// unheard counts a file without an answer, and gives clamd up after many of them.
func (d *Daemon) unheard(skip *scanner.Skip) *scanner.Skip {
	if d.unanswered.Add(1) >= maxUnanswered {
		d.gone.Store(true)
	}
	return skip
}
