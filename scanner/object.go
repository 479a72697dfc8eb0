package scanner

import (
	"crypto"
	_ "crypto/md5"    // the digests that packages and feeds name files by
	_ "crypto/sha1"   //
	_ "crypto/sha256" //
	_ "crypto/sha512" //
	"encoding/hex"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/finding"
)

// Object is a regular file of the guest, or a member of an archive in one, with its content. It is valid while it is scanned.
type Object struct {
	guest.Object // the file of the guest; of a member that of the outermost archive
	// Member is the place inside of archives: "b.tar.gz!/c/d.sh" of a file that is an archive itself, "" for the file.
	Member  string
	Depth   int // 0 for the file, and of a member the number of archives it is in
	Class   Class
	Holds   bool   // files: it is an archive, or has one at its end
	Content []byte // whole; stands in the region Depth of the session's memory
	Account string // name of the user who owns the file, its number when passwd does not have it

	scan   *scan
	outer  *Object // of a member: the file of the guest
	sums   map[crypto.Hash][]byte
	loaded bool // Content is there; without it the sums say what it is
	kept   int  // of the sums, that are in the store
	judged bool // pkg and state are what Shipped says
	pkg    string
	state  finding.Shipped
	whole  bool // it is what was written, as far as checksums tell
}

// FullPath is the path that people see: "/srv/a.zip!/b.sh" for a member.
func (o *Object) FullPath() string {
	return fullPath(o.Path, o.Member)
}

// Name is the last part of the path.
func (o *Object) Name() string { return path.Base(o.FullPath()) }

// Extension is the end of the name from its last dot, in lower case and with the dot; "" where there is none.
func (o *Object) Extension() string { return strings.ToLower(path.Ext(o.Name())) }

// Sum is the digest of the content. Each is computed once.
func (o *Object) Sum(h crypto.Hash) []byte {
	if sum, ok := o.sums[h]; ok {
		return sum
	}
	d := h.New()
	d.Write(o.Content)
	if o.sums == nil {
		o.sums = map[crypto.Hash][]byte{}
	}
	o.sums[h] = d.Sum(nil)
	return o.sums[h]
}

// SHA256 is the digest that names the content everywhere, in hexadecimal digits.
func (o *Object) SHA256() string { return hex.EncodeToString(o.Sum(crypto.SHA256)) }

// Shipped says which package owns the file, and whether its content is what that package shipped. Members of archives are as
// their file is.
func (o *Object) Shipped() (pkg string, state finding.Shipped) { return o.scan.shipped(o) }
