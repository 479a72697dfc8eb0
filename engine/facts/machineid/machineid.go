// Package machineid collects the domain "machine_id": the identity a clone of the image would share.
//
// Sources: /etc/machine-id (machine-id(5)). Where that holds no id, /var/lib/dbus/machine-id counts when it is a file of
// its own, since systemd takes it over at the next boot and a guest without systemd uses it as it is. Ids that a
// hypervisor or the kernel command line would give are not known here.
package machineid

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

const (
	path     = "/etc/machine-id"
	dbusPath = "/var/lib/dbus/machine-id"
	digits   = 32 // hexadecimal
)

// Collector collects the domain "machine_id".
var Collector = facts.New("machine_id", "The machine id, and whether the image has one at all", collect)

func collect(_ context.Context, s *facts.Scope) (*facts.MachineID, error) {
	id, err := read(s, path)
	if err != nil {
		return nil, err
	}
	if id.State == "set" {
		return id, nil
	}
	o, err := s.Lstat(dbusPath)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return id, nil
	case err != nil:
		return nil, err
	case !o.IsRegular():
		return id, nil
	}
	dbus, err := read(s, dbusPath)
	if err != nil {
		return nil, err
	}
	if dbus.State == "set" {
		return dbus, nil
	}
	return id, nil
}

func read(s *facts.Scope, path string) (*facts.MachineID, error) {
	b, err := s.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &facts.MachineID{State: "missing"}, nil
	}
	if err != nil {
		return nil, err
	}
	text := strings.TrimSpace(string(b))
	id := &facts.MachineID{Source: &facts.Source{Path: path, Line: 1, Text: text}}
	switch {
	case text == "":
		id.State = "empty"
	case text == "uninitialized":
		id.State = "uninitialized"
	case valid(text):
		id.State, id.Value = "set", strings.ToLower(text)
	default:
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("%d bytes that are no id, want %d hexadecimal digits", len(b), digits)}
	}
	return id, nil
}

func valid(id string) bool {
	hexadecimal := strings.IndexFunc(id, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) }) < 0
	return len(id) == digits && hexadecimal && strings.Trim(id, "0") != ""
}
