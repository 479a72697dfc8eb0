package windowsautostart

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	taskTree  = software + `Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree`
	maxTask   = 1 << 20 // bytes of a task
	maxTasks  = 20_000
	maxFolder = 16 // folders of tasks below each other
)

// task is as much of a task as is told (Task Scheduler schema, MS-TSCH 2.5).
type task struct {
	Principals struct {
		Principal []struct {
			UserID  string `xml:"UserId"`
			GroupID string `xml:"GroupId"`
		}
	}
	Settings struct {
		Enabled *bool
	}
	Actions struct {
		Exec []struct {
			Command   string
			Arguments string
		}
		ComHandler []struct {
			ClassID string `xml:"ClassId"`
		}
	}
}

// tasks adds what the files of scheduled tasks start, and tasks that only the cache in the registry knows: they run all the same.
func (c *collection) tasks(ctx context.Context) error {
	seen := map[string]bool{}
	root := c.scope.Guest.SystemRoot + "/System32/Tasks"
	err := c.scope.Guest.Walk(ctx, root, func(o guest.Object, err error) error {
		if err != nil {
			c.scope.Problem(o.Path, 0, err)
		}
		if !o.IsRegular() {
			return nil
		}
		name := strings.TrimPrefix(o.Path, root)
		if seen[strings.ToLower(name)] = true; len(seen) > maxTasks {
			return binread.Limit("more than %d tasks", maxTasks)
		}
		c.task(name, o)
		return nil
	})
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.scope.Problem(root, 0, err)
	}
	c.cached(c.hives.Key(taskTree), "", seen, maxFolder)
	return nil
}

func (c *collection) task(name string, o guest.Object) {
	b, err := o.ReadAll(maxTask)
	if err == nil || len(b) > 0 {
		c.scope.Uses(o.Path)
	}
	var t task
	if err == nil {
		err = facts.XMLDecoder(b).Decode(&t)
	}
	if err != nil {
		c.scope.Problem(o.Path, 0, err)
		return
	}
	user := ""
	if len(t.Principals.Principal) > 0 {
		p := t.Principals.Principal[0]
		if user = p.UserID; user == "" {
			user = p.GroupID
		}
	}
	first := len(c.all)
	own := strings.HasPrefix(strings.ToLower(name), "/microsoft/windows/")
	for _, a := range t.Actions.Exec {
		command := strings.TrimSpace(a.Command + " " + a.Arguments)
		c.add("task", name, command, user, facts.Source{Path: o.Path}, own && c.ofSystem(command))
	}
	for _, a := range t.Actions.ComHandler {
		c.add("task", name, a.ClassID, user, facts.Source{Path: o.Path}, own)
	}
	if t.Settings.Enabled != nil && !*t.Settings.Enabled {
		for i := range c.all[first:] {
			c.all[first+i].Enabled = false
		}
	}
}

// ofSystem reports whether a command starts a program of the system that does not run what others wrote.
func (c *collection) ofSystem(command string) bool {
	program := strings.ToLower(c.scope.Program(command))
	name, ok := strings.CutPrefix(program, strings.ToLower(c.scope.Guest.SystemRoot)+"/system32/")
	hosts := []string{
		"cmd.exe", "windowspowershell/v1.0/powershell.exe", "wscript.exe", "cscript.exe", "mshta.exe", "regsvr32.exe", "msiexec.exe", "forfiles.exe",
		"bitsadmin.exe", "certutil.exe", "wbem/wmic.exe", "conhost.exe",
	}
	return ok && !slices.Contains(hosts, name)
}

// cached adds tasks of the cache that have no file. What they start is in a form that nobody documents.
func (c *collection) cached(k facts.RegistryKey, name string, seen map[string]bool, depth int) {
	if depth == 0 {
		return
	}
	for _, sub := range k.Under() {
		path := name + "/" + sub.Name()
		if sub.Has("Id") && !seen[strings.ToLower(path)] && sub.Shown("Id") != "" && len(sub.Under()) == 0 {
			c.all = append(c.all, facts.WindowsStarted{Kind: "task", Name: path, Enabled: true, Source: sub.Source()})
		}
		c.cached(sub, path, seen, depth-1)
	}
}
