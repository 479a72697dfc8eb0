package factstest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
)

// Sudo is a configuration of sudo in the one form in which cvtsudoers' answer and the facts are compared.
type Sudo struct {
	Rules    []string // users|hosts|target users|target groups|tags|commands
	Defaults map[string]string
	Scoped   []string // names, key and value
}

// cvtsudoers is as much of the program's JSON as is compared.
type cvtsudoers struct {
	Defaults []struct {
		Binding []map[string]any
		Options []map[string]any
	}
	UserSpecs []struct {
		UserList  []map[string]any `json:"User_List"`
		HostList  []map[string]any `json:"Host_List"`
		CmndSpecs []struct {
			Users    []map[string]any `json:"runasusers"`
			Groups   []map[string]any `json:"runasgroups"`
			Options  []map[string]any
			Commands []map[string]any
		} `json:"Cmnd_Specs"`
	} `json:"User_Specs"`
}

// marks are what stands before a name of each kind in sudoers.
var marks = map[string]string{
	"username": "", "userid": "#", "usergroup": "%", "usergid": "%#", "netgroup": "+", "hostname": "", "networkaddr": "",
	"command": "", "useralias": "", "hostalias": "", "runasalias": "", "cmndalias": "",
}

func sudoNames(list []map[string]any, group bool) string {
	var all []string
	for _, m := range list {
		for kind, v := range m {
			mark, ok := marks[kind]
			if !ok {
				continue
			}
			if group {
				mark = ""
			}
			text := mark + fmt.Sprint(v)
			if m["negated"] == true {
				text = "!" + text
			}
			all = append(all, text)
		}
	}
	return strings.Join(all, ",")
}

// Cvtsudoers reads what "cvtsudoers -e -f json" printed.
func Cvtsudoers(t testing.TB, text []byte) Sudo {
	t.Helper()
	var a cvtsudoers
	if err := json.Unmarshal(text, &a); err != nil {
		t.Fatal(err)
	}
	plain := Sudo{Defaults: map[string]string{}}
	for _, u := range a.UserSpecs {
		for _, c := range u.CmndSpecs {
			tags := ""
			for _, o := range c.Options {
				if v, ok := o["authenticate"]; ok {
					tags += fmt.Sprint("auth=", v, " ")
				}
				if v, ok := o["noexec"]; ok {
					tags += fmt.Sprint("noexec=", v, " ")
				}
			}
			plain.Rules = append(plain.Rules, strings.Join([]string{
				sudoNames(u.UserList, false), sudoNames(u.HostList, false), sudoNames(c.Users, false), sudoNames(c.Groups, true), tags,
				sudoNames(c.Commands, false),
			}, "|"))
		}
	}
	for _, d := range a.Defaults {
		for _, o := range d.Options {
			for key, v := range o {
				if key == "operation" {
					continue
				}
				if len(d.Binding) > 0 {
					plain.Scoped = append(plain.Scoped, sudoNames(d.Binding, false)+" "+key+"="+option(v, "", nil))
				} else {
					plain.Defaults[key] = option(v, plain.Defaults[key], o["operation"])
				}
			}
		}
	}
	return plain
}

// option is the value of an option after one statement about it. Lists are added to and taken from.
func option(v any, before string, operation any) string {
	list, ok := v.([]any)
	if !ok {
		return fmt.Sprint(v)
	}
	var words []string
	if operation == "list_add" || operation == "list_remove" {
		words = strings.Fields(before)
	}
	for _, e := range list {
		word := fmt.Sprint(e)
		words = slices.DeleteFunc(words, func(w string) bool { return w == word })
		if operation != "list_remove" {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

// PlainSudoers writes the facts in the same form.
func PlainSudoers(s *facts.Sudoers) Sudo {
	plain := Sudo{Defaults: map[string]string{}}
	for _, r := range s.Rules {
		tags := ""
		for _, tag := range []struct{ tag, text string }{
			{"NOPASSWD", "auth=false "}, {"PASSWD", "auth=true "}, {"NOEXEC", "noexec=true "}, {"EXEC", "noexec=false "},
		} {
			if slices.Contains(r.Tags, tag.tag) {
				tags += tag.text
			}
		}
		plain.Rules = append(plain.Rules, strings.Join([]string{
			strings.Join(r.Users, ","), strings.Join(r.Hosts, ","), strings.Join(r.Runas, ","), strings.Join(r.RunasGroups, ","), tags,
			strings.Join(r.Commands, ","),
		}, "|"))
	}
	for key, v := range s.Defaults {
		if v.Explicit {
			plain.Defaults[key] = v.Value
		}
	}
	for _, d := range s.Scoped {
		plain.Scoped = append(plain.Scoped, strings.Join(d.Names, ",")+" "+d.Key+"="+d.Value)
	}
	return plain
}
