package facts

import (
	"strings"
)

// The states of a password field of shadow(5), gshadow(5) and their elder kin.
const (
	PasswordHash       = "hash"        // a password lets in
	PasswordEmpty      = "empty"       // no password is asked for
	PasswordLocked     = "locked"      // ! or * and no hash
	PasswordLockedHash = "locked_hash" // a hash is kept behind ! or *
	PasswordNone       = "none"        // some text that no password can match, such as *NP* or x
	PasswordMissing    = "missing"     // there is no such line
)

// schemes has the names of crypt(5)'s methods by the prefix of their hashes.
var schemes = []struct{ prefix, name string }{
	{"$y$", "yescrypt"},
	{"$gy$", "gost-yescrypt"},
	{"$7$", "scrypt"},
	{"$6$", "sha512crypt"},
	{"$5$", "sha256crypt"},
	{"$2a$", "bcrypt"},
	{"$2b$", "bcrypt"},
	{"$2x$", "bcrypt"},
	{"$2y$", "bcrypt"},
	{"$sha1$", "sha1crypt"},
	{"$md5", "sunmd5"},
	{"$1$", "md5crypt"},
	{"$3$", "nt"},
}

// PasswordState tells what a password field does and, of a hash, by which method it was made. The hash itself goes
// nowhere.
func PasswordState(field string) (state, algorithm string) {
	if field == "" {
		return PasswordEmpty, ""
	}
	bare := strings.TrimLeft(field, "!*")
	algorithm = passwordScheme(bare)
	switch {
	case algorithm != "" && bare == field:
		return PasswordHash, algorithm
	case algorithm != "":
		return PasswordLockedHash, algorithm
	case bare == field || strings.HasPrefix(bare, "NP"):
		return PasswordNone, ""
	}
	return PasswordLocked, ""
}

// passwordScheme names the method of a hash, "unknown" for one in crypt's form that has no name here, or "".
func passwordScheme(hash string) string {
	for _, s := range schemes {
		if strings.HasPrefix(hash, s.prefix) {
			return s.name
		}
	}
	switch {
	case strings.HasPrefix(hash, "$") && strings.Count(hash, "$") >= 2:
		return "unknown"
	case len(hash) == 20 && hash[0] == '_' && cryptText(hash[1:]):
		return "bsdicrypt"
	case len(hash) == 13 && cryptText(hash):
		return "descrypt"
	case len(hash) >= 24 && (len(hash)-2)%11 == 0 && cryptText(hash):
		return "bigcrypt"
	}
	return ""
}

// cryptText reports whether s has crypt's 64 letters only.
func cryptText(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '.' || c > '9') {
			return false
		}
	}
	return true
}

// PasswordInPlace tells what the password field of passwd(5) or group(5) holds: "x" (another file has it), "empty",
// "hash" or "locked".
func PasswordInPlace(field string) string {
	if field == "x" {
		return "x"
	}
	switch state, _ := PasswordState(field); state {
	case PasswordEmpty, PasswordHash:
		return state
	}
	return PasswordLocked
}
