package boot

import (
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// cmdline is a command line under construction that remembers where its parts came from.
type cmdline struct {
	text  []byte
	spans []span
}

// span is the part of a command line from a byte on.
type span struct {
	at     int
	source *facts.Source // nil: the line of the entry itself
}

func (c *cmdline) add(text string, source *facts.Source) {
	c.spans = append(c.spans, span{len(c.text), source})
	c.text = append(c.text, text...)
}

// args splits the line as the kernel does: at spaces outside of double quotes (next_arg in its lib/cmdline.c). What
// stands behind "--" is left out: the kernel hands it to init.
func (c *cmdline) args() []facts.BootArg {
	args := []facts.BootArg{}
	quoted, start, s := false, 0, 0
	for i := 0; i <= len(c.text); i++ {
		switch {
		case i < len(c.text) && c.text[i] == '"':
			quoted = !quoted
		case i == len(c.text) || !quoted && (c.text[i] == ' ' || c.text[i] == '\t'):
			for s+1 < len(c.spans) && c.spans[s+1].at <= start {
				s++
			}
			if i > start {
				a := bootArg(string(c.text[start:i]))
				if a.Key == "--" {
					return args
				}
				a.Source = c.spans[s].source
				args = append(args, a)
			}
			start = i + 1
		}
	}
	return args
}

// bootArg cuts one argument; quotes around it or its value are not part of it.
func bootArg(arg string) facts.BootArg {
	if strings.HasPrefix(arg, `"`) {
		arg = strings.TrimSuffix(arg[1:], `"`)
	}
	key, value, _ := strings.Cut(arg, "=")
	if strings.HasPrefix(value, `"`) {
		value = strings.TrimSuffix(value[1:], `"`)
	}
	return facts.BootArg{Key: key, Value: value}
}

// entryKind tells an entry for repairs from an ordinary one by its title and what its kernel is told.
func entryKind(title, id string, args []facts.BootArg) string {
	title = strings.ToLower(title)
	if strings.Contains(title, "recovery mode") || strings.Contains(title, "rescue") || strings.HasSuffix(id, "-0-rescue") {
		return "recovery"
	}
	for _, a := range args {
		switch a.Key {
		case "single", "1", "S", "s", "emergency", "rescue", "recovery":
			if a.Value == "" {
				return "recovery"
			}
		case "systemd.unit":
			if a.Value == "rescue.target" || a.Value == "emergency.target" {
				return "recovery"
			}
		}
	}
	return "normal"
}
