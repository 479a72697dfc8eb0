package firewall

// token is one token of an nft script: a word, a string with its quotes, or one of { } ; where a newline counts as ;.
type token struct {
	text string
	line int
}

// lex splits an nft script. An open string ends with its line.
func lex(text string) []token {
	var all []token
	line := 1
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '\n':
			all = append(all, token{";", line})
			line++
			i++
		case c == '\\' && i+1 < len(text) && text[i+1] == '\n':
			line++
			i += 2
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case c == '#':
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case c == '{' || c == '}' || c == ';':
			all = append(all, token{text[i : i+1], line})
			i++
		default:
			n := wordLength(text[i:])
			all = append(all, token{text[i : i+n], line})
			i += n
		}
	}
	return all
}

// wordLength is how long the word or string at the start of text is.
func wordLength(text string) int {
	quoted := text[0] == '"'
	for i := 1; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\n':
			return i
		case quoted && c == '"':
			return i + 1
		case quoted:
		case c == ' ' || c == '\t' || c == '\r' || c == '{' || c == '}' || c == ';' || c == '"':
			return i
		case c == ',' && i+1 < len(text) && text[i+1] == '{':
			return i + 1
		}
	}
	return len(text)
}
