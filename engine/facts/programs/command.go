package programs

import (
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// maxNested is how deep commands are looked for in what a shell is given by -c.
const maxNested = 4

// wrappers run what stands behind them and their options.
var wrappers = []string{
	"chrt", "command", "env", "exec", "flock", "ionice", "nice", "nohup", "run-one", "setarch", "setsid", "start-stop-daemon", "stdbuf",
	"sudo", "systemd-cat", "systemd-inhibit", "taskset", "timeout",
}

var shells = []string{"ash", "bash", "dash", "ksh", "sh", "zsh", "busybox"}

// interpreters run a file that they are given, besides the shells.
var interpreters = []string{"lua", "node", "nodejs", "perl", "php", "python", "python2", "python3", "ruby", "tclsh"}

// command adds the programs of a line that a shell could be given.
func (c *collector) command(p facts.Program, text string, depth int) {
	if depth > maxNested {
		return
	}
	for _, words := range facts.ShellCommands(text) {
		c.words(p, words, depth)
	}
}

// words adds the program of one command, and the script that it is given.
func (c *collector) words(p facts.Program, words []string, depth int) {
	words = bare(words)
	for len(words) > 0 && slices.Contains(wrappers, path.Base(words[0])) {
		if strings.HasPrefix(words[0], "/") || p.Kind == "unit" {
			c.program(p, words[0])
		}
		words = bare(behindOptions(words[1:]))
	}
	if len(words) == 0 {
		return
	}
	name := path.Base(words[0])
	switch sourced := name == "." || name == "source"; {
	case sourced && len(words) > 1:
		c.script(p, words[1])
		return
	case sourced:
		return
	}
	c.program(p, words[0])
	shell := slices.Contains(shells, name)
	if !shell && !slices.Contains(interpreters, strings.TrimRight(name, ".0123456789")) && !slices.Contains(interpreters, name) {
		return
	}
	for i, w := range words[1:] {
		switch {
		case !strings.HasPrefix(w, "-"):
			c.script(p, w)
			return
		case strings.HasPrefix(w, "--") || !strings.ContainsAny(w, "ce"):
		case !shell && strings.ContainsAny(w, "ce"):
			return // a program in its own language
		case strings.Contains(w, "c") && i+2 < len(words):
			c.command(p, words[i+2], depth+1)
			return
		}
	}
}

// bare takes off variables that are set for a command, and what its input and output are led to.
func bare(words []string) []string {
	var kept []string
	skip := false
	for _, w := range words {
		name, _, assigned := strings.Cut(w, "=")
		switch {
		case skip:
			skip = false
		case strings.ContainsAny(w, "<>") && !strings.ContainsAny(w, " \t\n"):
			skip = strings.HasSuffix(w, ">") || strings.HasSuffix(w, "<")
		case len(kept) == 0 && assigned && !strings.ContainsAny(name, "/.-"):
		default:
			kept = append(kept, w)
		}
	}
	return kept
}

// behindOptions returns the words from the first that is neither an option nor a number or lock file.
func behindOptions(words []string) []string {
	for i, w := range words {
		if !strings.HasPrefix(w, "-") && strings.Trim(w, "0123456789.smhd,") != "" {
			return words[i:]
		}
	}
	return nil
}

// program adds the program of a command. One without a slash is looked for where systemd looks; for a shell it may be a word of its own.
func (c *collector) program(p facts.Program, name string) {
	name = strings.Trim(name, "`")
	switch {
	case strings.HasPrefix(name, "/"):
	case p.Kind == "unit" && !strings.ContainsAny(name, "/$%") && name != "":
		for _, dir := range []string{"/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"} {
			if c.s.Exists(dir + name) {
				name = dir + name
				break
			}
		}
		if name[0] != '/' {
			return // a builtin of a shell that the unit runs
		}
	default:
		return
	}
	p.Path = name
	c.add(p)
}

func (c *collector) script(p facts.Program, name string) {
	if strings.HasPrefix(name, "/") {
		p.Path, p.Script = name, true
		c.add(p)
	}
}
