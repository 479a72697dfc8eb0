package units

import (
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// running are the sections of units that run commands (systemd.exec(5)).
var running = []string{"Service", "Socket", "Mount", "Swap"}

// addExec adds a command to those of all kinds; an empty one drops those of its kind.
func addExec(list []facts.UnitLine, key string, line facts.UnitLine) []facts.UnitLine {
	if line.Value == "" {
		return slices.DeleteFunc(list, func(l facts.UnitLine) bool { return strings.HasPrefix(l.Value, key+"=") })
	}
	line.Value, line.Source.Text = key+"="+facts.Redact(line.Value), facts.Redact(line.Source.Text)
	return append(list, line)
}

// addEnvironment adds the variables of one assignment that decide what code a program loads; an empty one drops all.
func addEnvironment(list []facts.UnitLine, line facts.UnitLine) []facts.UnitLine {
	if line.Value == "" {
		return []facts.UnitLine{}
	}
	if !strings.Contains(line.Value, "LD_") {
		return list
	}
	line.Source.Text = facts.Redact(line.Source.Text)
	for _, word := range assignments(line.Value) {
		if strings.HasPrefix(word, "LD_") && strings.Contains(word, "=") {
			list = append(list, facts.UnitLine{Value: word, Source: line.Source})
		}
	}
	return list
}

// assignments splits at blanks outside of quotes, which come off (systemd.syntax(7), "Quoting").
func assignments(value string) []string {
	var words []string
	var word strings.Builder
	var quote byte
	end := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
		}
		word.Reset()
	}
	for i := range len(value) {
		c := value[i]
		switch {
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == ' ' || c == '\t'):
			end()
		default:
			word.WriteByte(c)
		}
	}
	end()
	return words
}
