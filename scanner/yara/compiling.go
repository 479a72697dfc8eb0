//go:build linux && cgo && !noyara

package yara

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/fxamacker/cbor/v2"
	yara "github.com/hillu/go-yara/v4"
)

// compileJob is what a worker that compiles is started with: the files of one set of rules.
type compileJob struct {
	Variables []string
	Files     []compileFile
}

// compileFile is one file of rules. What it includes is named by includeKey.
type compileFile struct {
	Number   int
	Content  []byte
	Includes map[string][]byte
}

// compileResult is what became of the files: compiled rules, or what is wrong with some of them.
type compileResult struct {
	Rules  []byte
	Table  []rule
	Failed []remark
	Notes  []remark // of the compiler, such as on slow rules
}

// remark is what the compiler says of a file, or of one that it includes.
type remark struct {
	File    int
	Include string // as the statement has it
	Line    int
	Text    string
}

// compileRules compiles the files into one set of rules and sends it. After an error libyara's compiler cannot go on: so where
// one file has an error each is compiled alone to find all that have.
func compileRules(job compileJob) error {
	if err := send(kindReady, []byte(confined())); err != nil {
		return err
	}
	result, err := compileTogether(job)
	if err != nil {
		return err
	}
	if len(result.Failed) > 0 {
		if alone, err := compileAlone(job); err != nil {
			return err
		} else if len(alone) > 0 {
			result.Failed = alone
		}
	}
	body, err := cbor.Marshal(result)
	if err != nil {
		return err
	}
	return send(kindResult, body)
}

func compileAlone(job compileJob) (failed []remark, err error) {
	for _, f := range job.Files {
		r, err := compileTogether(compileJob{job.Variables, []compileFile{f}})
		if err != nil {
			return nil, err
		}
		failed = append(failed, r.Failed...)
	}
	return failed, nil
}

// compileTogether compiles files until one has an error.
func compileTogether(job compileJob) (r compileResult, err error) {
	c, err := yara.NewCompiler()
	if err != nil {
		return r, err
	}
	defer c.Destroy()
	for _, name := range job.Variables {
		if err := c.DefineVariable(name, ""); err != nil {
			return r, err
		}
	}
	for _, f := range job.Files {
		if err := send(kindProgress, binary.LittleEndian.AppendUint32(nil, uint32(f.Number))); err != nil {
			return r, err
		}
		r.Notes = append(r.Notes, compileOne(c, f, &r.Failed)...)
		if len(r.Failed) > 0 {
			return r, nil
		}
	}
	rules, err := c.GetRules()
	if err != nil {
		return r, fmt.Errorf("compiling: %w", err)
	}
	defer rules.Destroy()
	r.Table = table(rules)
	var b bytes.Buffer
	err = rules.Write(&b)
	r.Rules = b.Bytes()
	return r, err
}

// compileOne adds a file to the rules, under a name of its own.
func compileOne(c *yara.Compiler, f compileFile, failed *[]remark) (notes []remark) {
	c.SetIncludeCallback(func(name, including, _ string) []byte {
		if content, ok := f.Includes[includeKey(including, name)]; ok {
			return append([]byte{}, content...) // not nil, which says that there is no such file
		}
		return nil
	})
	c.Errors, c.Warnings = nil, nil
	err := c.AddString(string(f.Content), strconv.Itoa(f.Number))
	for _, m := range c.Warnings {
		notes = append(notes, remarkOf(f, m))
	}
	switch {
	case err == nil:
	case len(c.Errors) > 0:
		*failed = append(*failed, remarkOf(f, c.Errors[0]))
	default:
		*failed = append(*failed, remark{File: f.Number, Text: err.Error()})
	}
	return notes
}

func remarkOf(f compileFile, m yara.CompilerMessage) remark {
	return remark{f.Number, m.Filename, m.Line, valid(m.Text)}
}

// table is what the rules say of themselves, in libyara's order.
func table(rules *yara.Rules) []rule {
	var all []rule
	for _, r := range rules.GetRules() {
		number, err := strconv.Atoi(r.Namespace())
		if err != nil {
			number = -1 // the reader refuses it
		}
		t := rule{File: number, Name: valid(r.Identifier()), Private: r.IsPrivate()}
		for _, tag := range r.Tags() {
			t.Tags = append(t.Tags, valid(tag))
		}
		for _, m := range r.Metas() {
			t.Meta = append(t.Meta, meta{valid(m.Identifier), valid(fmt.Sprint(m.Value))})
		}
		for _, s := range r.Strings() {
			t.Strings = append(t.Strings, valid(s.Identifier()))
		}
		all = append(all, t)
	}
	return all
}

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// check holds a result against the files that it is of. A worker that read rules of a user may say anything.
func (r *compileResult) check(job compileJob) error {
	numbers := map[int]bool{}
	for _, f := range job.Files {
		numbers[f.Number] = true
	}
	for i := range r.Table {
		if !numbers[r.Table[i].File] || len(r.Table[i].Strings) > 1<<16 {
			return errMessage
		}
	}
	for _, m := range append(r.Failed, r.Notes...) {
		if !numbers[m.File] {
			return errMessage
		}
	}
	if len(r.Failed) == 0 && len(r.Rules) == 0 {
		return errors.New("no rules came of it")
	}
	return nil
}

// problem is a remark for people.
func (m remark) problem(files []file) Problem {
	f := files[m.File]
	p := Problem{f.path, m.Line, m.Text}
	if m.Include != "" {
		p.File = shownInclude(f.path, m.Include)
	}
	if name, ok := strings.CutPrefix(m.Text, "callback failed to provide include resource: "); ok && f.refused[name] != "" {
		p.Message = fmt.Sprintf("cannot include %q: %s", name, f.refused[name])
	}
	return p
}

func compareRemarks(a, b remark) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Include, b.Include), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Text, b.Text))
}
