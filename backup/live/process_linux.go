package live

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// attributes make QEMU the first of a group of its own, which dies with this program.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// waits is how long each thread of a process has been waiting for a processor (Documentation/scheduler/sched-stats.rst). Nothing is known
// where the kernel does not tell.
func waits(pid int) map[string]time.Duration {
	dir := fmt.Sprintf("/proc/%d/task", pid)
	threads, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	all := map[string]time.Duration{}
	for _, t := range threads {
		b, err := os.ReadFile(dir + "/" + t.Name() + "/schedstat")
		if err != nil {
			continue // it ended
		}
		if fields := strings.Fields(string(b)); len(fields) == 3 {
			if ns, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
				all[t.Name()] = time.Duration(ns)
			}
		}
	}
	return all
}
