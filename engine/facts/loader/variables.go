package loader

import (
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// shellFiles are the start-up files for all users, besides those of /etc/profile.d.
var shellFiles = []string{
	"/etc/profile", "/etc/bash.bashrc", "/etc/bashrc", "/etc/bash/bashrc", "/etc/profile.local", "/etc/bash.bashrc.local", "/etc/csh.login",
	"/etc/csh.cshrc", "/etc/zshenv", "/etc/zprofile", "/etc/zshrc", "/etc/zlogin", "/etc/zsh/zshenv", "/etc/zsh/zprofile", "/etc/zsh/zshrc",
	"/etc/zsh/zlogin", "/etc/rc.local", "/etc/rc.d/rc.local", "/usr/etc/profile", "/usr/etc/bash.bashrc",
}

// homeFiles are those of one user, below the home.
var homeFiles = []string{
	".profile", ".bash_profile", ".bash_login", ".bashrc", ".bash_aliases", ".zshenv", ".zprofile", ".zshrc", ".zlogin", ".kshrc", ".login",
	".cshrc", ".tcshrc", ".xprofile", ".xsessionrc", ".xinitrc",
}

// units adds what the units set for their programs.
func (c *collector) units(units facts.Units) {
	for _, name := range sortedNames(units) {
		u := units[name]
		for _, l := range u.Environment {
			variable, value, _ := strings.Cut(l.Value, "=")
			if slices.Contains(variables, variable) {
				c.add(facts.LoaderVariable{Name: variable, Value: value, Place: "unit", Of: name, Source: l.Source})
			}
		}
		for _, l := range u.EnvironmentFiles {
			pattern := strings.TrimPrefix(l.Value, "-")
			if !strings.HasPrefix(pattern, "/") || strings.Contains(pattern, "%") {
				continue
			}
			for _, file := range c.s.Glob(pattern) {
				c.assignments(file, "unit file", name)
			}
		}
	}
}

func sortedNames(units facts.Units) []string {
	names := make([]string, 0, len(units))
	for name, u := range units {
		if len(u.Environment)+len(u.EnvironmentFiles) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// system adds what is set for everybody.
func (c *collector) system() {
	c.assignments("/etc/environment", "session", "")
	for _, f := range c.s.DropIns(".conf", "/etc/environment.d", "/run/environment.d", "/usr/local/lib/environment.d", "/usr/lib/environment.d") {
		if !f.Masked {
			c.assignments(f.Path, "session", "")
		}
	}
	for _, file := range c.managers() {
		c.manager(file)
	}
	c.pamEnv("/etc/security/pam_env.conf", "")
	for _, file := range shellFiles {
		c.shell(file, "")
	}
	for _, f := range c.s.DropIns("", "/etc/profile.d", "/usr/etc/profile.d") {
		c.shell(f.Path, "")
	}
}

// managers are the files of systemd's managers and their drop-ins.
func (c *collector) managers() []string {
	var files []string
	for _, name := range []string{"system.conf", "user.conf"} {
		var dirs []string
		for _, dir := range []string{"/etc/systemd/", "/run/systemd/", "/usr/local/lib/systemd/", "/usr/lib/systemd/"} {
			dirs = append(dirs, dir+name+".d")
			files = append(files, dir+name)
		}
		for _, f := range c.s.DropIns(".conf", dirs...) {
			files = append(files, f.Path)
		}
	}
	return files
}

// home adds what a user's own files set.
func (c *collector) home(u facts.User) {
	switch {
	case u.HomeExists == nil && !slices.Contains(c.out.UnreadHomes, u.Home):
		c.out.UnreadHomes = append(c.out.UnreadHomes, u.Home)
		return
	case u.HomeExists == nil || !*u.HomeExists || !path.IsAbs(u.Home) || u.Home == "/":
		return
	}
	for _, name := range homeFiles {
		c.shell(path.Join(u.Home, name), u.Name)
	}
	c.pamEnv(path.Join(u.Home, ".pam_environment"), u.Name)
	c.assignments(path.Join(u.Home, ".ssh/environment"), "ssh", u.Name)
	for _, f := range c.s.DropIns(".conf", path.Join(u.Home, ".config/environment.d")) {
		c.assignments(f.Path, "session", u.Name)
	}
}

// assignments reads lines NAME=value, with export before them or without.
func (c *collector) assignments(file, place, of string) {
	c.lines(file, func(text string, at facts.Source) {
		name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(text), "export "), "=")
		if name = strings.TrimSpace(name); !ok || !slices.Contains(variables, name) {
			return
		}
		value, _ = facts.Unquote(value) // an open quote ends with the line
		c.add(facts.LoaderVariable{Name: name, Value: value, Place: place, Of: of, Source: at})
	})
}

// manager reads DefaultEnvironment= and ManagerEnvironment=, which hold several assignments.
func (c *collector) manager(file string) {
	c.lines(file, func(text string, at facts.Source) {
		key, value, _ := strings.Cut(text, "=")
		if key = strings.TrimSpace(key); key != "DefaultEnvironment" && key != "ManagerEnvironment" {
			return
		}
		c.words(facts.ShellCommands(value), "systemd", "", at)
	})
}

// pamEnv reads lines "NAME DEFAULT=value OVERRIDE=value" (pam_env.conf(5)).
func (c *collector) pamEnv(file, of string) {
	c.lines(file, func(text string, at facts.Source) {
		fields := strings.Fields(text)
		if len(fields) == 0 || !slices.Contains(variables, fields[0]) {
			if name, value, ok := strings.Cut(strings.TrimSpace(text), "="); ok && slices.Contains(variables, name) {
				c.add(facts.LoaderVariable{Name: name, Value: strings.Trim(value, `"'`), Place: "pam_env", Of: of, Source: at})
			}
			return
		}
		for _, f := range fields[1:] {
			if key, value, _ := strings.Cut(f, "="); key == "DEFAULT" || key == "OVERRIDE" {
				c.add(facts.LoaderVariable{Name: fields[0], Value: strings.Trim(value, `"'`), Place: "pam_env", Of: of, Source: at})
			}
		}
	})
}

// shell reads a script: assignments, those of a declaration, and those before a command.
func (c *collector) shell(file, of string) {
	c.lines(file, func(text string, at facts.Source) {
		c.words(facts.ShellCommands(text), "shell", of, at)
	})
}

// words adds the assignments at the start of commands. csh sets a variable by setenv NAME value.
func (c *collector) words(commands [][]string, place, of string, at facts.Source) {
	for _, command := range commands {
		if len(command) > 2 && command[0] == "setenv" && slices.Contains(variables, command[1]) {
			c.add(facts.LoaderVariable{Name: command[1], Value: command[2], Place: place, Of: of, Source: at})
		}
		for _, word := range command {
			name, value, assigned := strings.Cut(word, "=")
			if assigned && slices.Contains(variables, name) {
				c.add(facts.LoaderVariable{Name: name, Value: value, Place: place, Of: of, Source: at})
			}
			if !assigned && !strings.HasPrefix(word, "-") && !slices.Contains([]string{"export", "declare", "typeset", "local", "readonly", "env"}, word) {
				break
			}
		}
	}
}
