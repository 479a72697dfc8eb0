package imagestate

import (
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

// caches are directories with what a package manager can fetch again, and how the names of such files end.
var caches = []struct{ dir, suffix string }{
	{"/var/cache/apk", ""},
	{"/var/cache/apt/archives", ".deb"},
	{"/var/cache/dnf", ""},
	{"/var/cache/libdnf5", ""},
	{"/var/cache/pacman/pkg", ""},
	{"/var/cache/yum", ""},
	{"/var/cache/zypp", ""},
	{"/var/lib/apt/lists", ""},
}

// caches returns the directories with at least one such file.
func (r *reader) caches() []facts.PackageCache {
	all := []facts.PackageCache{}
	for _, c := range caches {
		one := facts.PackageCache{Path: c.dir}
		r.walk(c.dir, func(name string, o guest.Object) {
			if o.IsRegular() && strings.HasSuffix(name, c.suffix) && path.Base(name) != "lock" {
				one.Files++
				one.Bytes += o.Size
			}
		})
		if one.Files > 0 {
			all = append(all, one)
		}
	}
	return all
}
