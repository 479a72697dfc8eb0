package clamav

import (
	"context"
	"errors"
	"fmt"

	"github.com/guestctl/guestctl/scanner"
)

// session asks on one connection.
type session struct {
	daemon *Daemon
	conn   *conn // nil before the first question, and after a session of clamd ended
}

// Scan has clamd look into one file.
func (s *session) Scan(ctx context.Context, o *scanner.Object) ([]scanner.Match, error) {
	d := s.daemon
	if int64(len(o.Content)) > d.opts.MaxSize {
		return nil, d.opts.tooLarge()
	}
	if len(o.Content) == 0 {
		return nil, nil
	}
	reply, err := s.reply(ctx, o.Content)
	if err != nil {
		return nil, s.trouble(ctx, err)
	}
	d.unanswered.Store(0)
	matches, skip, err := verdict(reply)
	if err != nil {
		return nil, s.trouble(ctx, err)
	}
	if skip != nil {
		return nil, skip
	}
	return matches, nil
}

// reply is the answer of clamd to a file. A session that clamd ended while nothing was asked, or when it was started again, is
// taken up anew, once.
func (s *session) reply(ctx context.Context, content []byte) (string, error) {
	for {
		again := s.conn != nil
		if !again {
			c, err := s.daemon.connect(ctx)
			if err != nil {
				return "", err
			}
			s.conn = c
		}
		reply, err := s.timed(ctx, content)
		if errors.Is(err, errLost) && again && !errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			s.hangUp()
			continue
		}
		return reply, err
	}
}

func (s *session) timed(ctx context.Context, content []byte) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.daemon.opts.FileTime)
	defer cancel()
	return s.conn.scan(ctx, content)
}

// trouble is what a question without an answer means for its file: the error of the context where that has ended, or else a
// *scanner.Skip.
func (s *session) trouble(ctx context.Context, err error) error {
	s.hangUp()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	d := s.daemon
	var skip *scanner.Skip
	switch {
	case errors.As(err, &skip):
		return skip
	case errors.Is(err, context.DeadlineExceeded):
		return d.unheard(&scanner.Skip{Reason: scanner.TimedOut, Detail: fmt.Sprintf("clamd did not answer within %s", d.opts.FileTime)})
	case errors.Is(err, errLost):
		return d.unheard(&scanner.Skip{Reason: scanner.EngineError, Detail: errLost.Error()})
	}
	return d.unheard(&scanner.Skip{Reason: scanner.EngineError, Detail: err.Error()})
}

func (s *session) hangUp() {
	if s.conn != nil {
		_ = s.conn.Close()
		s.conn = nil
	}
}

// Close ends the session.
func (s *session) Close() error {
	s.hangUp()
	return nil
}
