package guest

import (
	"errors"

	"github.com/guestctl/guestctl/engine/binread"
)

// TaintError is the error that comes with everything read from a file system with a tainting problem, as package filesys has
// it. It is of kind binread.ErrChecksum.
type TaintError struct {
	Device string // of the volume
	Reason string
}

// Error says which volume is not to be believed, and why.
func (t *TaintError) Error() string {
	return "nothing on " + t.Device + " is to be believed: " + t.Reason
}

// Is makes a taint one of the errors that come with a value.
func (t *TaintError) Is(target error) bool { return target == binread.ErrChecksum }

func (t *TaintError) tainted() *TaintError { return t }

// TaintOf returns the taint that err comes from, so that it can be told once and not with every path.
func TaintOf(err error) (*TaintError, bool) {
	var t interface{ tainted() *TaintError }
	if !errors.As(err, &t) || t.tainted() == nil {
		return nil, false
	}
	return t.tainted(), true
}

// unread is the error of a path that is missing from what was mounted, while what should have been is not known. It does
// not unwrap to its cause, which may be of a kind that comes with a value.
type unread struct{ cause error }

func (u *unread) Error() string {
	return ErrUnread.Error() + ": what is mounted is not known: " + u.cause.Error()
}
func (u *unread) Is(target error) bool { return target == ErrUnread }

func (u *unread) tainted() *TaintError {
	t, _ := TaintOf(u.cause)
	return t
}
