package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/report"
)

// finder is one run of find.
type finder struct {
	types  []string
	name   string
	long   bool
	sha256 bool
	null   bool

	g   *guest.Guest
	w   *bufio.Writer
	buf []byte
}

func findTypes() []string {
	return []string{"file", "dir", "symlink", "block", "char", "fifo", "socket"}
}

func newFindCommand() *cobra.Command {
	var f finder
	var image imageFlags
	cmd := &cobra.Command{
		Use:   "find IMAGE [PATH]",
		Short: "List everything below a directory of a guest",
		Example: `  guestctl find disk.qcow2 /etc --name '*.conf'
  guestctl find disk.qcow2 / --type file --sha256`,
		Args: wantArgs(1, 2, "IMAGE [PATH]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			return image.inside(cmd.Context(), args[0], func(g *guest.Guest) error {
				f.g, f.w = g, bufio.NewWriterSize(cmd.OutOrStdout(), 64<<10)
				return errors.Join(f.find(cmd.Context(), pathArgument(args)), withCode(exitInternal, f.w.Flush()))
			})
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.types, "type", nil, "only objects of these `TYPES`, separated by commas: "+strings.Join(findTypes(), ", "))
	flags.StringVar(&f.name, "name", "", "only names that match this `PATTERN`, with * ? and [ ]")
	flags.BoolVarP(&f.long, "long", "l", false, "with type, mode, links, owner, group, size and time")
	flags.BoolVar(&f.sha256, "sha256", false, "only regular files, each after the SHA-256 of its content, as sha256sum prints it")
	flags.BoolVarP(&f.null, "null", "0", false, "end each path with a zero byte and escape nothing")
	cmd.MarkFlagsMutuallyExclusive("long", "sha256")
	cmd.MarkFlagsMutuallyExclusive("long", "null")
	image.add(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"type": carapace.ActionValues(findTypes()...).UniqueList(",")})
	completeInside(cmd)
	return cmd
}

func (f *finder) check() error {
	for _, t := range f.types {
		if !slices.Contains(findTypes(), t) {
			return fmt.Errorf("--type %q, want some of %s", t, strings.Join(findTypes(), ", "))
		}
	}
	if _, err := path.Match(f.name, ""); err != nil {
		return fmt.Errorf("--name %q: %w", f.name, err)
	}
	return nil
}

// find walks the tree. What could not be read is told at the end and does not stop the walk.
func (f *finder) find(ctx context.Context, root string) error {
	var unread unreadList
	err := f.g.Walk(ctx, root, func(o guest.Object, err error) error {
		unread.add(err)
		if o.Mode == 0 || !f.wants(o) {
			return nil
		}
		readErr, writeErr := f.print(ctx, o)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		unread.add(readErr)
		return withCode(exitInternal, writeErr)
	})
	return errors.Join(err, unread.err())
}

// maxUnread is how many errors of a walk are told one by one.
const maxUnread = 100

// unreadList gathers what a walk could not read: a volume that is not to be believed once, and many errors as a number.
type unreadList struct {
	errs    []error
	more    int
	tainted map[string]bool // by device
}

func (u *unreadList) add(err error) {
	if err == nil {
		return
	}
	if t, ok := guest.TaintOf(err); ok {
		if u.tainted[t.Device] {
			return
		}
		if u.tainted == nil {
			u.tainted = map[string]bool{}
		}
		u.tainted[t.Device], err = true, t
	}
	if len(u.errs) == maxUnread {
		u.more++
		return
	}
	u.errs = append(u.errs, err)
}

func (u *unreadList) err() error {
	if u.more > 0 {
		return errors.Join(append(u.errs, fmt.Errorf("and %d more", u.more))...)
	}
	return errors.Join(u.errs...)
}

func (f *finder) wants(o guest.Object) bool {
	if f.sha256 && !o.IsRegular() {
		return false
	}
	if len(f.types) > 0 && !slices.Contains(f.types, filesys.TypeName(o.Mode)) {
		return false
	}
	if f.name == "" {
		return true
	}
	ok, err := path.Match(f.name, path.Base(o.Path))
	return ok && err == nil
}

func (f *finder) print(ctx context.Context, o guest.Object) (readErr, writeErr error) {
	line := o.Path
	switch {
	case f.long:
		line, readErr = longLine(o, o.Path)
	case !f.null:
		line = report.Escape(line)
	}
	if f.sha256 {
		sum, err := f.digest(ctx, o)
		if err != nil {
			return err, nil
		}
		if line != o.Path {
			sum = `\` + sum // as sha256sum marks an escaped name
		}
		line = sum + "  " + line
	}
	end := byte('\n')
	if f.null {
		end = 0
	}
	_, err := f.w.WriteString(line)
	return readErr, errors.Join(err, f.w.WriteByte(end))
}

func (f *finder) digest(ctx context.Context, o guest.Object) (string, error) {
	file, err := o.Open()
	if err != nil {
		return "", err
	}
	if f.buf == nil {
		f.buf = make([]byte, copyBuffer)
	}
	h := sha256.New()
	if _, err := io.CopyBuffer(struct{ io.Writer }{h}, &contextReader{ctx, io.NewSectionReader(file, 0, file.Size())}, f.buf); err != nil {
		return "", fmt.Errorf("%s: %w", o.Path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// contextReader ends a long read when the context does.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
