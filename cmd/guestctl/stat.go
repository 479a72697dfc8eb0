package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/report"
)

// statDocument is what stat prints.
type statDocument struct {
	Path     string            `json:"path"`
	Resolved string            `json:"resolved"`
	Device   string            `json:"device"`
	Inode    uint64            `json:"inode"`
	Type     string            `json:"type"`
	Link     string            `json:"link,omitempty"`
	Mode     string            `json:"mode"`
	UID      uint32            `json:"uid"`
	GID      uint32            `json:"gid"`
	Security *statSecurity     `json:"security,omitempty"`
	Links    uint32            `json:"links"`
	Size     int64             `json:"size"`
	Numbers  string            `json:"numbers,omitempty"` // major,minor of a device node
	Access   string            `json:"atime"`
	Modify   string            `json:"mtime"`
	Change   string            `json:"ctime"`
	Birth    string            `json:"btime,omitempty"`
	Flags    []string          `json:"flags,omitempty"`
	Xattrs   map[string]string `json:"xattrs,omitempty"` // text as it is, other values as "0x…"
	Streams  []statStream      `json:"streams,omitempty"`
}

// statStream is content that an object has beside its own.
type statStream struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
}

func newStatCommand() *cobra.Command {
	var format string
	var follow bool
	var image imageFlags
	writers := map[string]func(io.Writer, statDocument) error{
		"text": statText,
		"json": func(w io.Writer, d statDocument) error { return report.WriteJSON(w, d) },
		"yaml": func(w io.Writer, d statDocument) error { return report.WriteYAML(w, d) },
	}
	cmd := &cobra.Command{
		Use:   "stat IMAGE PATH...",
		Short: "Describe objects of a guest: type, mode, owner, times, extended attributes",
		Args:  wantArgs(2, -1, "IMAGE PATH..."),
		RunE: func(cmd *cobra.Command, args []string) error {
			write, ok := writers[format]
			if !ok {
				return fmt.Errorf("no format %q, want text, json or yaml", format)
			}
			return image.inside(cmd.Context(), args[0], func(g *guest.Guest) error {
				var errs []error
				for _, path := range args[1:] {
					d, err := statOf(g, path, follow)
					if d.Type != "" {
						err = errors.Join(err, withCode(exitInternal, write(cmd.OutOrStdout(), d)))
					}
					errs = append(errs, err)
				}
				return errors.Join(errs...)
			})
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "how to write it: text, json, yaml")
	cmd.Flags().BoolVarP(&follow, "follow", "L", false, "describe what a link leads to")
	image.add(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"format": carapace.ActionValues("text", "json", "yaml")})
	completeInside(cmd)
	return cmd
}

func statOf(g *guest.Guest, path string, follow bool) (statDocument, error) {
	stat := g.Lstat
	if follow {
		stat = g.Stat
	}
	o, err := stat(path)
	if err != nil && o.Mode == 0 {
		return statDocument{}, err
	}
	d := statDocument{
		Path: path, Resolved: o.Path, Device: o.Device, Inode: uint64(o.Node), Type: filesys.TypeName(o.Mode),
		Mode: fmt.Sprintf("%04o", o.Mode&0o7777), UID: o.UID, GID: o.GID, Links: o.Links, Size: o.Size,
		Access: stamp(o.Access), Modify: stamp(o.Modify), Change: stamp(o.Change), Flags: o.Flags,
	}
	if !o.Birth.IsZero() {
		d.Birth = stamp(o.Birth)
	}
	if o.IsDevice() {
		d.Numbers = fmt.Sprintf("%d,%d", o.Major, o.Minor)
	}
	var linkErr error
	if o.IsSymlink() {
		d.Link, linkErr = o.ReadLink()
	}
	securityErr := d.secure(o)
	streams, streamsErr := o.Streams()
	for _, s := range streams {
		d.Streams = append(d.Streams, statStream{strings.TrimPrefix(s.Path, o.Path+":"), s.Size})
	}
	attrs, attrErr := o.Xattrs()
	for name, value := range attrs {
		if d.Xattrs == nil {
			d.Xattrs = map[string]string{}
		}
		d.Xattrs[name] = xattrText(value)
	}
	return d, errors.Join(err, linkErr, securityErr, streamsErr, attrErr)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// xattrText writes a value as text where it is text, the final zero byte of security labels left out.
func xattrText(value []byte) string {
	s := strings.TrimSuffix(string(value), "\x00")
	if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return s
	}
	return "0x" + hex.EncodeToString(value)
}

func statText(w io.Writer, d statDocument) error {
	name := report.Escape(d.Path)
	if d.Link != "" {
		name += " -> " + report.Escape(d.Link)
	}
	lines := [][2]string{
		{"path", name},
		{"type", d.Type},
		{"mode", d.Mode},
		{"owner", d.owner()},
		{"size", strconv.FormatInt(d.Size, 10)},
		{"numbers", d.Numbers},
		{"links", strconv.FormatUint(uint64(d.Links), 10)},
		{"inode", fmt.Sprintf("%d on %s", d.Inode, d.Device)},
		{"accessed", d.Access},
		{"modified", d.Modify},
		{"changed", d.Change},
		{"born", d.Birth},
		{"flags", strings.Join(d.Flags, " ")},
	}
	if d.Resolved != d.Path {
		lines = append(lines, [2]string{"resolved", report.Escape(d.Resolved)})
	}
	lines = append(lines, d.Security.lines()...)
	for _, s := range d.Streams {
		lines = append(lines, [2]string{"stream", fmt.Sprintf("%s, %d bytes", report.Escape(s.Name), s.Size)})
	}
	for _, name := range slices.Sorted(maps.Keys(d.Xattrs)) {
		lines = append(lines, [2]string{"xattr", report.Escape(name) + " = " + report.Escape(d.Xattrs[name])})
	}
	var b strings.Builder
	for _, l := range lines {
		if l[1] != "" {
			fmt.Fprintf(&b, "%-9s %s\n", l[0], l[1])
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
