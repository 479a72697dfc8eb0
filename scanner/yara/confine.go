//go:build linux && cgo && !noyara

package yara

import (
	"fmt"
	"os"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

const (
	maxAddresses = 4 << 30 // bytes of memory a worker can ask for
	maxOpen      = 32
)

// limitResources limits what the process can take from the machine.
func limitResources() error {
	limits := map[int]uint64{unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: 0, unix.RLIMIT_NOFILE: maxOpen, unix.RLIMIT_AS: maxAddresses}
	if raceDetector {
		delete(limits, unix.RLIMIT_AS)
	}
	for resource, n := range limits {
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: n, Max: n}); err != nil {
			return fmt.Errorf("setrlimit: %w", err)
		}
	}
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

// allowed are the calls of the kernel that are left to a worker: memory, threads, time, signals, and the files that it has.
func allowed() []string {
	return []string{
		"read", "write", "pread64", "close", "lseek", "fstat",
		"munmap", "mremap", "madvise", "mincore", "brk",
		"futex", "set_robust_list", "rseq", "sched_yield", "sched_getaffinity", "getpid", "gettid", "exit", "exit_group",
		"clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time",
		"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall",
		// Go's runtime makes its poller when it first needs it, for its own timers.
		"epoll_create1", "eventfd2", "epoll_ctl", "epoll_wait", "epoll_pwait", "poll", "ppoll",
		"getrandom", "sysinfo",
	}
}

// confine takes from all threads of the process everything that parsing files does not need. The process can start threads, and no
// other process; the memory that it asks for can hold no programs.
func confine() error {
	info, err := arch.GetInfo("")
	if err != nil {
		return err
	}
	var names []string
	for _, name := range allowed() {
		if _, known := info.SyscallNames[name]; known { // machines have different ones
			names = append(names, name)
		}
	}
	notExecutable := seccomp.ArgumentConditions{{Argument: 2, Operation: seccomp.BitsNotSet, Value: unix.PROT_EXEC}}
	return seccomp.LoadFilter(seccomp.Filter{
		NoNewPrivs: true,
		Flag:       seccomp.FilterFlagTSync,
		Policy: seccomp.Policy{
			DefaultAction: seccomp.ActionErrno, // EPERM
			Syscalls: []seccomp.SyscallGroup{
				{Action: seccomp.ActionAllow, Names: names},
				{Action: seccomp.ActionAllow, NamesWithCondtions: []seccomp.NameWithConditions{
					{Name: "mmap", Conditions: notExecutable},
					{Name: "mprotect", Conditions: notExecutable},
					{Name: "clone", Conditions: seccomp.ArgumentConditions{{Argument: 0, Operation: seccomp.BitsSet, Value: unix.CLONE_THREAD}}},
					{Name: "tgkill", Conditions: seccomp.ArgumentConditions{{Argument: 0, Operation: seccomp.Equal, Value: uint64(os.Getpid())}}},
				}},
				// What clone3 is to do stands in memory, where a filter cannot look. The C library falls back to clone.
				{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: []string{"clone3"}},
			},
		},
	})
}

// confined is the reason why the process is not confined, "" where it is.
func confined() string {
	if err := confine(); err != nil {
		return err.Error()
	}
	return ""
}
