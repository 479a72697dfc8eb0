package sshd

import (
	"slices"
	"strings"
	"testing"
)

// TestEveryKeywordHasItsSpelling holds the two lists together: a keyword of one is in the other.
func TestEveryKeywordHasItsSpelling(t *testing.T) {
	for name, k := range byName {
		if _, ok := Keyword(name); !ok && k.form != deprecated {
			t.Errorf("%s is not spelled", name)
		}
	}
	all := Keywords()
	for i, name := range all {
		if k, ok := keywords(strings.ToLower(name)); !ok || k.form == deprecated || synonym(strings.ToLower(name)) != strings.ToLower(name) {
			t.Errorf("%s is no keyword with an effect", name)
		}
		if slices.Contains(all[:i], name) {
			t.Errorf("%s stands twice", name)
		}
	}
}

func TestKeyword(t *testing.T) {
	for name, want := range map[string]string{
		"permitrootlogin": "PermitRootLogin", "PERMITROOTLOGIN": "PermitRootLogin", "ChallengeResponseAuthentication": "KbdInteractiveAuthentication",
		"PubkeyAcceptedKeyTypes": "PubkeyAcceptedAlgorithms", "Protocol": "", "PermitRotLogin": "", "": "",
	} {
		if got, ok := Keyword(name); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v, want %q", name, got, ok, want)
		}
	}
}

// TestNormal has values and what sshd -T prints for them, which sshd_test.go takes from sshd itself.
func TestNormal(t *testing.T) {
	for _, c := range [][3]string{
		{"PermitRootLogin", "Prohibit-Password", "without-password"},
		{"PermitRootLogin", "nno", "error"},
		{"LoginGraceTime", "1m30", "90"},
		{"LogLevel", "verbose", "VERBOSE"},
		{"MaxAuthTries", "04", "4"},
		{"MaxAuthTries", "many", "error"},
		{"MaxStartups", "10", "10:30:10"},
		{"Ciphers", "aes256-ctr,aes128-ctr", "aes256-ctr,aes128-ctr"},
		{"AllowUsers", "a b", "a b"},
		{"Banner", "NONE", "none"},
	} {
		got, err := Normal(c[0], c[1])
		if err != nil {
			got = "error"
		}
		if got != c[2] {
			t.Errorf("%s %s: %s, want %s", c[0], c[1], got, c[2])
		}
	}
}
