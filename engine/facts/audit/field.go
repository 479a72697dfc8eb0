package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// operators of -F, longer ones first.
var operators = []string{"!=", ">=", "<=", "&=", "=", ">", "<", "&"}

// ids are the fields whose value is a user or group, where -1 means that there is none.
var ids = []string{"auid", "uid", "euid", "suid", "fsuid", "obj_uid", "gid", "egid", "sgid", "fsgid", "obj_gid", "sessionid"}

// field reads the argument of -F or -C.
func (p *ruleParser) field(text string, compare bool) error {
	f, err := splitField(text)
	if err != nil {
		return err
	}
	f.Compare = compare
	if f.Key == "loginuid" {
		f.Key = "auid"
	}
	if compare {
		p.rule.Fields = append(p.rule.Fields, f)
		return nil
	}
	switch {
	case f.Key == "arch" && f.Op == "=":
		p.rule.Arch = arch(f.Value)
	case f.Key == "path" && f.Op == "=":
		p.setPath(f.Value)
	case f.Key == "dir" && f.Op == "=":
		p.setPath(f.Value)
		p.rule.IsDir = true
	case f.Key == "perm" && f.Op == "=":
		return p.perm(f.Value)
	case f.Key == "key" && f.Op == "=":
		p.rule.Keys = append(p.rule.Keys, f.Value)
	default:
		f.Value = value(f)
		p.rule.Fields = append(p.rule.Fields, f)
	}
	return nil
}

func splitField(text string) (facts.AuditField, error) {
	i := strings.IndexAny(text, "=!<>&")
	if i <= 0 {
		return facts.AuditField{}, fmt.Errorf("%q is no condition", text)
	}
	for _, op := range operators {
		if strings.HasPrefix(text[i:], op) {
			return facts.AuditField{Key: text[:i], Op: op, Value: text[i+len(op):]}, nil
		}
	}
	return facts.AuditField{}, fmt.Errorf("%q has no operator", text)
}

// value writes equal values in one way.
func value(f facts.AuditField) string {
	if !slices.Contains(ids, f.Key) {
		return f.Value
	}
	switch f.Value {
	case "-1", "4294967295", "unset":
		return "unset"
	case "root":
		return "0"
	}
	return f.Value
}

// arch writes the name of a machine as the width it has.
func arch(v string) string {
	switch v {
	case "b64", "x86_64", "aarch64", "ppc64", "ppc64le", "s390x", "ia64", "riscv64":
		return "b64"
	case "b32", "i386", "i486", "i586", "i686", "arm", "armv7l", "ppc", "s390", "riscv32":
		return "b32"
	}
	return v
}
