package intel

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

// jsonReader walks through JSON of any size, of which it holds one object at a time.
type jsonReader struct {
	dec   *json.Decoder
	meter *meter
	depth int
}

func newJSONReader(r io.Reader) *jsonReader {
	m := &meter{r: r, left: maxObject}
	return &jsonReader{dec: json.NewDecoder(m), meter: m}
}

// meter gives out bytes until somebody has to say that one object became too large.
type meter struct {
	r    io.Reader
	left int
}

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, binread.Limit("an object or row that is too large")
	}
	n, err := m.r.Read(p[:min(len(p), 64<<10, m.left)])
	m.left -= n
	return n, err
}

// where adds the place to an error.
func (j *jsonReader) where(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the file ends in the middle of a value")
	}
	return fmt.Errorf("at byte %d: %w", j.dec.InputOffset(), err)
}

func (j *jsonReader) token() (json.Token, error) {
	j.meter.left = maxObject
	t, err := j.dec.Token()
	return t, j.where(err)
}

// delim is the bracket or brace that begins the next value, which is consumed; 0 is any other value.
func (j *jsonReader) delim() (json.Delim, error) {
	t, err := j.token()
	d, _ := t.(json.Delim)
	return d, err
}

// members calls f with each key of an object whose brace was read. f reads the value.
func (j *jsonReader) members(f func(key string) error) error {
	return j.within(func() error {
		key, err := j.token()
		if err != nil {
			return err
		}
		s, _ := key.(string)
		return f(s)
	})
}

// elements calls f for each value of an array whose bracket was read. f reads the value.
func (j *jsonReader) elements(f func() error) error { return j.within(f) }

func (j *jsonReader) within(f func() error) error {
	if j.depth++; j.depth > maxNesting {
		return j.where(binread.Limit("values more than %d levels deep", maxNesting))
	}
	for j.dec.More() {
		j.meter.left = maxObject
		if err := f(); err != nil {
			return err
		}
	}
	j.depth--
	_, err := j.token()
	return err
}

// value decodes the next value into v. ok is false when the value is well formed and of another type.
func (j *jsonReader) value(v any) (ok bool, err error) {
	j.meter.left = maxObject
	err = j.dec.Decode(v)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return false, nil
	}
	return err == nil, j.where(err)
}

// skip passes over the next value.
func (j *jsonReader) skip() error {
	d, err := j.delim()
	switch {
	case err != nil:
		return err
	case d == '{':
		return j.members(func(string) error { return j.skip() })
	case d == '[':
		return j.elements(j.skip)
	}
	return nil
}

// end wants nothing but white space after the last value.
func (j *jsonReader) end() error {
	j.meter.left = maxObject
	if _, err := j.dec.Token(); errors.Is(err, io.EOF) {
		return nil
	}
	return j.where(errors.New("something stands after the last value"))
}

// list finds an array below a key, or takes a lone array, and calls f for each of its elements: {"key": [...]} and [...].
func (j *jsonReader) list(key string, f func() error) error {
	d, err := j.delim()
	if err != nil {
		return err
	}
	switch d {
	case '[':
		err = j.elements(f)
	case '{':
		err = j.members(func(k string) error {
			if k != key {
				return j.skip()
			}
			if d, err := j.delim(); err != nil || d != '[' {
				return errors.Join(err, j.unless(d == '[', key))
			}
			return j.elements(f)
		})
	default:
		return j.where(errors.New("neither an object nor an array"))
	}
	if err != nil {
		return err
	}
	return j.end()
}

func (j *jsonReader) unless(ok bool, key string) error {
	if ok {
		return nil
	}
	return j.where(fmt.Errorf("%q is no array", key))
}
