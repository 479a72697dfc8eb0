package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/engine/facts"
)

// comparePackages compares with dpkg-query. The recording says which packages there are in which state, and the file that
// was written beside the image their versions: the archive goes on after the recording.
func comparePackages(t *testing.T, g *truth) {
	got := get[facts.Packages](t, g, "packages")
	var names, versions []string
	for _, list := range []map[string][]facts.Package{got.Installed, got.Residual} {
		for _, entries := range list {
			for _, p := range entries {
				triple := p.Want + " " + p.Error + " " + p.State
				names = append(names, strings.Join([]string{p.Name, p.Arch, triple}, "\t"))
				versions = append(versions, strings.Join([]string{p.Name, p.Version, p.Arch, triple}, "\t"))
			}
		}
	}
	file := "packages"
	if g.name != "debian12" {
		file += "-" + g.name
	}
	b, err := os.ReadFile(filepath.Join(builtImages, file))
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for line := range strings.Lines(string(b)) {
		want = append(want, strings.Join(strings.Split(strings.TrimSuffix(line, "\n"), "\t")[:4], "\t"))
	}
	slices.Sort(want)
	slices.Sort(versions)
	g.sameLists(t, "package", want, versions)
	want = nil
	for _, line := range g.recorded(t, "packages") {
		f := strings.Split(line, "\t")
		if kernelPackage(f[0]) {
			continue
		}
		want = append(want, strings.Join([]string{f[0], f[2], f[3]}, "\t"))
	}
	names = slices.DeleteFunc(names, kernelPackage)
	slices.Sort(want)
	slices.Sort(names)
	g.sameLists(t, "recorded package", want, names)
}

// kernelPackage reports a package whose name changes with its version.
func kernelPackage(name string) bool { return strings.HasPrefix(name, "linux-image-6.") }

// compareAccounts compares with getent and passwd -S, which look at the files through the C library.
func compareAccounts(t *testing.T, g *truth) {
	users := *get[facts.Users](t, g, "users", facts.Partial)
	groups := *get[facts.Groups](t, g, "groups", facts.Partial)
	answers := g.answers(t, "accounts.txtar")
	var passwd, members []string
	for _, u := range users {
		passwd = append(passwd, fmt.Sprintf("%s:%d:%d:%s:%s:%s", u.Name, u.UID, u.GID, u.Gecos, u.Home, u.Shell))
	}
	for _, one := range groups {
		members = append(members, fmt.Sprintf("%s:%d:%s", one.Name, one.GID, strings.Join(one.Members, ",")))
	}
	g.sameLists(t, "passwd", withoutPassword(answers["passwd"]), passwd)
	g.sameLists(t, "group", withoutPassword(answers["group"]), members)
	ages := map[string]string{}
	for _, line := range answers["shadow"] {
		name, rest, _ := strings.Cut(line, ":hidden:")
		if _, ok := ages[name]; !ok { // the first line of a name counts
			ages[name] = strings.TrimSuffix(rest, ":")
		}
	}
	for i, u := range users {
		g.same(t, "password of "+u.Name, strings.Join(answers["status"][i:i+1], ""), status(u))
		g.same(t, "shadow of "+u.Name, ages[u.Name], days(u.Shadow))
	}
	g.same(t, "users without group", strings.Join(complaints(answers["pwck"], "no group"), " "), orphans(users))
}

// withoutPassword leaves out the second field.
func withoutPassword(lines []string) []string {
	var all []string
	for _, line := range lines {
		f := strings.SplitN(line, ":", 3)
		all = append(all, f[0]+":"+f[2])
	}
	return all
}

// status is the line of passwd -S: name, state, last change, least and greatest age, warning, grace.
func status(u facts.User) string {
	state := map[string]string{
		facts.PasswordHash: "P", facts.PasswordEmpty: "NP", facts.PasswordLocked: "L", facts.PasswordLockedHash: "L", facts.PasswordNone: "L",
	}
	if u.Shadow == nil || u.Shadow.State == facts.PasswordMissing {
		// passwd -S looks at passwd's own field then, and takes all for a password that is not a lock
		return u.Name + " " + map[string]string{"x": "P", "hash": "P", "empty": "NP", "locked": "L"}[u.Password]
	}
	changed := ""
	if d := u.Shadow.LastChange; d != nil {
		changed = time.Unix(*d*86400, 0).UTC().Format(time.DateOnly)
	}
	text := u.Name + " " + state[u.Shadow.State] + " " + changed
	for _, d := range []*int64{u.Shadow.Min, u.Shadow.Max, u.Shadow.Warn, u.Shadow.Inactive} {
		n := int64(-1)
		if d != nil {
			n = *d
		}
		text += " " + strconv.FormatInt(n, 10)
	}
	return text
}

// days are the last fields of a line of shadow(5).
func days(s *facts.Shadowed) string {
	if s == nil || s.State == facts.PasswordMissing {
		return ""
	}
	var fields []string
	for _, d := range []*int64{s.LastChange, s.Min, s.Max, s.Warn, s.Inactive, s.Expire} {
		text := ""
		if d != nil {
			text = strconv.FormatInt(*d, 10)
		}
		fields = append(fields, text)
	}
	return strings.Join(fields, ":")
}

// complaints returns the users of whom pwck says something.
func complaints(lines []string, what string) []string {
	var all []string
	for _, line := range lines {
		if _, rest, ok := strings.Cut(line, "user '"); ok && strings.Contains(rest, what) {
			all = append(all, rest[:strings.Index(rest, "'")])
		}
	}
	return all
}

func orphans(users []facts.User) string {
	var all []string
	for _, u := range users {
		if u.PrimaryGroup == "" {
			all = append(all, u.Name)
		}
	}
	return strings.Join(all, " ")
}
