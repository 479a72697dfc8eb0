package rego

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/topdown/builtins"
	"github.com/open-policy-agent/opa/v1/types"

	"github.com/guestctl/guestctl/internal/version"
)

// functions are what policies have beside the functions of OPA: loops over many files and the order of versions, in Go.
func functions() []*topdown.Builtin {
	return []*topdown.Builtin{
		{
			Decl: &ast.Builtin{
				Name: "guest.offenders",
				Description: "Returns a finding for each file whose mode, owner or group is not as wanted: want is an object with mode " +
					"(no bit may be set beside these octal digits), owner and group (lists of names). What does not exist and links are passed over.",
				Decl: types.NewFunction(
					types.Args(types.Named("files", types.A), types.Named("want", types.NewObject(nil, types.NewDynamicProperty(types.S, types.A)))),
					types.Named("findings", types.NewArray(nil, types.NewObject(nil, types.NewDynamicProperty(types.S, types.A)))),
				),
			},
			Func: offenders,
		},
		{
			Decl: &ast.Builtin{
				Name:        "guest.version_compare",
				Description: "Returns -1, 0 or 1: the order of two versions as a package manager has it (dpkg, rpm, apk or pacman).",
				Decl: types.NewFunction(
					types.Args(types.Named("manager", types.S), types.Named("a", types.S), types.Named("b", types.S)),
					types.Named("order", types.N),
				),
			},
			Func: versionCompare,
		},
	}
}

// object is a file of the facts: an entry of "files", which has its path as its key, or of a list, which has it inside.
type object struct {
	path               string
	mode, owner, group string
	uid, gid           string
}

// wish is what guest.offenders wants of every file.
type wish struct {
	mode          uint64
	hasMode       bool
	owners, group []string
}

func offenders(_ topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
	want, err := wishOf(operands[1].Value)
	if err != nil {
		return err
	}
	var found []*ast.Term
	err = eachFile("", operands[0].Value, func(o object) error {
		f, bad, err := want.judge(o)
		if bad {
			found = append(found, f)
		}
		return err
	})
	if err != nil {
		return err
	}
	return iter(ast.ArrayTerm(found...))
}

// eachFile calls visit for the files in an object of paths, a list, a set, or patterns with their files.
func eachFile(path string, v ast.Value, visit func(object) error) error {
	switch v := v.(type) {
	case *ast.Array:
		return v.Iter(func(t *ast.Term) error { return eachFile("", t.Value, visit) })
	case ast.Set:
		return v.Iter(func(t *ast.Term) error { return eachFile("", t.Value, visit) })
	case ast.Object:
		if own := v.Get(ast.StringTerm("path")); own != nil {
			path = textOf(own.Value)
		}
		if v.Get(ast.StringTerm("mode")) != nil || v.Get(ast.StringTerm("exists")) != nil {
			return visitFile(path, v, visit)
		}
		if files := v.Get(ast.StringTerm("files")); files != nil {
			return eachFile("", files.Value, visit)
		}
		return v.Iter(func(k, t *ast.Term) error { return eachFile(textOf(k.Value), t.Value, visit) })
	}
	return fmt.Errorf("guest.offenders: %s is no file", ast.ValueName(v))
}

func visitFile(path string, v ast.Object, visit func(object) error) error {
	get := func(key string) string {
		if t := v.Get(ast.StringTerm(key)); t != nil {
			return textOf(t.Value)
		}
		return ""
	}
	if exists := v.Get(ast.StringTerm("exists")); exists != nil && exists.Value.Compare(ast.Boolean(true)) != 0 || get("type") == "symlink" {
		return nil
	}
	o := object{path, get("mode"), get("owner"), get("group"), get("uid"), get("gid")}
	if o.path == "" || o.mode == "" || o.uid == "" || o.gid == "" {
		return fmt.Errorf("guest.offenders: the facts do not tell the mode and owner of %s", o.path)
	}
	return visit(o)
}

func wishOf(v ast.Value) (wish, error) {
	var w wish
	o, err := builtins.ObjectOperand(v, 2)
	if err != nil {
		return w, err
	}
	err = o.Iter(func(k, t *ast.Term) error {
		switch key := textOf(k.Value); key {
		case "mode":
			n, err := strconv.ParseUint(textOf(t.Value), 8, 12)
			if err != nil {
				return fmt.Errorf("guest.offenders: mode %s, want octal digits", t.Value)
			}
			w.mode, w.hasMode = n, true
		case "owner":
			w.owners = names(t.Value)
		case "group":
			w.group = names(t.Value)
		default:
			return fmt.Errorf("guest.offenders: unknown wish %s, want mode, owner or group", key)
		}
		return nil
	})
	return w, err
}

func names(v ast.Value) []string {
	var list []string
	switch v := v.(type) {
	case *ast.Array:
		v.Foreach(func(t *ast.Term) { list = append(list, textOf(t.Value)) })
	case ast.Set:
		for _, t := range v.Slice() {
			list = append(list, textOf(t.Value))
		}
	default:
		list = []string{textOf(v)}
	}
	return list
}

// judge returns the finding about a file that is not as wanted.
func (w wish) judge(o object) (*ast.Term, bool, error) {
	var wrong, expected, fixes []string
	if w.hasMode {
		mode, err := strconv.ParseUint(o.mode, 8, 12)
		if err != nil {
			return nil, false, fmt.Errorf("guest.offenders: mode %q of %s", o.mode, o.path)
		}
		expected = append(expected, fmt.Sprintf("mode %04o or stricter", w.mode))
		if mode&^w.mode != 0 {
			wrong = append(wrong, "mode "+o.mode)
			fixes = append(fixes, fmt.Sprintf("chmod %04o %s", mode&w.mode, quote(o.path)))
		}
	}
	who := func(what, command, name, id string, allowed []string) {
		if len(allowed) == 0 {
			return
		}
		expected = append(expected, what+" "+strings.Join(allowed, " or "))
		if !slices.ContainsFunc(allowed, func(a string) bool { return is(a, name, id) }) {
			if name == "" || slices.Contains(allowed, name) {
				name = id
			}
			wrong = append(wrong, what+" "+name)
			fixes = append(fixes, command+" "+allowed[0]+" "+quote(o.path))
		}
	}
	who("owner", "chown", o.owner, o.uid, w.owners)
	who("group", "chgrp", o.group, o.gid, w.group)
	if len(wrong) == 0 {
		return nil, false, nil
	}
	is, want := strings.Join(wrong, ", "), strings.Join(expected, ", ")
	return ast.ObjectTerm(
		ast.Item(ast.StringTerm("msg"), ast.StringTerm(fmt.Sprintf("%s has %s, want %s", o.path, is, want))),
		ast.Item(ast.StringTerm("actual"), ast.StringTerm(o.path+" "+is)),
		ast.Item(ast.StringTerm("expected"), ast.StringTerm(want)),
		ast.Item(ast.StringTerm("fix"), ast.StringTerm(strings.Join(fixes, " && "))),
		ast.Item(ast.StringTerm("key"), ast.StringTerm(o.path)),
		ast.Item(ast.StringTerm("evidence"), ast.ArrayTerm(ast.ObjectTerm(ast.Item(ast.StringTerm("path"), ast.StringTerm(o.path))))),
	), true, nil
}

// is reports whether an account or group is the one that is wanted, by its name or its number. Root is who has number 0, whatever the
// guest calls it and whom else it calls root.
func is(wanted, name, id string) bool {
	if wanted == "root" {
		return id == "0"
	}
	return wanted == name || wanted == id
}

// quote makes a path safe in a command line that someone copies.
func quote(path string) string {
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/.+@%,:=") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

func versionCompare(_ topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
	manager := textOf(operands[0].Value)
	order, ok := version.OrderOf(manager)
	if !ok {
		return fmt.Errorf("guest.version_compare: no package manager %q", manager)
	}
	n, err := order(textOf(operands[1].Value), textOf(operands[2].Value))
	if err != nil {
		return err
	}
	return iter(ast.IntNumberTerm(n))
}
