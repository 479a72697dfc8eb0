package binread

import (
	"errors"
	"fmt"
)

// The kinds of what can be wrong with an image. Test for them with errors.Is; never compare texts.
var (
	// ErrCorrupt: the bytes contradict their specification or themselves.
	ErrCorrupt = errors.New("corrupt")
	// ErrChecksum: the bytes can be decoded, but the checksum that covers them does not match. A value that comes with
	// this error is complete as read and must not be believed.
	ErrChecksum = errors.New("checksum mismatch")
	// ErrUnsupported: the bytes are valid and use a feature this program does not read.
	ErrUnsupported = errors.New("unsupported")
	// ErrLimit: a count, length or depth is above this program's limit.
	ErrLimit = errors.New("over a limit")
	// ErrEncrypted: the bytes are encrypted and no key was given.
	ErrEncrypted = errors.New("encrypted")
	// ErrRefused: the image names something outside of what it may name, such as a host file.
	ErrRefused = errors.New("refused")
)

type kindError struct {
	kind error
	err  error
}

func (e *kindError) Error() string        { return e.err.Error() }
func (e *kindError) Unwrap() error        { return e.err }
func (e *kindError) Is(target error) bool { return target == e.kind }

// Corrupt returns an error of kind ErrCorrupt.
func Corrupt(format string, args ...any) error { return kind(ErrCorrupt, format, args) }

// Checksum returns an error of kind ErrChecksum.
func Checksum(format string, args ...any) error { return kind(ErrChecksum, format, args) }

// Unsupported returns an error of kind ErrUnsupported.
func Unsupported(format string, args ...any) error { return kind(ErrUnsupported, format, args) }

// Limit returns an error of kind ErrLimit.
func Limit(format string, args ...any) error { return kind(ErrLimit, format, args) }

// Encrypted returns an error of kind ErrEncrypted.
func Encrypted(format string, args ...any) error { return kind(ErrEncrypted, format, args) }

// Refused returns an error of kind ErrRefused.
func Refused(format string, args ...any) error { return kind(ErrRefused, format, args) }

func kind(k error, format string, args []any) error {
	return &kindError{k, fmt.Errorf(format, args...)}
}

type hintError struct {
	error
	hint string
}

func (e *hintError) Unwrap() error { return e.error }

// WithHint adds to err what a person can do next. The hint is not part of the error's text; HintOf returns it.
func WithHint(err error, hint string) error {
	if err == nil {
		return nil
	}
	return &hintError{err, hint}
}

// HintOf returns the outermost hint of err, or "".
func HintOf(err error) string {
	var h *hintError
	if errors.As(err, &h) {
		return h.hint
	}
	return ""
}
