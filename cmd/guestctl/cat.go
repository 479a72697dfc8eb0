package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/report"
)

const copyBuffer = 1 << 20 // bytes read at a time

func newCatCommand() *cobra.Command {
	var image imageFlags
	cmd := &cobra.Command{
		Use:   "cat IMAGE PATH...",
		Short: "Print files of a guest",
		Long: `Print files of a guest, byte for byte.

On a terminal, control characters are escaped, so that no file can take the terminal over; write to a file or a pipe to get
the bytes as they are.`,
		Args: wantArgs(2, -1, "IMAGE PATH..."),
		RunE: func(cmd *cobra.Command, args []string) error {
			w := cmd.OutOrStdout()
			if f, ok := w.(*os.File); ok && term.IsTerminal(f.Fd()) {
				w = escaping{w}
			}
			return image.inside(cmd.Context(), args[0], func(g *guest.Guest) error {
				var errs []error
				for _, path := range args[1:] {
					errs = append(errs, printFile(cmd.Context(), w, g, path))
				}
				return errors.Join(errs...)
			})
		},
	}
	image.add(cmd)
	completeInside(cmd)
	return cmd
}

func printFile(ctx context.Context, w io.Writer, g *guest.Guest, path string) error {
	f, err := g.Open(path)
	if f == nil {
		return err
	}
	return errors.Join(err, copyFile(ctx, w, f))
}

// copyFile writes the content of f to w. A read error is one about the image, a write error one about the host.
func copyFile(ctx context.Context, w io.Writer, f *guest.File) error {
	buf := make([]byte, min(copyBuffer, f.Size()))
	for off := int64(0); off < f.Size(); {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := f.ReadAt(buf[:min(int64(len(buf)), f.Size()-off)], off)
		if _, writeErr := w.Write(buf[:n]); writeErr != nil {
			return withCode(exitInternal, writeErr)
		}
		if off += int64(n); err != nil && (off < f.Size() || !errors.Is(err, io.EOF)) {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return nil
}

// escaping escapes what could control a terminal.
type escaping struct{ io.Writer }

func (t escaping) Write(p []byte) (int, error) {
	var b strings.Builder
	for i, line := range strings.Split(string(p), "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		for j, cell := range strings.Split(line, "\t") {
			if j > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(report.EscapeText(cell))
		}
	}
	if _, err := io.WriteString(t.Writer, b.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}
