// Package files collects the domain "files": the paths that the checks asked for.
//
// Sources: the objects themselves, seen through the guest's own links and mounts, and /etc/passwd and /etc/group for the
// names of their owners. What cannot be read of one path is the error of that path alone. Nothing is searched for here:
// patterns are package globs.
package files

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
)

// Collector collects the domain "files".
var Collector = facts.New("files", "Existence, type, mode, owner, digests and matches of the files that checks name", collect).On(guest.Unix, guest.Windows)

// aclName is the extended attribute that holds a POSIX access list (acl(5)).
const aclName = "system.posix_acl_access"

func collect(ctx context.Context, s *facts.Scope) (*facts.Files, error) {
	all := facts.Files{}
	if len(s.Request.Files) == 0 {
		return &all, nil
	}
	var packages index
	owners := s.Owners()
	for _, path := range slices.Sorted(maps.Keys(s.Request.Files)) {
		f, err := describe(s, path)
		if err == nil || damaged(err) {
			f.Owner, f.Group = owners.User(f.UID), owners.Group(f.GID)
			err = errors.Join(err, read(ctx, s, path, s.Request.Files[path], &f))
		}
		if err == nil && s.Request.Files[path].Package {
			f.Package, err = packages.of(ctx, s, f.Resolved)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil && !errors.Is(err, errMissing) {
			f.Error = facts.ProblemText(err)
		}
		all[path] = &f
	}
	return &all, nil
}

// errMissing says that there is nothing to describe, which is no problem.
var errMissing = errors.New("missing")

// describe fills in what the object's inode says. An error of kind binread.ErrChecksum comes with the value.
func describe(s *facts.Scope, path string) (facts.File, error) {
	var f facts.File
	link, linkErr := s.Guest.Lstat(path)
	if linkErr != nil && !damaged(linkErr) {
		return f, absent(linkErr)
	}
	if link.IsSymlink() {
		target, err := link.ReadLink()
		if err != nil && !damaged(err) {
			return f, err
		}
		f.Link = target
	}
	o, err := s.Guest.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && !damaged(err) {
		f.Type = filesys.TypeName(link.Mode)
		return f, errMissing
	}
	if err != nil && !damaged(err) {
		return f, err
	}
	f.Exists, f.Resolved = true, o.Path
	f.Type, f.Mode = filesys.TypeName(o.Mode), facts.ModeText(o.Mode)
	f.UID, f.GID, f.Size = o.UID, o.GID, o.Size
	attrs, attrErr := o.Xattrs()
	_, f.ACL = attrs[aclName]
	if attrErr != nil && !damaged(attrErr) {
		return facts.File{Link: f.Link}, attrErr
	}
	return f, first(linkErr, err, attrErr)
}

// absent turns the error of a path that is not there into errMissing.
func absent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errMissing
	}
	return err
}

func damaged(err error) bool { return errors.Is(err, binread.ErrChecksum) }

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
