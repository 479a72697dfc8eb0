// Package hive reads registry hives of Windows: the files SYSTEM, SOFTWARE, SAM, SECURITY, NTUSER.DAT and their like, versions 1.3 to 1.6.
//
// It follows "Windows registry file format specification" by Maxim Suhanov. It reads bytes and knows no paths: who opens a hive gives it
// the transaction logs that lie beside it, and they are replayed in memory. Links between keys are returned as values and never followed;
// what is volatile is not in a file. Nothing is read before it is asked for, so that a hive of hundreds of megabytes opens at once.
//
// www.velocidex.com/golang/regparser was looked at first.
package hive

import (
	"errors"
	"io"
	"time"
)

// Log is a transaction log beside a hive.
type Log struct {
	Name string // "SYSTEM.LOG1", for messages
	io.ReaderAt
	Size int64 // bytes
}

// Hive is an open hive. It is safe for concurrent use.
type Hive struct{}

// Open opens the hive in r, of size bytes. Where its base block says that it was not written to the end, what the logs hold is replayed in
// memory. Bytes that are no hive are ErrCorrupt; a hive whose logs are missing or do not fit opens, and its State says so.
func Open(r io.ReaderAt, size int64, logs ...Log) (*Hive, error) {
	return nil, errors.ErrUnsupported
}

// Condition says how far a hive can be believed.
type Condition string

// The conditions of hives.
const (
	Clean    Condition = "clean"    // written to the end
	Replayed Condition = "replayed" // not written to the end; what its logs hold was applied
	Dirty    Condition = "dirty"    // not written to the end, and a log is missing or damaged: what is read may be old or half of a change
)

// State is the state of a hive as a whole.
type State struct {
	Condition Condition
	Problems  []string  // why it is dirty, or what else is wrong with it
	Written   time.Time // when it was written last; zero where it says nothing
}

// State tells whether the hive was written to the end.
func (h *Hive) State() State { return State{} }

// Root returns the root key. Its name is of no meaning.
func (h *Hive) Root() (Key, error) { return Key{}, errors.ErrUnsupported }

// Key returns the key of a path below the root, in any case: `Microsoft\Windows NT\CurrentVersion`. A key that is absent is
// fs.ErrNotExist, and one that may be among what is damaged is ErrCorrupt.
func (h *Hive) Key(path string) (Key, error) { return Key{}, errors.ErrUnsupported }
