//go:build linux && cgo && !noyara

package yara

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/guestctl/guestctl/scanner"
)

// compileTime is how long one file of rules may take to compile.
const compileTime = 2 * time.Minute

// collection is rules by class, compiled.
type collection struct {
	Sets    []*set
	Classes map[scanner.Class]int
	Failed  []remark
	Notes   []remark

	warning string // about the cache or the worker
}

// compiled returns the rules of the files, from the cache or from the compiler.
func compiled(ctx context.Context, files []file, dir string) (*collection, error) {
	kept := store{dir: dir, key: cacheKey(files)}
	if c, ok := kept.get(files); ok {
		return c, nil
	}
	c, err := compile(ctx, files)
	if err != nil {
		return nil, err
	}
	if err := kept.put(c); err != nil {
		c.warning = fmt.Sprintf("compiled rules are not kept: %v", err)
	}
	return c, nil
}

// compile compiles a set of rules for each class; classes with the same files share one. Files with errors are left out.
func compile(ctx context.Context, files []file) (*collection, error) {
	failed := map[int]remark{}
	for {
		c := &collection{Classes: map[scanner.Class]int{}}
		before := len(failed)
		for _, class := range scanner.Classes() {
			if err := c.class(ctx, class, files, failed); err != nil {
				return nil, err
			}
		}
		if len(failed) > before {
			continue // without them
		}
		for _, m := range failed {
			c.Failed = append(c.Failed, m)
		}
		slices.SortFunc(c.Failed, compareRemarks)
		slices.SortFunc(c.Notes, compareRemarks)
		c.Notes = slices.Compact(c.Notes)
		return c, nil
	}
}

// class adds the rules for a class.
func (c *collection) class(ctx context.Context, class scanner.Class, files []file, failed map[int]remark) error {
	var numbers []int
	for i := range files {
		if _, bad := failed[i]; !bad && slices.Contains(files[i].classes, class) {
			numbers = append(numbers, i)
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	if i := slices.IndexFunc(c.Sets, func(s *set) bool { return slices.Equal(s.Files, numbers) }); i >= 0 {
		c.Classes[class] = i
		return nil
	}
	result, err := compileSet(ctx, numbers, files)
	if err != nil {
		return err
	}
	for _, m := range result.Failed {
		failed[m.File] = m
	}
	if len(result.Failed) > 0 {
		return nil // the caller begins anew
	}
	c.Classes[class] = len(c.Sets)
	c.Sets = append(c.Sets, &set{Rules: result.Rules, Table: result.Table, Files: numbers})
	c.Notes = append(c.Notes, result.Notes...)
	return nil
}

// compileSet has a worker compile some of the files. A file on which the worker dies, or does not end, is one that failed.
func compileSet(ctx context.Context, numbers []int, files []file) (*compileResult, error) {
	job := compileJob{}
	for _, v := range variables() {
		job.Variables = append(job.Variables, v.name)
	}
	for _, i := range numbers {
		job.Files = append(job.Files, compileFile{i, files[i].content, files[i].includes})
	}
	worker, err := start(ctx, compiling, job, nil)
	if err != nil {
		return nil, err
	}
	at := -1 // the file that is being compiled
	result, err := follow(worker, &at, 2*len(numbers))
	cause, endErr := worker.end()
	_, timedOut := worker.killed()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case endErr != nil:
		return nil, endErr
	case err == nil:
		return result, result.check(job)
	case timedOut:
		cause = "it does not end"
	case !isEnd(err):
		return nil, err
	}
	if !slices.Contains(numbers, at) {
		return nil, fmt.Errorf("the compiler died: %s", cause)
	}
	return &compileResult{Failed: []remark{{File: at, Text: "the compiler died on it: " + cause}}}, nil
}

// follow waits for the result of a worker that compiles, and begins with a file at most so many times.
func follow(worker *process, at *int, most int) (*compileResult, error) {
	if err := worker.ready(); err != nil {
		return nil, err
	}
	worker.deadline.Reset(compileTime)
	for {
		kind, body, err := worker.receiveOne(maxResult)
		switch {
		case err != nil:
			return nil, err
		case kind == kindProgress && len(body) == 4 && most > 0:
			most--
			*at = int(binary.LittleEndian.Uint32(body))
			worker.deadline.Reset(compileTime)
		case kind == kindFailed:
			return nil, errors.New(printable(body))
		case kind == kindResult:
			return decodeResult(body)
		default:
			return nil, errMessage
		}
	}
}

// decodeResult reads what a worker made of rules.
func decodeResult(body []byte) (*compileResult, error) {
	var r compileResult
	mode, err := decodeOptions().DecMode()
	if err != nil {
		return nil, err
	}
	if err := mode.Unmarshal(body, &r); err != nil {
		return nil, fmt.Errorf("%w: %w", errMessage, err)
	}
	return &r, nil
}

// decodeOptions allow as many rules as anyone has.
func decodeOptions() cbor.DecOptions {
	return cbor.DecOptions{MaxArrayElements: 1 << 22, MaxMapPairs: 1 << 16}
}
