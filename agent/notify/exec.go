package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// pipesOpen is for how long a command that has ended may leave its output open.
const pipesOpen = 2 * time.Second

// parseExec reads exec:/PATH/COMMAND.
func parseExec(text string) (*Channel, error) {
	path := strings.TrimPrefix(text, "exec:")
	if !filepath.IsAbs(path) || strings.ContainsRune(path, 0) {
		return nil, errors.New("exec: want the whole path of a command without arguments, such as exec:/usr/local/bin/page")
	}
	return &Channel{"exec " + path, func(ctx context.Context, d *delivery, n *Notice) error { return d.run(ctx, path, n) }}, nil
}

// run runs a command, and no shell. It has the notice as JSON on its standard input and the most of it in its environment.
func (d *delivery) run(ctx context.Context, path string, n *Notice) error {
	body, err := json.Marshal(n)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(body), d.Output, d.Output
	cmd.Env = append(os.Environ(), environment(n)...)
	cmd.WaitDelay = pipesOpen
	inGroup(cmd)
	err = cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) { // it ended well, and something that it left behind goes on
		return nil
	}
	var broken *os.PathError
	if errors.As(err, &broken) {
		err = broken.Err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// environment is the notice as variables.
func environment(n *Notice) []string {
	return []string{
		"GUESTCTL_NOTICE=" + n.ID, "GUESTCTL_EVENTS=" + Words(n.Events), "GUESTCTL_JOB=" + n.Job,
		"GUESTCTL_RUN=" + strconv.FormatInt(n.Run, 10), "GUESTCTL_RESULT=" + string(n.Result), "GUESTCTL_BEFORE=" + string(n.Before),
		"GUESTCTL_NEW=" + strconv.Itoa(len(n.New)+n.MoreNew), "GUESTCTL_GONE=" + strconv.Itoa(len(n.Gone)+n.MoreGone),
		"GUESTCTL_HEADLINE=" + n.Headline(),
	}
}
