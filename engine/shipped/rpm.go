package shipped

import (
	"context"

	"github.com/guestctl/guestctl/engine/capability"
	"github.com/guestctl/guestctl/engine/rpmdb"
)

// rpm reads the headers of the database in use. Files that were left out, that another package took over or that are of the other
// architecture of two are not added, as rpm -V has it. Attributes that a package does not want verified (%verify) are left out, but
// for the digest.
func rpm(ctx context.Context, l *loader) (bool, error) {
	paths, errs := rpmdb.Find(l.Guest())
	for _, err := range errs {
		l.Problem("", err)
	}
	if len(paths) == 0 {
		return false, nil
	}
	db := paths[0]
	problems, err := rpmdb.Read(ctx, l.Guest(), db, func(h *rpmdb.Header) error {
		files, problems, err := h.FilesInFull()
		for _, err := range problems {
			l.Problem(db, err)
		}
		if err != nil {
			l.Problem(db, err)
			return nil
		}
		if len(files) > 0 {
			rpmSeal(l, db, h)
		}
		for i := range files {
			if !files[i].Installed {
				continue
			}
			f, err := rpmFile(&files[i])
			if err != nil {
				l.Problem(db, err)
			}
			f.Package, f.Manager, f.Source = h.Name, l.manager, Source{Path: db}
			if err := l.add(f); err != nil {
				return err
			}
		}
		return nil
	})
	for _, err := range problems {
		l.Problem(db, err)
	}
	return true, err
}

// rpmSeal tells of headers that are not as they were when rpm installed the package.
func rpmSeal(l *loader, db string, h *rpmdb.Header) {
	sealed, err := h.CheckSeal()
	switch {
	case err != nil:
		l.weakness(Rewritten, db, err.Error())
	case !sealed:
		l.weakness(NoDigests, db, "package "+h.Name+" has no digest of its header: nothing tells whether that was changed")
	}
}

// rpmFile takes over what rpm -V would look at (rpm 4.18, lib/verify.c). The error is that of capabilities that cannot be read.
func rpmFile(in *rpmdb.FileInFull) (f File, err error) {
	wanted := func(v rpmdb.Verify) bool { return in.Verify&v != 0 }
	ghost := in.Flags&rpmdb.Ghost != 0
	f = File{Path: in.Path, Config: in.Flags&rpmdb.Config != 0, Optional: in.Flags&rpmdb.MissingOK != 0, Generated: ghost}
	mode := uint32(0)
	if in.Mode != nil {
		mode = *in.Mode
		f.Type = mode & typeBits
	}
	if wanted(rpmdb.VerifyMode) && in.Mode != nil && f.Type != typeLink {
		f.Mode = new(mode & modeBits)
	}
	if wanted(rpmdb.VerifyUser) && in.User != nil {
		f.User = *in.User
	}
	if wanted(rpmdb.VerifyGroup) && in.Group != nil {
		f.Group = *in.Group
	}
	if ghost { // it may be of another type and content than the package's
		f.Type = 0
		return f, nil
	}
	if f.Type == typeLink && wanted(rpmdb.VerifyLink) {
		f.Target = in.Target
	}
	if f.Type != typeRegular && in.Mode != nil {
		return f, nil
	}
	f.Hash, f.Digest, f.Varies = in.Hash, in.Digest, !wanted(rpmdb.VerifyDigest)
	if wanted(rpmdb.VerifySize) {
		f.Size = in.Size
	}
	if wanted(rpmdb.VerifyCapabilities) && in.Mode != nil {
		f.Capabilities, err = rpmCapabilities(in.Capabilities)
	}
	return f, err
}

// rpmCapabilities returns what a package gives a file. One none of whose files has capabilities does not mention them.
func rpmCapabilities(text *string) (*string, error) {
	if text == nil || *text == "" {
		return new(""), nil
	}
	canonical, err := capability.Canonical(*text)
	if err != nil {
		return nil, err
	}
	if canonical == "=" {
		canonical = ""
	}
	return &canonical, nil
}
