// Package scan collects the domain "scan": one walk over the guest's file systems for what names, modes, owners and extended
// attributes give away.
//
// It skips what a running system puts there (/proc, /sys, /dev, /run), the layers of containers and the snapshots of file
// systems, and names what it skipped. What lies on the disks where a running system mounts something over is looked at for programs
// and deceptive names alone. Owners are looked up in the guest's own passwd and group; accounts of a network service are not known. Of
// the content it reads the first bytes of files in directories for temporary ones.
package scan

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/capability"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
)

// maxList is how many entries of each kind are told.
const maxList = 1000

const worldWritable = 0o002

// Collector collects the domain "scan".
var Collector = facts.New("scan", "World-writable, unowned, privileged files of the whole guest, in one walk", collect)

type walker struct {
	s             *facts.Scope
	out           *facts.Scan
	users, groups ids
	problems      int
	sniffed       int               // files whose first bytes were read
	modules       []facts.ScanEntry // of the kernel, all of them
}

func collect(ctx context.Context, s *facts.Scope) (*facts.Scan, error) {
	w := &walker{s: s, users: readIDs(s, "/etc/passwd"), groups: readIDs(s, "/etc/group"), out: &facts.Scan{
		Complete: true, Counts: map[string]int{}, Skipped: []facts.SkippedTree{},
		WorldWritableFiles: []facts.ScanEntry{}, WorldWritableDirs: []facts.ScanEntry{}, Unowned: []facts.ScanEntry{},
		Ungrouped: []facts.ScanEntry{}, SUID: []facts.ScanEntry{}, SGID: []facts.ScanEntry{},
		Capabilities: []facts.ScanCapability{}, ACLs: []facts.ScanACL{},
		TemporaryPrograms: []facts.ScanProgram{}, DeceptiveNames: []facts.ScanName{}, Flagged: []facts.ScanFlags{},
	}}
	for _, key := range []string{
		"world_writable_files", "world_writable_dirs", "unowned", "ungrouped", "suid", "sgid", "capabilities", "acls",
		"temporary_programs", "deceptive_names", "flagged", "unowned_modules",
	} {
		w.out.Counts[key] = 0
	}
	if err := s.Guest.Walk(ctx, "/", w.visit); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		w.problem("/", err)
	}
	if err := w.covered(ctx); err != nil {
		return nil, err
	}
	return w.out, w.packages(ctx)
}

// problem records what the walk could not see.
func (w *walker) problem(path string, err error) {
	w.out.Complete = false
	if w.problems++; w.problems <= maxList {
		w.s.Problem(path, 0, err)
	}
}

func (w *walker) visit(o guest.Object, err error) error {
	if err != nil {
		w.problem(o.Path, err)
		var pathErr *fs.PathError
		if o.Mode == 0 || errors.As(err, &pathErr) && pathErr.Op == "readdir" {
			return nil // a directory comes a second time when its entries cannot be read
		}
	}
	reason := skipped(o)
	if o.Apart != guest.ApartMounted {
		reason = cmp.Or(reason, o.Apart)
	}
	if reason != "" {
		w.out.Skipped = append(w.out.Skipped, facts.SkippedTree{Path: o.Path, Reason: reason})
		return fs.SkipDir
	}
	w.out.Seen++
	w.mode(o)
	w.owner(o)
	w.attributes(o)
	w.suspect(o)
	return nil
}

func (w *walker) mode(o guest.Object) {
	if o.IsSymlink() {
		return // its mode means nothing
	}
	switch {
	case o.Mode&worldWritable == 0:
	case o.IsDir():
		w.add(&w.out.WorldWritableDirs, "world_writable_dirs", o)
	default:
		w.add(&w.out.WorldWritableFiles, "world_writable_files", o)
	}
	if !o.IsRegular() {
		return
	}
	if o.Mode&filesys.ModeSetUID != 0 {
		w.add(&w.out.SUID, "suid", o)
	}
	if o.Mode&filesys.ModeSetGID != 0 {
		w.add(&w.out.SGID, "sgid", o)
	}
}

func (w *walker) owner(o guest.Object) {
	if w.users != nil && !w.users[o.UID] {
		w.add(&w.out.Unowned, "unowned", o)
	}
	if w.groups != nil && !w.groups[o.GID] {
		w.add(&w.out.Ungrouped, "ungrouped", o)
	}
}

func (w *walker) add(list *[]facts.ScanEntry, key string, o guest.Object) {
	if w.counts(key) {
		*list = append(*list, entry(o))
	}
}

func entry(o guest.Object) facts.ScanEntry {
	return facts.ScanEntry{
		Path: o.Path, Type: filesys.TypeName(o.Mode), Mode: facts.ModeText(o.Mode), UID: o.UID, GID: o.GID,
		Sticky: o.IsDir() && o.Mode&filesys.ModeSticky != 0,
	}
}

// counts counts one entry and reports whether its list has room.
func (w *walker) counts(key string) bool {
	w.out.Counts[key]++
	if w.out.Counts[key] > maxList {
		w.out.Truncated = true
		return false
	}
	return true
}

// attributes reads the extended attributes of what can have the ones that matter: capabilities are those of programs,
// access lists those of files and directories.
func (w *walker) attributes(o guest.Object) {
	if !o.IsRegular() && !o.IsDir() {
		return
	}
	attrs, err := o.Xattrs()
	if err != nil {
		w.problem(o.Path, err)
	}
	if b, ok := attrs[capability.Attr]; ok && o.IsRegular() {
		text, err := capability.Text(b)
		if err != nil {
			w.problem(o.Path, err)
		}
		if err == nil && w.counts("capabilities") {
			w.out.Capabilities = append(w.out.Capabilities, facts.ScanCapability{Path: o.Path, Capabilities: text})
		}
	}
	access, hasAccess := attrs[facts.ACLAttr]
	inherited, hasInherited := attrs[facts.DefaultACLAttr]
	if !hasAccess && !hasInherited {
		return
	}
	acl := facts.ScanACL{Path: o.Path, Access: w.acl(o, access), Default: w.acl(o, inherited)}
	if w.counts("acls") {
		w.out.ACLs = append(w.out.ACLs, acl)
	}
}

func (w *walker) acl(o guest.Object, b []byte) string {
	if b == nil {
		return ""
	}
	text, err := facts.ACLText(b)
	if err != nil {
		w.problem(o.Path, err)
	}
	return text
}

// skips are the directories that are not entered.
var skips = map[string]string{
	"/proc": "runtime", "/sys": "runtime", "/dev": "runtime", "/run": "runtime",
	"/var/lib/docker": "containers", "/var/lib/containers": "containers", "/var/lib/containerd": "containers",
	"/var/lib/lxc": "containers", "/var/lib/lxd": "containers", "/var/lib/incus": "containers", "/var/lib/machines": "containers",
	"/var/lib/kubelet/pods": "containers", "/var/lib/rancher": "containers", "/var/snap/lxd": "containers",
	"/timeshift-btrfs": "snapshots", "/timeshift": "snapshots",
}

func skipped(o guest.Object) string {
	if !o.IsDir() {
		return ""
	}
	if path.Base(o.Path) == ".snapshots" && strings.Count(o.Path, "/") <= 2 { // of snapper, in the root of a file system
		return "snapshots"
	}
	if strings.HasPrefix(o.Path, "/home/") && strings.HasSuffix(o.Path, "/.local/share/containers") && strings.Count(o.Path, "/") == 5 {
		return "containers"
	}
	return skips[o.Path]
}
