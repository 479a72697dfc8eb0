package intel

import (
	"strings"
	"testing"
)

// ways writes alternatives as "a & b | c".
func ways(a alternatives) string {
	var all []string
	for _, terms := range a {
		var one []string
		for _, t := range terms {
			one = append(one, map[bool]string{true: "!"}[t.Not]+string(t.Kind)+":"+t.Value)
		}
		all = append(all, strings.Join(one, " & "))
	}
	return strings.Join(all, " | ")
}

func TestPatterns(t *testing.T) {
	md5 := "md5:" + nistMD5
	for _, c := range []struct{ pattern, want, unused string }{
		{"[file:hashes.MD5 = '" + nistMD5 + "']", md5, ""},
		{"[ file:hashes.'MD5'='" + strings.ToUpper(nistMD5) + "' ]", md5, ""},
		{"[file:hashes.'SHA-1' = '" + nistSHA1 + "']", "sha1:" + nistSHA1, ""},
		{`[file:hashes."SHA-256" == '` + nistSHA256 + `']`, "sha256:" + nistSHA256, ""},
		{"[file:hashes.SHA512 = '" + nistSHA512 + "']", "sha512:" + nistSHA512, ""},
		{"[file:hashes.MD5 = '" + nistSHA1 + "']", "", "file with = and a value that is none"},
		{"[file:hashes.SSDEEP = '3:x']", "", "file:hashes.ssdeep"},
		{"[file:name = 'a' AND file:size = 7]", "name:a & size:7", ""},
		{"[file:name = 'a' OR file:name = 'b' AND file:size = 7]", "name:a | name:b & size:7", ""},
		{"[(file:name = 'a' OR file:name = 'b') AND file:size = 7]", "name:a & size:7 | name:b & size:7", ""},
		{"[file:name = 'a'] OR [file:name = 'b']", "name:a | name:b", ""},
		{"([file:name = 'a'] OR [file:name = 'b']) OR [file:name = 'c']", "name:a | name:b | name:c", ""},
		{"[file:name IN ('a', 'b')]", "name:a | name:b", ""},
		{"[file:size = 7 AND file:name NOT IN ('a', 'b')]", "size:7 & !name:a & !name:b", ""},
		{"[file:name != 'a' AND file:size = 7]", "!name:a & size:7", ""},
		{"[file:name NOT = 'a' AND file:size != 7]", "!name:a & !size:7", ""},
		{`[file:name = 'it\'s \\ not']`, "", "path of Windows"},
		{`[file:name = 'it\'s']`, "name:it's", ""},
		{"[file:name LIKE 'a_b%.so']", `name_regexp:(?s)\Aa.b.*\.so\z`, ""},
		{"[file:name MATCHES '^a[0-9]+$']", "name_regexp:^a[0-9]+$", ""},
		{"[file:name = '/tmp/x']", "path:/tmp/x", ""},
		{"[file:name = 'x' AND file:parent_directory_ref.path = '/tmp/.y']", "name:x & parent:/tmp/.y", ""},
		{"[directory:path = '/opt/evil/']", "directory:/opt/evil", ""},
		{"[domain-name:value = 'Evil.example.com']", "domain:evil.example.com", ""},
		{"[domain-name:value LIKE '%.evil.example.com']", "domain:evil.example.com", ""},
		{"[domain-name:value LIKE 'evil%']", "", "domain-name with LIKE and a value that is none"},
		{"[domain-name:value MATCHES 'evil']", "", "domain-name:value"},
		{"[ipv4-addr:value = '198.51.100.1' OR ipv4-addr:value ISSUBSET '198.51.100.0/25']", "address:198.51.100.1 | network:198.51.100.0/25", ""},
		{"[url:value = 'https://evil.example.com/x']", "url:https://evil.example.com/x", ""},
		{"[file:name = 'a' OR process:name = 'b']", "name:a", "process:name"},
		{"[file:name = 'a' AND process:name = 'b']", "", "process:name"},
		{"[network-traffic:dst_ref.value = '198.51.100.1']", "", "network-traffic:dst_ref.value"},
		{"[file:extensions.'windows-pebinary-ext'.sections[*].entropy > 7.0]", "", "something else"},
		{"[file:created = t'2026-01-01T00:00:00Z']", "", "file:created with a time or bytes"},
		{"[EXISTS file:name]", "", "EXISTS"},
		{"[file:name = 'a'] FOLLOWEDBY [file:name = 'b']", "", "FOLLOWEDBY"},
		{"[file:name = 'a'] AND [file:name = 'b']", "", "AND of observations"},
		{"[file:name = 'a'] WITHIN 5 SECONDS", "", "WITHIN"},
		{"[file:name = 'a'] REPEATS 3 TIMES", "", "REPEATS"},
		{"[file:name = 'a'] START t'2026-01-01T00:00:00Z' STOP t'2026-02-01T00:00:00Z'", "", "START"},
		{"[file:name = 'C:\\\\x\\\\y.exe']", "", "path of Windows"},
	} {
		t.Run(c.pattern, func(t *testing.T) {
			a, unused, err := parsePattern(c.pattern)
			if err != nil {
				t.Fatal(err)
			}
			if got := ways(a); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if got := strings.Join(unused, ", "); got != c.unused {
				t.Errorf("unused: got %s, want %s", got, c.unused)
			}
		})
	}
}

func TestPatternsWithMistakes(t *testing.T) {
	for _, c := range []struct{ name, pattern, want string }{
		{"nothing", "", `"", want "["`},
		{"no brackets", "file:name = 'x'", `"file:name", want "["`},
		{"no end", "[file:name = 'x'", `"", want "]"`},
		{"no value", "[file:name = ]", `"]" after file:name =, want a value`},
		{"no operator", "[file:name 'x']", `"x" after file:name, want an operator`},
		{"no path", "[name = 'x']", `"NAME", want the path of an object`},
		{"a string without an end", "[file:name = 'x]", "is no part of a pattern"},
		{"a string that ends in a backslash", `[file:name = 'x\`, "is no part of a pattern"},
		{"a byte of nothing", "[file:name = 'x' # comment]", "is no part of a pattern"},
		{"more behind it", "[file:name = 'x'] [file:name = 'y']", `"[" after the pattern`},
		{"a list without an end", "[file:name IN ('x', 'y']", `"]", want ")"`},
		{"WITHIN without a time", "[file:name = 'x'] WITHIN", "WITHIN without what it needs"},
		{"too deep", "[" + strings.Repeat("(", 100) + "file:name = 'x'" + strings.Repeat(")", 100) + "]", "more than 32 levels"},
		{"observations too deep", strings.Repeat("(", 100) + "[file:name = 'x']" + strings.Repeat(")", 100), "more than 32 levels"},
		{"too long", "[file:name = '" + strings.Repeat("x", maxPattern) + "']", "want at most 65536"},
		{"a product", "[" + strings.Repeat("(file:name = 'a' OR file:name = 'b') AND ", 12) + "file:size = 1]", "more than 256 alternatives"},
		{"too many values", "[file:name IN (" + strings.Repeat("'a',", 300) + "'b')]", "more than 256 alternatives"},
		{"too many terms", "[" + strings.Repeat("file:size = 1 AND ", 20) + "file:name = 'a']", "or 16 terms in one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := parsePattern(c.pattern)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func FuzzPattern(f *testing.F) {
	for _, s := range []string{
		"[file:hashes.'SHA-256' = '" + nistSHA256 + "']", "([file:name = 'a'] OR [file:name IN ('b', 'c')]) WITHIN 5 SECONDS",
		"[file:name LIKE 'a%' AND (file:size != 7 OR url:value = 'http://a.example/')]", "[EXISTS file:name]", "[a:b[*].c = h'00']", "[", "'", "a:'",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, unused, err := parsePattern(s)
		if err != nil && (a != nil || unused != nil) {
			t.Error("an error that came with a result")
		}
		if len(a) > maxJoined {
			t.Errorf("%d alternatives", len(a))
		}
		for _, terms := range a {
			if key, _, why := joined(terms); why == "" && (key.Value == "" || key.Not) {
				t.Errorf("%v has no key", terms)
			}
		}
		if err == nil && len(a) == 0 && len(unused) == 0 {
			t.Errorf("%q: nothing, and no reason", s)
		}
	})
}
