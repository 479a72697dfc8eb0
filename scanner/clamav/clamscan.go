package clamav

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxLine  = 4096 // bytes of a line that clamscan prints
	maxLines = 1000 // that clamscan prints about one file
	maxSaid  = 5    // of them that are kept

	loadTime = 5 * time.Minute // for its signatures
)

// clamscan is a running clamscan. It loads its signatures once and then looks into one file after the other: its list of files
// (--file-list) is a pipe, into which one name is written after the answer to the one before.
type clamscan struct {
	cmd   *exec.Cmd
	desk  *desk
	names io.WriteCloser
	lines *bufio.Reader
	said  remarks
}

// startClamscan runs clamscan and waits until it has loaded its signatures.
func startClamscan(ctx context.Context, path, database string, opts Options) (*clamscan, error) {
	desk, err := newDesk()
	if err != nil {
		return nil, err
	}
	args := []string{
		"--no-summary", "--stdout", "--file-list=/dev/stdin", "--alert-exceeds-max=yes",
		"--max-filesize=" + strconv.FormatInt(opts.MaxSize, 10),
		"--max-scantime=" + strconv.FormatInt(opts.FileTime.Milliseconds(), 10),
	}
	if database != "" {
		args = append(args, "--database="+database)
	}
	//nolint:gosec // G204: the user named the program, and no argument is of a guest
	c := &clamscan{cmd: exec.CommandContext(context.WithoutCancel(ctx), path, args...), desk: desk}
	if err := c.start(); err != nil {
		return nil, errors.Join(err, desk.close())
	}
	ctx, cancel := context.WithTimeout(ctx, loadTime)
	defer cancel()
	if _, err := c.scan(ctx, []byte("guestctl")); err != nil {
		_ = c.close()
		return nil, binread.WithHint(fmt.Errorf("clamscan did not load its signatures: %w", err), "fetch them with freshclam")
	}
	return c, nil
}

func (c *clamscan) start() error {
	c.cmd.ExtraFiles = []*os.File{c.desk.file}
	var err error
	if c.names, err = c.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	c.cmd.Stderr = &c.said        // what libclamav says, which may be in the words of the file that it is at: no answer
	c.cmd.WaitDelay = time.Second // for what it started, if anything
	c.lines = bufio.NewReaderSize(out, maxLine)
	return c.cmd.Start()
}

// scan returns what clamscan says of a file: "OK", "NAME FOUND".
func (c *clamscan) scan(ctx context.Context, content []byte) (string, error) {
	stop := context.AfterFunc(ctx, func() { _ = c.cmd.Process.Kill() })
	defer stop()
	reply, err := c.exchange(content)
	return reply, because(ctx, err)
}

func (c *clamscan) exchange(content []byte) (string, error) {
	if err := c.desk.file.Truncate(0); err != nil {
		return "", err
	}
	if _, err := c.desk.file.WriteAt(content, 0); err != nil {
		return "", fmt.Errorf("memory of %d bytes: %w", len(content), err)
	}
	_, _ = io.WriteString(c.names, c.desk.name+"\n") // where it has ended, reading says so
	for range maxLines {
		b, err := c.lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return "", fmt.Errorf("clamscan printed a line of more than %d bytes", maxLine)
		}
		if err != nil {
			return "", c.ended()
		}
		line := string(b)
		if reply, ok := strings.CutPrefix(line, c.desk.name+": "); ok {
			return strings.TrimSuffix(reply, "\n"), nil
		}
		c.said.note(line)
	}
	return "", fmt.Errorf("clamscan printed more than %d lines about one file", maxLines)
}

// ended is the error of a clamscan that is no more.
func (c *clamscan) ended() error {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait() // for the last that it said
	text := "clamscan ended before it answered"
	if said := c.said.last(); len(said) > 0 {
		text += ": " + strings.Join(said, "; ")
	}
	return errors.New(text)
}

// close ends clamscan, whatever it does.
func (c *clamscan) close() error {
	_ = c.names.Close()
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait() // an error is how it ended
	return c.desk.close()
}
