package clamav

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/scanner"
)

// maxCrashes is how often clamscan is started again in one scan.
const maxCrashes = 5

// CommandOptions say which clamscan runs, and with what.
type CommandOptions struct {
	Options
	Path     string // of the program; "" is clamscan in PATH
	Database string // folder or file with signatures; "" is the one of ClamAV
}

// Program is ClamAV as a program, where no clamd runs. One clamscan serves all goroutines, one file after the other, because each
// would take as much memory as a clamd. It implements scanner.Engine.
type Program struct {
	path    string
	opts    CommandOptions
	release release

	mu       sync.Mutex
	sessions int
	clamscan *clamscan // nil before the first session, and where it ended
	crashes  int
}

// Command finds the program clamscan, which is started when a scan begins and loads its signatures then. Use Dial where a clamd
// runs: it is there already, and looks into several files at once. A clamscan that is missing, or that cannot say its version, is
// an error; one without signatures is an error of the scan.
func Command(ctx context.Context, opts CommandOptions) (*Program, error) {
	opts.Options = opts.orDefaults()
	name := opts.Path
	if name == "" {
		name = "clamscan"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, binread.WithHint(fmt.Errorf("clamscan: %w", err), "install ClamAV (Debian: apt install clamav), or give the address of a clamd")
	}
	args := []string{"--version"}
	if opts.Database != "" {
		args = append(args, "--database="+opts.Database)
	}
	out, err := exec.CommandContext(ctx, path, args...).Output() //nolint:gosec // G204: the user named the program
	if err != nil {
		return nil, fmt.Errorf("clamscan --version: %w", err)
	}
	p := &Program{path: path, opts: opts}
	if p.release, err = parseRelease(string(out)); err != nil {
		return nil, fmt.Errorf("clamscan --version: %w", err)
	}
	return p, nil
}

// Describe says which ClamAV this is.
func (p *Program) Describe() scanner.Description {
	return scanner.Description{Name: engineName, Version: p.release.text, Date: p.release.date, Warnings: p.release.warnings()}
}

// Key is the version of ClamAV and of its official database, with the limits.
func (p *Program) Key(*scanner.Object) string { return p.release.key(p.opts.Options, "clamscan") }

// Open starts clamscan with the first session.
func (p *Program) Open(ctx context.Context, _ *scanner.Memory) (scanner.Session, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sessions == 0 {
		p.crashes = 0
		if err := p.start(ctx); err != nil {
			return nil, err
		}
	}
	p.sessions++
	return &shared{p}, nil
}

func (p *Program) start(ctx context.Context) (err error) {
	p.clamscan, err = startClamscan(ctx, p.path, p.opts.Database, p.opts.Options)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// scan has clamscan look into a file, and starts it again after it ended at one.
func (p *Program) scan(ctx context.Context, content []byte) ([]scanner.Match, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if p.clamscan == nil {
		if p.crashes >= maxCrashes {
			return nil, &scanner.Skip{Reason: scanner.EngineStopped, Detail: fmt.Sprintf("clamscan had ended at %d files", p.crashes)}
		}
		if err := p.start(ctx); err != nil {
			return nil, p.crash(ctx, err)
		}
	}
	// It ends a file by itself when its time is over. Only a clamscan that does not is killed, for the next would have to load all
	// signatures again.
	timed, cancel := context.WithTimeout(ctx, 2*p.opts.FileTime)
	defer cancel()
	reply, err := p.clamscan.scan(timed, content)
	if err != nil {
		return nil, p.crash(ctx, err)
	}
	matches, skip, err := verdict(reply)
	if err != nil {
		return nil, p.crash(ctx, err)
	}
	if skip != nil {
		return nil, skip
	}
	return matches, nil
}

// crash is what an end of clamscan means for the file that it was at: the error of the context where that has ended, or else a
// *scanner.Skip.
func (p *Program) crash(ctx context.Context, err error) error {
	p.crashes++
	err = errors.Join(err, p.stop())
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return &scanner.Skip{Reason: scanner.TimedOut, Detail: fmt.Sprintf("clamscan did not answer within %s", p.opts.FileTime)}
	}
	return &scanner.Skip{Reason: scanner.EngineCrashed, Detail: fmt.Sprintf("%.300s", err.Error())}
}

func (p *Program) stop() error {
	if p.clamscan == nil {
		return nil
	}
	err := p.clamscan.close()
	p.clamscan = nil
	return err
}

// shared is the session of a goroutine, with the clamscan of all.
type shared struct{ program *Program }

// Scan has clamscan look into one file.
func (s *shared) Scan(ctx context.Context, o *scanner.Object) ([]scanner.Match, error) {
	if int64(len(o.Content)) > s.program.opts.MaxSize {
		return nil, s.program.opts.tooLarge()
	}
	if len(o.Content) == 0 {
		return nil, nil
	}
	return s.program.scan(ctx, o.Content)
}

// Close ends clamscan with the last session.
func (s *shared) Close() error {
	p := s.program
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sessions--; p.sessions > 0 {
		return nil
	}
	return p.stop()
}
