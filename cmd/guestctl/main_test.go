package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/guestctl/guestctl/internal/conformance"
	"github.com/guestctl/guestctl/internal/fakeqemu"
	"github.com/guestctl/guestctl/scanner/yara"
)

func TestMain(m *testing.M) {
	yara.RunWorker()
	programs := map[string]func(){"guestctl": main}
	for _, name := range fakeqemu.Guests() {
		programs[name] = func() { os.Exit(fakeqemu.Play(name)) }
	}
	testscript.Main(m, programs)
}

// TestScripts runs the command line as a person would. UPDATE=1 writes the expected outputs again.
func TestScripts(t *testing.T) {
	images, err := filepath.Abs("../../testdata/images")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       os.Getenv("UPDATE") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("IMAGES", images)
			env.Setenv("KEYS", filepath.Join(images, "..", "..", "evidence", "testdata"))
			env.Setenv("PACKAGING", filepath.Join(images, "..", "..", "packaging"))
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, ".cache"))
			env.Setenv("SOURCE_DATE_EPOCH", "1795392000") // 2026-11-23
			b, err := os.ReadFile(filepath.Join(images, "..", "baseline.toml"))
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(env.WorkDir, "baseline.toml"), b, 0o644)
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "root":
				return os.Geteuid() == 0, nil
			case "mke2fs":
				_, err := exec.LookPath("mke2fs")
				return err == nil, nil
			case "yara":
				return yara.Version != "", nil
			}
			return false, errors.New("unknown condition " + cond)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":    exits,
			"unpack":   unpack,
			"truncate": truncate,
			"poke":     poke,
			"edit":     edit,
			"apart":    apart,
			"divide":   divide,
			"squeeze":  squeeze,
			"empty":    empty,
			"tarball":  tarball,
			"manifest": manifest,
			"taxii":    taxiiServer,
			"guest":    guestDisk,

			"gitlab-script": gitlabScript,
		},
	})
}

// exits runs a command and wants its exit code: exits 3 guestctl inspect x.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGS...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// unpack decompresses an image that is kept with gzip or zstd: unpack bare.img.gz bare.img.
func unpack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unpack IMAGE FILE")
	}
	b, err := conformance.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o644))
}

// truncate copies the first bytes of a file: truncate 4096 disk.qcow2 short.qcow2.
func truncate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: truncate BYTES FROM TO")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	b, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), b[:min(n, len(b))], 0o644))
}

// poke changes one byte of a file: poke disk.img 1076 0xff.
func poke(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: poke FILE OFFSET BYTE")
	}
	off, err := strconv.ParseInt(args[1], 0, 64)
	ts.Check(err)
	b, err := strconv.ParseUint(args[2], 0, 8)
	ts.Check(err)
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_WRONLY, 0)
	ts.Check(err)
	_, err = f.WriteAt([]byte{byte(b)}, off)
	ts.Check(errors.Join(err, f.Close()))
}

// guestDisk writes the disk of a guest that a program of fakeqemu boots: guest disk.img.
func guestDisk(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: guest FILE")
	}
	ts.Check(fakeqemu.Disk(ts.MkAbs(args[0]), fakeqemu.Before(), fakeqemu.Booted()))
}
