// Package users collects the domain "users": the guest's accounts as a list, with duplicates.
//
// Sources: /etc/passwd (passwd(5)) and /etc/shadow (shadow(5)), and /usr/lib/passwd where nsswitch.conf has altfiles;
// the groups, /etc/shells and login.defs say the rest. Of passwords only the state and the method go out. Accounts of a
// network service are not known here: the domain "nsswitch" tells whether there are any.
package users

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	passwdPath = "/etc/passwd"
	altPath    = "/usr/lib/passwd"
	// The range of people's numbers where login.defs says none (login.defs(5)).
	uidMin, uidMax = 1000, 60000
)

// Collector collects the domain "users".
var Collector = facts.New("users", "The accounts of /etc/passwd with their shadow entries and groups", collect,
	"groups", "shells", "login_defs", "nsswitch")

func collect(ctx context.Context, s *facts.Scope) (*facts.Users, error) {
	records, err := s.Records(passwdPath)
	if err != nil {
		return nil, err
	}
	if n, ok := facts.Of[facts.NSSwitch](s, "nsswitch"); ok && slices.Contains((*n)["passwd"], "altfiles") {
		more, err := s.Records(altPath)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.Problem(altPath, 0, err)
		}
		records = append(records, more...)
	}
	shadow, err := readShadow(s)
	if err != nil {
		s.Problem(shadowPath, 0, err)
	}
	c := newContext(s)
	all := facts.Users{}
	for _, r := range records {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if r.NIS() {
			continue
		}
		u, err := parseUser(r)
		if err != nil {
			s.Problem(r.Source.Path, r.Source.Line, err)
			continue
		}
		if shadow != nil {
			u.Shadow = shadow.of(u.Name)
		}
		c.complete(s, &u)
		all = append(all, u)
	}
	return &all, nil
}

func parseUser(r facts.Record) (facts.User, error) {
	if len(r.Fields) < 4 || len(r.Fields) > 7 || r.Fields[0] == "" {
		return facts.User{}, fmt.Errorf("line has %d fields, want 7 that begin with a name", len(r.Fields))
	}
	uid, err := strconv.ParseUint(r.Fields[2], 10, 32)
	if err != nil { // the text stays here: a field too few, and it is a hash
		return facts.User{}, fmt.Errorf("the third field of %q is no uid", r.Fields[0])
	}
	gid, err := strconv.ParseUint(r.Fields[3], 10, 32)
	if err != nil {
		return facts.User{}, fmt.Errorf("the fourth field of %q is no gid", r.Fields[0])
	}
	return facts.User{
		Name: r.Fields[0], UID: uint32(uid), GID: uint32(gid), Gecos: r.Field(4), Home: r.Field(5), Shell: r.Field(6),
		Password: facts.PasswordInPlace(r.Fields[1]), Groups: []string{}, Source: r.Source,
	}, nil
}

// surroundings is what other files say about accounts.
type surroundings struct {
	shells   []string
	min, max uint64
	byGID    map[uint32]string   // the first group of the number
	member   map[string][]string // groups by member
}

func newContext(s *facts.Scope) surroundings {
	// The C library's own list where the guest has no /etc/shells (getusershell(3)).
	c := surroundings{[]string{"/bin/sh", "/bin/csh"}, uidMin, uidMax, map[uint32]string{}, map[string][]string{}}
	if list, ok := facts.Of[facts.Shells](s, "shells"); ok {
		c.shells = *list
	}
	if defs, ok := facts.Of[facts.LoginDefs](s, "login_defs"); ok {
		c.min = number((*defs)["UID_MIN"], c.min)
		c.max = number((*defs)["UID_MAX"], c.max)
	}
	groups, ok := facts.Of[facts.Groups](s, "groups")
	if !ok {
		return c
	}
	for _, g := range *groups {
		if _, ok := c.byGID[g.GID]; !ok {
			c.byGID[g.GID] = g.Name
		}
		for _, m := range g.Members {
			if of := c.member[m]; len(of) == 0 || of[len(of)-1] != g.Name {
				c.member[m] = append(of, g.Name)
			}
		}
	}
	return c
}

// number reads a number as login.defs has it: decimal, octal or hexadecimal.
func number(v *facts.Value[string], otherwise uint64) uint64 {
	if v == nil {
		return otherwise
	}
	n, err := strconv.ParseUint(v.Value, 0, 32)
	if err != nil {
		return otherwise
	}
	return n
}

func (c surroundings) complete(s *facts.Scope, u *facts.User) {
	shell := u.Shell
	if shell == "" {
		shell = "/bin/sh" // what login(1) takes then
	}
	u.ShellValid = slices.Contains(c.shells, shell)
	u.LoginShell = !turnsAway(shell)
	u.Interactive = uint64(u.UID) >= c.min && uint64(u.UID) <= c.max && u.ShellValid && u.LoginShell
	u.PrimaryGroup = c.byGID[u.GID]
	u.Groups = append(u.Groups, c.member[u.Name]...)
	describeHome(s, u)
}

// describeHome describes the user's home. One on a volume that is not there is unknown, and the guest says so itself; it does
// not spoil what is known of all users.
func describeHome(s *facts.Scope, u *facts.User) {
	exists := false
	u.HomeExists = &exists
	if !strings.HasPrefix(u.Home, "/") {
		return
	}
	home, err := s.Stat(u.Home)
	switch {
	case errors.Is(err, guest.ErrUnread):
		u.HomeExists = nil
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid):
	case err != nil:
		u.HomeExists = nil
		s.Problem(u.Home, 0, fmt.Errorf("home of %q: %w", u.Name, err))
	default:
		exists = home.IsDir()
		u.HomeMode = facts.ModeText(home.Mode)
		u.HomeUID = &home.UID
	}
}

// turnsAway reports whether a shell lets nobody in.
func turnsAway(shell string) bool {
	switch path.Base(shell) {
	case "nologin", "false", "true":
		return true
	}
	return false
}
