package clamav

import (
	"debug/elf"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func translated(t *testing.T, lines string) (string, Stats) {
	t.Helper()
	text, stats, err := Translate(strings.NewReader(lines), "a.ndb")
	if err != nil {
		t.Fatal(err)
	}
	return text, stats
}

// sample is a file with signatures that are in it, and signatures that are not.
type sample struct {
	name    string
	content []byte
	in, out []string
}

// samples are texts, and a program of this machine with places that the Go library finds in it.
func samples(t *testing.T) []sample {
	t.Helper()
	x := func(s string) string { return fmt.Sprintf("%x", s) }
	anywhere := func(s string) string { return "N:0:*:" + s }
	text := []byte("0123456789 the quick brown fox jumps over the lazy dog 9876543210")
	return []sample{
		{
			"bytes", text,
			[]string{
				anywhere(x("quick")), anywhere(strings.ToUpper(x("jumps"))), anywhere(x("qu") + "??" + x("ck")), anywhere(x("qu") + "6?" + x("ck")),
				anywhere(x("qu") + "?9" + x("ck")), anywhere(x("quick") + "*" + x("lazy")), anywhere(x("quick") + "{7}" + x("fox")),
				anywhere(x("quick") + "{5-9}" + x("fox")), anywhere(x("quick") + "{-9}" + x("fox")), anywhere(x("quick") + "{7-}" + x("fox")),
				anywhere(x("qu") + "(" + x("i") + "|" + x("e") + ")" + x("ck")), anywhere(x("the ") + "(" + x("lazy") + "|" + x("busy") + ")" + x(" dog")),
				anywhere("(" + x("f") + "|" + x("b") + ")" + x("ox")), anywhere(x("fo") + "(" + x("x") + "|" + x("e") + ")"),
				anywhere(x("qu") + "(6?|" + x("e") + ")" + x("ck")), anywhere("{3}" + x("quick")), anywhere(x("quick") + "{3}"),
				anywhere(x("01") + "*{4}" + x("quick")),
			},
			[]string{
				anywhere(x("Quick")), anywhere(x("qu") + "7?" + x("ck")), anywhere(x("qu") + "?8" + x("ck")), anywhere(x("lazy") + "*" + x("quick")),
				anywhere(x("quick") + "{6}" + x("fox")), anywhere(x("quick") + "{8-9}" + x("fox")), anywhere(x("quick") + "{-6}" + x("fox")),
				anywhere(x("quick") + "{8-}" + x("fox")), anywhere(x("qu") + "(" + x("o") + "|" + x("e") + ")" + x("ck")),
				anywhere(x("the ") + "(" + x("easy") + "|" + x("busy") + ")" + x(" dog")), anywhere(x("qu") + "(7?|" + x("e") + ")" + x("ck")),
				anywhere("{12}" + x("0123")), anywhere(x("3210") + "{1}"),
			},
		},
		{
			"offsets", text,
			[]string{
				"N:0:0:" + x("0123"), "N:0:15:" + x("quick"), "N:0:10,5:" + x("quick"), "N:0:15,0:" + x("quick"), "N:0:EOF-10:" + x("9876"),
				"N:0:EOF-12,2:" + x("9876"), "N:0:15:" + x("quick") + "*" + x("dog"), "N:0:13:{2}" + x("quick"),
			},
			[]string{
				"N:0:1:" + x("0123"), "N:0:14:" + x("quick"), "N:0:10,4:" + x("quick"), "N:0:16,9:" + x("quick"), "N:0:EOF-9:" + x("9876"),
				"N:0:EOF-12,1:" + x("9876"), "N:0:EOF-5000:" + x("9876"), "N:0:EOF-5000,4990:" + x("0123"), "N:0:14:" + x("quick") + "*" + x("dog"), "N:0:12:{2}" + x("quick"),
				"N:1:*:" + x("quick"), "N:6:*:" + x("quick"), "N:6:EP+0:" + x("quick"),
			},
		},
		program(t),
	}
}

// program has the places of an ELF file.
func program(t *testing.T) sample {
	t.Helper()
	const path = "/bin/true"
	content, err := os.ReadFile(path)
	if err != nil {
		t.Skip(path + " is not there")
	}
	f, err := elf.Open(path)
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	entry := -1
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && f.Entry >= p.Vaddr && f.Entry < p.Vaddr+p.Filesz {
			entry = int(f.Entry - p.Vaddr + p.Off)
		}
	}
	text, last := -1, len(f.Sections)-1
	for i, s := range f.Sections {
		if s.Name == ".text" {
			text = i
		}
	}
	if entry < 0 || text < 0 {
		t.Skip(path + " has no entry point in a section")
	}
	bytes := func(off, n int) string { return fmt.Sprintf("%x", content[off:off+n]) }
	start, end := int(f.Sections[text].Offset), int(f.Sections[last].Offset)
	code, names := bytes(start+64, 24), bytes(end, 16)
	return sample{
		"program", content,
		[]string{
			"N:6:*:7f454c46", "N:0:0:7f454c46", "N:6:EP+0:" + bytes(entry, 16), "N:6:EP+8:" + bytes(entry+8, 16), "N:6:EP-4:" + bytes(entry-4, 16),
			"N:6:EP+0,8:" + bytes(entry+8, 16), fmt.Sprintf("N:6:S%d+64:%s", text, code),
			fmt.Sprintf("N:6:SE%d:%s", text, code), fmt.Sprintf("N:6:S%d+60,4:%s", text, code), "N:6:SL+0:" + names,
		},
		[]string{
			"N:1:*:7f454c46", "N:6:1:7f454c46", "N:6:EP+1:" + bytes(entry, 16), "N:6:EP+0,7:" + bytes(entry+8, 16), "N:1:EP+0:" + bytes(entry, 16),
			fmt.Sprintf("N:6:S%d+65:%s", text, code), fmt.Sprintf("N:6:SE%d:%s", last, code), "N:6:SL+1:" + names, "N:6:S999+0:" + names, "N:6:SE999:" + names,
		},
	}
}

// numberedNames gives each signature a name of its own.
func numberedNames(signatures []string) string {
	var b strings.Builder
	for i, s := range signatures {
		b.WriteString(strings.Replace(s, "N", fmt.Sprintf("Sig-%d", i), 1) + "\n")
	}
	return b.String()
}

// TestRulesMatchWhatSignaturesAreFor has YARA look for the rules, and ClamAV for the signatures that they are from.
func TestRulesMatchWhatSignaturesAreFor(t *testing.T) {
	for _, s := range samples(t) {
		t.Run(s.name, func(t *testing.T) {
			dir := t.TempDir()
			file := write(t, dir, "sample", string(s.content))
			for name, list := range map[string]struct {
				signatures []string
				want       int
			}{"in": {s.in, len(s.in)}, "out": {s.out, 0}} {
				text, stats := translated(t, numberedNames(list.signatures))
				if stats.Used != len(list.signatures) {
					t.Fatalf("%s: %+v of %d", name, stats, len(list.signatures))
				}
				out := run(t, nil, tool(t, "yara"), "--no-warnings", write(t, dir, name+".yar", text), file)
				for i, signature := range list.signatures {
					if got := strings.Contains(out, fmt.Sprintf("a_ndb_L%d_Sig_%d ", i+1, i)); got != (list.want > 0) {
						t.Errorf("YARA has %s in %s: %t, which should be among the ones %s", signature, s.name, got, name)
					}
				}
			}
		})
		t.Run(s.name+" by ClamAV", func(t *testing.T) {
			dir := t.TempDir()
			file := write(t, dir, "sample", string(s.content))
			out := clamscanAll(t, write(t, dir, "in.ndb", numberedNames(s.in)), file)
			for i, signature := range s.in {
				if !strings.Contains(out, fmt.Sprintf("Sig-%d.UNOFFICIAL FOUND", i)) {
					t.Errorf("ClamAV does not find %s in %s", signature, s.name)
				}
			}
			if out := clamscanAll(t, write(t, dir, "out.ndb", numberedNames(s.out)), file); strings.Contains(out, "FOUND") {
				t.Errorf("ClamAV finds in %s what should not be there:\n%s", s.name, out)
			}
		})
	}
}

// clamscanAll returns everything that clamscan finds in a file.
func clamscanAll(t *testing.T, db, file string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool(t, "clamscan"), "--allmatch", "--no-summary", "--database="+db, file)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() > 1 {
		t.Fatalf("clamscan: %v\n%s", err, out)
	}
	return string(out)
}

func TestSignaturesThatBecomeNoRule(t *testing.T) {
	for _, c := range []struct{ name, line, want string }{
		{"too few fields", "N:0:*", malformed},
		{"too many fields", "N:0:*:6162:1:255:3", malformed},
		{"no name", ":0:*:6162", malformed},
		{"name with a quote that ends it", "N\":0:*:616", malformed},
		{"target that is none", "N:x:*:6162", malformed},
		{"HTML", "N:3:*:6162", "unsupported target: 3"},
		{"mail", "N:4:*:6162", "unsupported target: 4"},
		{"text", "N:7:*:6162", "unsupported target: 7"},
		{"nothing", "N:0:*:", tooFewFixed},
		{"half a byte", "N:0:*:616", malformed},
		{"no digits", "N:0:*:61zz", malformed},
		{"space", "N:0:*:61 62", malformed},
		{"braces that are open", "N:0:*:6162{3", malformed},
		{"braces without a number", "N:0:*:6162{}6364", malformed},
		{"braces with a line", "N:0:*:6162{-}6364", malformed},
		{"braces with less than nothing", "N:0:*:6162{--3}6364", malformed},
		{"braces from more to less", "N:0:*:6162{5-3}6364", malformed},
		{"braces of very many", "N:0:*:6162{999999999}6364", malformed},
		{"alternatives that are open", "N:0:*:6162(63|64", malformed},
		{"empty alternative", "N:0:*:6162(63|)64", malformed},
		{"alternative of half a byte", "N:0:*:6162(6|64)65", malformed},
		{"alternative with a jump", "N:0:*:6162(63{2}64|65)66", malformed},
		{"alternatives in alternatives", "N:0:*:6162((63|64)|65)66", nested},
		{"not these", "N:0:*:6162!(63|64)65", negated},
		{"boundary of words", "N:0:*:(B)6162", boundary},
		{"boundary of lines", "N:0:*:6162(L)", boundary},
		{"anchored byte", "N:0:*:6162[1-3]63", anchored},
		{"a known byte alone", "N:0:*:61", tooFewFixed},
		{"no known bytes", "N:0:*:????", tooFewFixed},
		{"known halves of bytes", "N:0:*:6?6?6?", tooFewFixed},
		{"a byte alone after a long jump", "N:0:*:6162*63", tooFewFixed},
		{"a byte alone before a long jump", "N:0:*:61{300}6263", tooFewFixed},
		{"range at the beginning of a place", "N:0:4:{1-2}6162", edgeJump},
		{"long jump at the end", "N:0:*:6162{300}", edgeJump},
		{"too long", "N:0:*:" + strings.Repeat("61", maxTokens+1), tooLong},
		{"too many alternatives", "N:0:*:6162(" + strings.Repeat("63|", maxSplits+1) + "64)", tooManyChoices},
		{"version information", "N:1:VI:6162", otherOffset},
		{"shift in a whole section", "N:6:SE1,4:6162", otherOffset},
		{"macro", "N:0:$1:6162", otherOffset},
		{"offset that is none", "N:0:here:6162", otherOffset},
		{"negative offset", "N:0:-3:6162", otherOffset},
		{"entry point of any file", "N:0:EP+0:6162", noExecutable},
		{"section of any file", "N:0:SE0:6162", noExecutable},
		{"section without a number", "N:6:S+3:6162", otherOffset},
		{"whole section without a number", "N:6:SE:6162", malformed},
		{"shift that is none", "N:0:3,x:6162", malformed},
		{"end of file without a number", "N:0:EOF-x:6162", malformed},
		{"entry point without a number", "N:6:EP+:6162", otherOffset},
		{"levels", "N:0:*:6162:73:74", otherVersions},
		{"level that is none", "N:0:*:6162:x", malformed},
		{"line that is too long", "N:0:*:" + strings.Repeat("61", maxSignature), malformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, stats := translated(t, c.line+"\nN:0:*:6162\n")
			if stats.Used != 1 || len(stats.Unused) != 1 || stats.Unused[c.want] != 1 {
				t.Errorf("got %+v, want %q", stats, c.want)
			}
			if strings.Count(text, "rule ") != 1 || !strings.Contains(text, "a_ndb_L2_N") {
				t.Errorf("rules:\n%s", text)
			}
		})
	}
}

func TestRulesOfSeveralFilesHaveDifferentNames(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	write(t, a, "x.ndb", "N:0:*:6162\n")
	write(t, a, "x_ndb", "not ours")
	write(t, a, "x.NDB", "N:0:*:6162\n")
	write(t, b, "x.ndb", "N:0:*:6162\n")
	s, err := LoadSignatures([]string{a, b})
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	var all strings.Builder
	for _, r := range s.Rules() {
		names[r.Name] = true
		all.Write(r.Content)
	}
	if len(names) != 3 || len(s.Rules()) != 3 {
		t.Errorf("got %v", names)
	}
	run(t, nil, tool(t, "yara"), write(t, a, "all.yar", all.String()), "/dev/null")
}

// TestRulesCompile has YARA compile the most that a signature may have, and signatures made by chance.
func TestRulesCompile(t *testing.T) {
	yara := tool(t, "yara")
	lines := []string{
		"N:0:*:" + strings.Repeat("61", maxTokens), "N:0:*:6162(" + strings.Repeat("6364|", maxSplits) + "65)66",
		"N:0:*:" + strings.Repeat("6162*", 500) + "6162", "N:0:*:" + strings.Repeat("6162{-200}", 500) + "6162", "N:0:*:{64}6162{64}",
		"N:0:2147483647,2147483647:6162", "N:6:S2147483647-2147483647:6162{16777215}6364", "\"\\:0:*:6162", "{}$a:0:*:6162",
		strings.Repeat("n", 256) + ":0:*:6162",
	}
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	for range 800 {
		var hex strings.Builder
		for range 1 + random.IntN(8) {
			hex.WriteString(pick("6162", "616263", "6162", "6?", "?6", "??", "*", "{3}", "{-5}", "{2-300}", "{7-}", "(61|62)", "(6162|??|6?)", "{0}", "{-0}", "(61)", "{500}"))
		}
		lines = append(lines, strings.Join([]string{
			"N", pick("1", "6"), pick("*", "*", "5", "5,3", "EOF-7", "EOF-7,2", "EP+3", "EP-3,5", "S1+2", "SL-2", "SE3"), hex.String(),
		}, ":"))
	}
	text, stats := translated(t, strings.Join(lines, "\n"))
	if stats.Used < 200 {
		t.Errorf("only %d were translated: %v", stats.Used, stats.Unused)
	}
	run(t, nil, yara, "--no-warnings", write(t, t.TempDir(), "all.yar", text), "/dev/null")
}

func FuzzTranslate(f *testing.F) {
	for _, s := range []string{
		"N:0:*:6162", "N:6:EP+4,8:61??6?(62|6364)*{3}{1-}6566:73:255\n", "N:1:SE2:6162", "N:0:EOF-4:61(", "N:0:*:{", "N:0:*:!(61)", "#", "::::", "N:0:S:6162",
		"N:0:-:6162", "N:0:,:6162",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		text, stats, err := Translate(strings.NewReader(string(b)), string(b[:min(4, len(b))]))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(text, "\nrule "); n != stats.Used {
			t.Errorf("%d rules, want %d", n, stats.Used)
		}
		for i := range len(text) {
			if text[i] > '~' || text[i] < ' ' && text[i] != '\n' {
				t.Fatalf("byte %#x in rules", text[i])
			}
		}
	})
}
