package facts

import "regexp"

// secret finds what looks like a secret in a command: a value after a word such as password or token, and the password
// in a URL.
var secret = regexp.MustCompile(`(?i)((?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|credentials?|auth)["']?(?:\s*[=:]\s*|\s+))("[^"]*"|'[^']*'|[^\s"']+)|(://[^\s/:@]*:)([^\s/@]+)(@)`)

// maxRedact bounds the text that is looked through, in bytes: a longer one is cut.
const maxRedact = 32 << 10

// Redact returns text with what looks like a secret blanked.
func Redact(text string) string {
	if len(text) > maxRedact {
		text = text[:maxRedact] + "…"
	}
	return secret.ReplaceAllString(text, "${1}${3}***${5}")
}
