package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/report"
)

func newLsCommand() *cobra.Command {
	var long bool
	var image imageFlags
	cmd := &cobra.Command{
		Use:   "ls IMAGE [PATH]",
		Short: "List a directory of a guest",
		Args:  wantArgs(1, 2, "IMAGE [PATH]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return image.inside(cmd.Context(), args[0], func(g *guest.Guest) error {
				w := bufio.NewWriter(cmd.OutOrStdout())
				return errors.Join(list(w, g, pathArgument(args), long), withCode(exitInternal, w.Flush()))
			})
		},
	}
	cmd.Flags().BoolVarP(&long, "long", "l", false, "with type, mode, links, owner, group, size and time")
	image.add(cmd)
	completeInside(cmd)
	return cmd
}

// pathArgument is the path inside the guest that the second argument names; the root without one.
func pathArgument(args []string) string {
	if len(args) < 2 {
		return "/"
	}
	return args[1]
}

func list(w io.Writer, g *guest.Guest, dir string, long bool) error {
	o, err := g.Stat(dir)
	if err != nil && o.Mode == 0 {
		return err
	}
	if !o.IsDir() {
		return errors.Join(err, printName(w, g, dir, dir, long))
	}
	entries, readErr := g.ReadDir(dir)
	errs := []error{errors.Join(err, readErr)}
	for _, e := range entries {
		errs = append(errs, printName(w, g, dir+"/"+e.Name, e.Name, long))
	}
	return errors.Join(errs...)
}

// printName prints one name, and for a long listing what is at its path.
func printName(w io.Writer, g *guest.Guest, at, name string, long bool) error {
	if !long {
		_, err := fmt.Fprintln(w, report.Escape(name))
		return withCode(exitInternal, err)
	}
	o, err := g.Lstat(at)
	if err != nil && o.Mode == 0 {
		return err
	}
	line, linkErr := longLine(o, name)
	_, writeErr := fmt.Fprintln(w, line)
	return errors.Join(errors.Join(err, linkErr), withCode(exitInternal, writeErr))
}

// longLine describes an object as ls -l does, with times in UTC. Owners are numbers, or accounts of Windows.
func longLine(o guest.Object, name string) (string, error) {
	size := strconv.FormatInt(o.Size, 10)
	if o.IsDevice() {
		size = fmt.Sprintf("%d,%d", o.Major, o.Minor)
	}
	owner, group, err := ownersOf(o)
	line := fmt.Sprintf("%s %3d %5s %5s %10s %s %s", modeString(o.Mode), o.Links, owner, group, size,
		o.Modify.UTC().Format("2006-01-02T15:04:05Z"), report.Escape(name))
	if !o.IsSymlink() {
		return line, err
	}
	target, linkErr := o.ReadLink()
	return line + " -> " + report.Escape(target), errors.Join(err, linkErr)
}

// ownersOf is to whom an object belongs, by number, or where its file system has no numbers, by name or security identifier.
func ownersOf(o guest.Object) (owner, group string, err error) {
	owner, group = strconv.FormatUint(uint64(o.UID), 10), strconv.FormatUint(uint64(o.GID), 10)
	s, err := o.Security()
	if s.Owner != "" {
		owner = filesys.AccountName(s.Owner)
	}
	if s.Group != "" {
		group = filesys.AccountName(s.Group)
	}
	return owner, group, err
}

// modeString writes a mode as ls -l does.
func modeString(mode uint32) string {
	b := []byte("?rwxrwxrwx")
	switch mode & filesys.ModeType {
	case filesys.ModeSocket:
		b[0] = 's'
	case filesys.ModeSymlink:
		b[0] = 'l'
	case filesys.ModeRegular:
		b[0] = '-'
	case filesys.ModeBlock:
		b[0] = 'b'
	case filesys.ModeDir:
		b[0] = 'd'
	case filesys.ModeChar:
		b[0] = 'c'
	case filesys.ModeFIFO:
		b[0] = 'p'
	}
	for i := range 9 {
		if mode>>(8-i)&1 == 0 {
			b[1+i] = '-'
		}
	}
	special(b, 3, mode&filesys.ModeSetUID != 0, 's')
	special(b, 6, mode&filesys.ModeSetGID != 0, 's')
	special(b, 9, mode&filesys.ModeSticky != 0, 't')
	return string(b)
}

// special marks a bit beside the permissions: in capitals where the execute bit it stands on is not set.
func special(b []byte, at int, set bool, mark byte) {
	switch {
	case set && b[at] == '-':
		b[at] = mark - 'a' + 'A'
	case set:
		b[at] = mark
	}
}
