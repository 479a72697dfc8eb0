//go:build linux && cgo && !noyara

package yara

/*
#include <signal.h>

// A fault is to end the process by its signal. Go's handlers would make a message and an exit code of it.
static void faults_end_the_process(void) {
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	signal(SIGILL, SIG_DFL);
	signal(SIGFPE, SIG_DFL);
	signal(SIGABRT, SIG_DFL);
}
*/
import "C"

import (
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/fxamacker/cbor/v2"
)

// The files that a worker has, beside the three that every process has.
const (
	requestFile = 3 + iota
	replyFile
	jobFile    // what the worker is to do
	regionFile // the first of the regions of scanner.Memory
)

const (
	workerName  = "guestctl: yara worker" // os.Args[0]
	scanning    = "scan"                  // os.Args[1]
	compiling   = "compile"
	exitMistake = 3
)

// RunWorker does the work of a worker process and ends it. It returns at once in a process that is none. Call it before
// anything else in main, and in TestMain.
func RunWorker() {
	if os.Args[0] == workerName {
		runWorker(nil)
	}
}

// runWorker is a worker process. Tests ask it questions of their own, which probe answers.
func runWorker(probe func(question []byte) []byte) {
	runtime.LockOSThread()
	C.faults_end_the_process()
	if err := work(probe); err != nil {
		_ = writeAll(replyFile, message(kindFailed, []byte(err.Error()))) // nobody may be there any more
		os.Exit(exitMistake)
	}
	os.Exit(0)
}

func work(probe func([]byte) []byte) error {
	if len(os.Args) != 2 {
		return fmt.Errorf("not started by guestctl")
	}
	if err := limitResources(); err != nil {
		return err
	}
	job, err := readJob()
	if err != nil {
		return err
	}
	switch os.Args[1] {
	case scanning:
		var j scanJob
		if err := cbor.Unmarshal(job, &j); err != nil {
			return err
		}
		return scanFiles(j, probe)
	case compiling:
		var j compileJob
		if err := cbor.Unmarshal(job, &j); err != nil {
			return err
		}
		return compileRules(j)
	}
	return fmt.Errorf("no work is called %q", os.Args[1])
}

func send(kind byte, body []byte) error { return writeAll(replyFile, message(kind, body)) }

// readJob reads what the worker is to do. The place in the file is not used, since workers share it.
func readJob() ([]byte, error) {
	f := os.NewFile(jobFile, "job")
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(f, 0, info.Size()))
}
