package main

import (
	"os/exec"
	"syscall"
)

// withParent has a process end with this one, also when this one is killed.
func withParent(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
