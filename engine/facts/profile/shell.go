package profile

import (
	"fmt"
	"strconv"
	"strings"
)

// commands splits a line of a shell script at what ends a command, outside of quotes, and each into words without quotes.
// Words that only begin a command of a compound one, such as then, are left out.
func commands(line string) [][]string {
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

// declaration returns how many words at the start declare variables, and what they make of them.
func declaration(command []string) (n int, readOnly, exported bool) {
	if len(command) == 0 {
		return 0, false, false
	}
	switch command[0] {
	case "readonly":
		readOnly = true
	case "export":
		exported = true
	case "typeset", "declare", "local":
	default:
		return 0, false, false
	}
	for n = 1; n < len(command) && strings.HasPrefix(command[n], "-"); n++ {
		readOnly = readOnly || strings.Contains(command[n], "r")
		exported = exported || strings.Contains(command[n], "x")
	}
	return n, readOnly, exported
}

// number reads a plain number.
func number(text string) *int64 {
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return nil
	}
	v := int64(n)
	return &v
}

// umaskMode returns a mask as four octal digits: octal, or symbolic with = for user, group and others. Symbols that add to
// or take from the mask before are not known, and neither are those that leave somebody out.
func umaskMode(text string) string {
	if n, err := strconv.ParseUint(text, 8, 12); err == nil {
		return fmt.Sprintf("%04o", n)
	}
	var mask, set uint
	for part := range strings.SplitSeq(text, ",") {
		who, perms, ok := strings.Cut(part, "=")
		if !ok || strings.Trim(who, "ugoa") != "" || strings.Trim(perms, "rwx") != "" {
			return ""
		}
		var bits uint
		for i, c := range "xwr" {
			if strings.ContainsRune(perms, c) {
				bits |= 1 << i
			}
		}
		for i, c := range "ogu" {
			if who == "" || strings.ContainsAny(who, string(c)+"a") {
				mask = mask&^(7<<(3*i)) | (7&^bits)<<(3*i)
				set |= 1 << i
			}
		}
	}
	if set != 7 {
		return ""
	}
	return fmt.Sprintf("%04o", mask)
}
