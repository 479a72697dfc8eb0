package policy

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

const (
	domainUsers  = "users"
	domainGroups = "groups"
	domainNIS    = "nis"
)

// account is one entry of the list of users that are allowed: a name, or user ids.
type account struct {
	name string
	uid  *constraint
}

// allowedUsers reads names and { uid = "<1000" }. One check is made of the list: it tells every account that is not in it.
func allowedUsers(c *compiler, n *node) {
	v, o, ok := c.shortOrLong(n, "users")
	if !ok {
		return
	}
	before := c.failures
	var allowed []account
	if !c.wantKind(v, kindList) {
		return
	}
	for _, item := range v.list {
		allowed = append(allowed, c.account(item))
	}
	if c.failures > before {
		return
	}
	c.add(n, Check{
		ID: n.path, Title: "Only allowed accounts exist", Severity: finding.High,
		Needs: facts.Request{Domains: []string{domainUsers, domainNIS}}, Absent: []string{domainNIS},
		Eval: func(doc *facts.Document) Outcome {
			return judgeUsers(doc, "only allowed accounts", "all are allowed", func(u facts.User) (string, error) {
				ok, err := false, error(nil)
				for _, a := range allowed {
					one, e := a.is(u)
					ok, err = ok || one, firstError(err, e)
				}
				if ok || err != nil {
					return "", err
				}
				return fmt.Sprintf("uid %d, shell %s", u.UID, u.Shell), nil
			})
		},
	}, o)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *compiler) account(n *node) account {
	if n.table == nil {
		if n.kind() != kindString {
			c.fail(n.at, "%s is %s, want a name or { uid = \"<1000\" }", n.describe(), n.kind())
			return account{}
		}
		return account{name: c.text(n)}
	}
	a := account{}
	for _, name := range n.keys {
		switch v := n.table[name]; {
		case name == "name":
			a.name = c.text(v)
		case name == "uid" && v.kind() == kindInteger:
			a.uid = c.uids(v, fmt.Sprint(v.value))
		case name == "uid":
			a.uid = c.uids(v, c.text(v))
		case !free(name):
			c.unknownKey(v, []string{"name", "uid"})
		}
	}
	if a.name == "" && a.uid == nil {
		c.fail(n.at, "%s names no account, want a name or a uid", n.describe())
	}
	return a
}

// uids reads a set of user ids.
func (c *compiler) uids(n *node, text string) *constraint {
	want, err := parseConstraint(text)
	if err == nil {
		for _, t := range want.terms {
			if _, wrong := strconv.ParseUint(t.version, 10, 32); wrong != nil {
				err = fmt.Errorf("%q is no user id", t.version)
			}
		}
	}
	if err != nil && text != "" {
		c.fail(n.at, "%s: %v", n.path, err)
	}
	return &want
}

func (a account) is(u facts.User) (bool, error) {
	if a.name != "" && a.name != u.Name {
		return false, nil
	}
	if a.uid == nil {
		return true, nil
	}
	return a.uid.holds(strconv.FormatUint(uint64(u.UID), 10), releaseOrder)
}

// judgeUsers asks of every account what is wrong with it. An error is one of which it is not known.
func judgeUsers(doc *facts.Document, want, good string, wrong func(facts.User) (string, error)) Outcome {
	users, ok := facts.Get[facts.Users](doc, domainUsers)
	if !ok {
		return unknown("the accounts were not collected")
	}
	o := Outcome{Status: finding.Pass, Expected: want, Actual: good, Message: good}
	var bad []string
	unclear := error(nil)
	for _, u := range *users {
		why, err := wrong(u)
		unclear = firstError(unclear, err)
		if why != "" {
			bad = append(bad, u.Name)
			o.Where = append(o.Where, location(u.Source, u.Name+": "+why))
		}
	}
	if nis, ok := facts.Get[facts.NIS](doc, domainNIS); ok && want == "only allowed accounts" {
		for _, e := range *nis {
			if strings.HasPrefix(e.Name, "+") {
				bad = append(bad, e.Name)
				o.Where = append(o.Where, location(e.Source, "takes in accounts of a network service"))
			}
		}
	}
	switch {
	case len(bad) > 0:
		o.Status, o.Actual = finding.Fail, strings.Join(bad, ", ")
		o.Message = fmt.Sprintf("want %s, is %s", want, o.Actual)
		o.Where = o.Where[:min(len(o.Where), maxShown)]
	case unclear != nil:
		return unknown(unclear.Error())
	}
	return o
}

// userFlag reads true or false for what either holds for all accounts or does not.
func userFlag(title, want, good string, wrong func(facts.User) (string, error)) func(*compiler, *node) {
	return func(c *compiler, n *node) {
		v, o, ok := c.shortOrLong(n, "equals")
		if !ok || !c.wantKind(v, kindBoolean) || c.refuseFalse(v) {
			return
		}
		c.add(n, Check{
			ID: n.path, Title: title, Severity: finding.High, Needs: facts.Request{Domains: []string{domainUsers}},
			Eval: func(doc *facts.Document) Outcome {
				out := judgeUsers(doc, want, good, wrong)
				if out.Status == finding.Fail {
					out.Fix = userFix(n.name, out)
				}
				return out
			},
		}, o)
	}
}

func userFix(key string, o Outcome) string {
	first, _, _ := strings.Cut(o.Actual, ", ")
	if !plainName.MatchString(first) {
		return ""
	}
	return map[string]string{
		"uid0_only_root":     "give " + first + " a user id of its own: usermod -u UID " + first,
		"no_empty_passwords": "passwd -l " + first,
		"root_locked":        "passwd -l root",
	}[key]
}

func uidZero(u facts.User) (string, error) {
	if u.UID == 0 && u.Name != "root" {
		return "has user id 0", nil
	}
	return "", nil
}

// password says how the password of a user is kept: one of the Password constants of package facts.
func password(u facts.User) (string, error) {
	switch {
	case u.Password == "empty" || u.Password == "hash" || u.Password == facts.PasswordLocked:
		return u.Password, nil
	case u.Shadow == nil:
		return "", fmt.Errorf("the shadow entry of %s could not be read", u.Name)
	}
	return u.Shadow.State, nil
}

func emptyPassword(u facts.User) (string, error) {
	state, err := password(u)
	if state == facts.PasswordEmpty {
		return "logs in without a password", nil
	}
	return "", err
}

func rootUnlocked(u facts.User) (string, error) {
	if u.Name != "root" && u.UID != 0 { // another name of the same user lets in as well
		return "", nil
	}
	state, err := password(u)
	if state == facts.PasswordHash || state == facts.PasswordEmpty {
		return "password is not locked (" + state + ")", nil
	}
	return "", err
}
