package policy

import (
	"fmt"
	"strings"
)

// lineNumber is where a line of a baseline stands, and where its key does.
type lineNumber struct{ own, key int }

// learnedText counts the lines of what is written.
type learnedText struct {
	text  strings.Builder
	lines int
}

// add writes one line and returns its number.
func (t *learnedText) add(text string) int {
	fmt.Fprintln(&t.text, text)
	t.lines++
	return t.lines
}

// write writes a baseline with the lines, and says where they stand; commented with what is to be said about it and them.
func (l *lesson) write(lines []learnedLine, commented bool) (string, []lineNumber) {
	var b learnedText
	numbers := make([]lineNumber, len(lines))
	if commented {
		b.add("# Learned from " + commentText(listedAll(l.names)) + ".")
		b.add("# Each line holds for all of them; behind it stands where it was read in the first one. What differs, what could")
		b.add("# not be read and what changes on its own is left out.")
		b.add("")
	}
	key := 0
	for i, line := range lines {
		opens := i == 0 || lines[i-1].table != line.table
		closes := i == len(lines)-1 || lines[i+1].table != line.table
		if opens {
			b.add("[" + line.table + "]")
		}
		remark := ""
		if commented && line.evidence != "" {
			remark = "  # " + commentText(line.evidence)
		}
		if line.entry {
			if opens || lines[i-1].key != line.key {
				key = b.add(line.key + " = [")
			}
			numbers[i] = lineNumber{b.add("  " + line.value + "," + remark), key}
			if closes || lines[i+1].key != line.key {
				b.add("]")
			}
		} else {
			key = b.add(line.key + " = " + line.value + remark)
			numbers[i] = lineNumber{key, key}
		}
	}
	if commented && len(l.left) > 0 {
		b.add("")
		b.add("# Left out:")
		for _, words := range l.left {
			b.add("#   " + commentText(words))
		}
	}
	return b.text.String(), numbers
}

func listedAll(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
