package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

// maxKeyFile is how large a key file may be, in bytes, as cryptsetup has it.
const maxKeyFile = 8 << 20

// keyFlags are the flags that open encrypted volumes. They hold where a key is found, never a key.
type keyFlags struct {
	keys    keyList
	headers headerList
}

func (f *keyFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Var(&f.keys, "key", "key of an encrypted volume, as `DEVICE=file:PATH` or DEVICE=env:NAME; DEVICE is a name such as p3, a UUID, or * for any; may be repeated")
	flags.Var(&f.headers, "header", "header of an encrypted volume in a file of its own, as `DEVICE=PATH`; may be repeated")
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"key": carapace.ActionValues(), "header": carapace.ActionValues()})
}

// keyList is the list of --key. Its errors do not repeat what was given: it may be a secret in the wrong place.
type keyList struct{ textList }

// Set implements pflag.Value.
func (l *keyList) Set(text string) error {
	if _, err := parseKey(text); err != nil {
		return &secretError{err}
	}
	return l.Append(text)
}

func (l *keyList) parsed() []volume.Key {
	var all []volume.Key
	for _, text := range l.list {
		if k, err := parseKey(text); err == nil { // as Set saw to
			all = append(all, k)
		}
	}
	return all
}

// headerList is the list of --header.
type headerList struct{ textList }

// Set implements pflag.Value.
func (l *headerList) Set(text string) error {
	if device, path, _ := strings.Cut(text, "="); device == "" || path == "" {
		return errors.New("want DEVICE=PATH")
	}
	return l.Append(text)
}

func (l *headerList) parsed() []engine.Header {
	var all []engine.Header
	for _, text := range l.list {
		device, path, _ := strings.Cut(text, "=")
		all = append(all, engine.Header{Device: device, File: path})
	}
	return all
}

// textList is a flag that may be repeated. It implements pflag.SliceValue.
type textList struct{ list []string }

var _ pflag.SliceValue = (*textList)(nil)

func (l *textList) Append(text string) error { l.list = append(l.list, text); return nil }

func (l *textList) Replace(list []string) error { l.list = slices.Clone(list); return nil }

func (l *textList) GetSlice() []string { return slices.Clone(l.list) }

func (l *textList) String() string { return strings.Join(l.list, ",") }

func (l *textList) Type() string { return "stringArray" }

// secretError is an error about a value that must not be shown.
type secretError struct{ error }

func (e *secretError) Unwrap() error { return e.error }

// parseKey reads a value of --key. The secret itself is read when it is needed, and each time it is.
func parseKey(text string) (volume.Key, error) {
	want := errors.New("want DEVICE=file:PATH or DEVICE=env:NAME; a key itself has no place on a command line")
	device, source, _ := strings.Cut(text, "=")
	kind, name, _ := strings.Cut(source, ":")
	if device == "" || name == "" {
		return volume.Key{}, want
	}
	switch kind {
	case "file":
		return volume.Key{Device: device, Secret: func() ([]byte, error) { return readKeyFile(name) }}, nil
	case "env":
		return volume.Key{Device: device, Secret: func() ([]byte, error) {
			secret, ok := os.LookupEnv(name)
			if !ok {
				return nil, fmt.Errorf("environment variable %s is not set", name)
			}
			return []byte(secret), nil
		}}, nil
	}
	return volume.Key{}, want
}

func readKeyFile(path string) (secret []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	secret, err = io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	switch {
	case err != nil:
		return secret, err
	case len(secret) == 0:
		return nil, fmt.Errorf("%s: is empty", path)
	case len(secret) > maxKeyFile:
		return secret, binread.Limit("%s: more than %d bytes", path, maxKeyFile)
	}
	return secret, nil
}
