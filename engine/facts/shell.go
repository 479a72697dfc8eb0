package facts

import "strings"

// ShellCommands splits a line of a shell script at what ends a command, outside of quotes, and each into words without quotes.
// Words that only begin a command of a compound one, such as then, are left out.
func ShellCommands(line string) [][]string {
	var all [][]string
	var words []string
	var word strings.Builder
	inWord := false
	var quote byte
	endWord := func() {
		if w := word.String(); inWord && (len(words) > 0 || !opens(w)) {
			words = append(words, w)
		}
		word.Reset()
		inWord = false
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case c == '\\' && quote != '\'' && i+1 < len(line):
			i++
			word.WriteByte(line[i])
			inWord = true
		case quote != 0:
			word.WriteByte(c)
		case c == '"' || c == '\'':
			quote, inWord = c, true
		case c == '#' && !inWord:
			i = len(line)
		case c == ' ' || c == '\t' || c == '\r':
			endWord()
		case c == ';' || c == '&' || c == '|' || c == '(' || c == ')':
			endWord()
			if len(words) > 0 {
				all = append(all, words)
			}
			words = nil
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	endWord()
	if len(words) > 0 {
		all = append(all, words)
	}
	return all
}

// opens reports whether a word begins a compound command, so that the next word is a command again.
func opens(word string) bool {
	switch word {
	case "if", "then", "else", "elif", "do", "while", "until", "{", "}", "!", "fi", "done", "time", "builtin", "command", "eval":
		return true
	}
	return false
}
