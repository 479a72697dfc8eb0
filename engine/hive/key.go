package hive

import (
	"errors"
	"time"
)

// Key is a key of a hive.
type Key struct{}

// Name is the name of the key.
func (k Key) Name() string { return "" }

// Written is when the key was written last: one of its values or the list of its subkeys.
func (k Key) Written() time.Time { return time.Time{} }

// Class returns the class name of the key, mostly "".
func (k Key) Class() (string, error) { return "", errors.ErrUnsupported }

// Keys returns the subkeys in the order of the hive. With ErrCorrupt come those that could be read.
func (k Key) Keys() ([]Key, error) { return nil, errors.ErrUnsupported }

// Key returns the key of a path below this one, as Hive.Key does.
func (k Key) Key(path string) (Key, error) { return Key{}, errors.ErrUnsupported }

// Values returns the values in the order of the hive. With ErrCorrupt come those that could be read.
func (k Key) Values() ([]Value, error) { return nil, errors.ErrUnsupported }

// Value returns the value of a name, in any case; "" is the default value. A value that is absent is fs.ErrNotExist, and one that may be
// among what is damaged is ErrCorrupt.
func (k Key) Value(name string) (Value, error) { return Value{}, errors.ErrUnsupported }
