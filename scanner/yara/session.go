//go:build linux && cgo && !noyara

package yara

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/guestctl/guestctl/scanner"
)

// maxDeaths is how often workers of one engine die before the engine gives up.
const maxDeaths = 20

// session has one worker, which it starts again when it died.
type session struct {
	engine *Engine
	memory *scanner.Memory
	worker *process // nil when there is none
	number uint32   // of the last request
	buf    []byte
	values []string
}

// Open starts a worker.
func (e *Engine) Open(ctx context.Context, memory *scanner.Memory) (scanner.Session, error) {
	s := &session{engine: e, memory: memory}
	return s, s.start(ctx)
}

func (s *session) start(ctx context.Context) error {
	var files []*os.File
	for depth := range scanner.Depths {
		files = append(files, s.memory.File(depth))
	}
	worker, err := startWith(ctx, scanning, s.engine.job, files)
	if err != nil {
		return err
	}
	s.worker = worker
	return nil
}

// Close ends the worker.
func (s *session) Close() error {
	if s.worker == nil {
		return nil
	}
	_, err := s.end()
	return err
}

// end ends the worker and says what it died of.
func (s *session) end() (string, error) {
	worker := s.worker
	s.worker = nil
	return worker.end()
}

// Scan looks into one file.
func (s *session) Scan(ctx context.Context, o *scanner.Object) ([]scanner.Match, error) {
	number, ok := s.engine.classes[o.Class]
	if !ok {
		return nil, ctx.Err() // no rules are for this class
	}
	if err := s.inMemory(o); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	set := s.engine.sets[number]
	s.values = s.values[:0]
	for _, v := range set.variables {
		s.values = append(s.values, v.of(o))
	}
	s.number++
	s.buf = appendRequest(s.buf[:0], request{s.number, number, o.Depth, uint64(len(o.Content)), s.values})
	if len(s.buf) > maxRequest {
		return nil, &scanner.Skip{Reason: scanner.LimitReached, Detail: "a path that is too long"}
	}
	kind, body, err := s.ask(ctx)
	if err != nil {
		return nil, err
	}
	return s.understand(kind, body, set, o)
}

// inMemory holds the object against what the worker will look at.
func (s *session) inMemory(o *scanner.Object) error {
	region, err := s.memory.Grow(o.Depth, len(o.Content))
	if err != nil {
		return err
	}
	if len(region) > 0 && &region[0] != &o.Content[0] {
		return fmt.Errorf("yara: the content of %s does not stand in the memory of the session", o.FullPath())
	}
	return nil
}

// prepare sees to it that there is a worker with rules.
func (s *session) prepare(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.worker != nil && s.worker.isReady {
		return nil
	}
	if deaths := s.engine.deaths.Load(); deaths >= maxDeaths {
		return &scanner.Skip{Reason: scanner.EngineStopped, Detail: fmt.Sprintf("its process had died %d times", deaths)}
	}
	if s.worker == nil {
		if err := s.start(ctx); err != nil {
			return &scanner.Skip{Reason: scanner.EngineStopped, Detail: err.Error()}
		}
	}
	err := s.worker.ready()
	if err == nil {
		s.engine.warn(s.worker.confined)
		return nil
	}
	cause, _ := s.end()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case isEnd(err):
		err = errors.New(cause)
	}
	return fmt.Errorf("yara: a worker did not start: %w", err)
}

// ask sends the request and waits for the reply. What became of a worker that did not answer is a skip.
func (s *session) ask(ctx context.Context) (kind byte, body []byte, err error) {
	w := s.worker
	w.watch(ctx)
	w.deadline.Reset(s.engine.timeout)
	err = writeAll(w.requests, s.buf)
	if err == nil {
		kind, body, err = w.receive()
	}
	w.deadline.Stop()
	if err == nil {
		if ended, _ := w.killed(); ended {
			_, err = s.end() // after its answer; the next file gets a new one
		}
		return kind, body, err
	}
	cause, endErr := s.end()
	ended, timedOut := w.killed()
	switch {
	case endErr != nil:
		return 0, nil, endErr
	case ctx.Err() != nil:
		return 0, nil, ctx.Err()
	case timedOut:
		return 0, nil, s.tooLong()
	case ended:
		return 0, nil, context.Canceled // the context that the worker was started with
	}
	s.engine.deaths.Add(1)
	if !isEnd(err) {
		cause = err.Error()
	}
	return 0, nil, &scanner.Skip{Reason: scanner.EngineCrashed, Detail: cause}
}

func (s *session) tooLong() error {
	return &scanner.Skip{Reason: scanner.TimedOut, Detail: "after " + s.engine.timeout.String()}
}

// understand makes matches of a reply. A worker whose reply makes no sense is ended.
func (s *session) understand(kind byte, body []byte, set *set, o *scanner.Object) ([]scanner.Match, error) {
	if len(body) < 5 || binary.LittleEndian.Uint32(body) != s.number || body[4] > 1 {
		return nil, s.nonsense()
	}
	more, rest := body[4] == 1, body[5:]
	switch kind {
	case kindTimeout:
		return nil, s.tooLong()
	case kindFailed:
		return nil, &scanner.Skip{Reason: scanner.EngineError, Detail: printable(rest)}
	case kindFound:
		hits, err := decodeHits(rest, set.Table, int64(len(o.Content)))
		if err != nil {
			return nil, s.nonsense()
		}
		if more {
			return set.found(o, hits), &scanner.Skip{
				Reason: scanner.LimitReached, Detail: fmt.Sprintf("more than %d rules matched, or a string in more than a million places", maxRules),
			}
		}
		return set.found(o, hits), nil
	}
	return nil, s.nonsense()
}

func (s *session) nonsense() error {
	s.engine.deaths.Add(1)
	if s.worker != nil {
		if _, err := s.end(); err != nil {
			return err
		}
	}
	return &scanner.Skip{Reason: scanner.EngineCrashed, Detail: errMessage.Error()}
}
