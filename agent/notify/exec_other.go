//go:build !unix

package notify

import "os/exec"

// inGroup does nothing where the system has no groups of processes: the command alone is ended.
func inGroup(*exec.Cmd) {}
