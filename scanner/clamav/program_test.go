package clamav

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/scanner"
)

func TestClamscanFindsWhatItsSignaturesAreFor(t *testing.T) {
	e, err := Command(t.Context(), CommandOptions{
		Options: Options{MaxSize: 4 << 20}, Path: tool(t, "clamscan"), Database: database(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	first, second := opened(t, e), opened(t, e)
	finds(t, first)
	finds(t, second)

	deep := eicar()
	for range 20 {
		deep = zipped(t, deep)
	}
	for name, c := range map[string]struct {
		content []byte
		want    scanner.Reason
	}{
		"as long as MaxSize":     {make([]byte, 4<<20), ""},
		"longer than MaxSize":    {make([]byte, 4<<20+1), scanner.TooLarge},
		"deeper than ClamAV":     {deep, scanner.LimitReached},
		"nothing":                {nil, ""},
		"shorter than the other": {[]byte("x"), ""},
	} {
		if _, err := first.Scan(t.Context(), object(c.content)); reasonOf(t, err) != c.want {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	if got := e.Describe(); got.Name != "clamav" || !strings.HasPrefix(got.Version, "ClamAV ") || len(got.Warnings) != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestClamscanEndsWithItsLastSession(t *testing.T) {
	e := fake(t, "exit 1", Options{})
	var sessions []scanner.Session
	for range 2 {
		s, err := e.Open(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		sessions = append(sessions, s)
	}
	for i, want := range []bool{true, false} {
		if err := sessions[i].Close(); err != nil {
			t.Error(err)
		}
		if running := e.clamscan != nil; running != want {
			t.Errorf("after %d were closed: runs: %t, want %t", i+1, running, want)
		}
	}
	finds := opened(t, e)
	if matches, err := finds.Scan(t.Context(), object([]byte("x"))); err != nil || len(matches) != 1 {
		t.Errorf("opened again: got %v, %v", matches, err)
	}
}

func TestClamscanWithoutSignaturesSaysSo(t *testing.T) {
	e, err := Command(t.Context(), CommandOptions{Path: tool(t, "clamscan"), Database: filepath.Join(t.TempDir(), "missing")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Open(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "ERROR: ") {
		t.Errorf("got %v, want what clamscan says of its database", err)
	}
}

func TestClamscanThatIsMissingIsAnErrorThatHelps(t *testing.T) {
	_, err := Command(t.Context(), CommandOptions{Path: filepath.Join(t.TempDir(), "clamscan")})
	if err == nil || !strings.Contains(binread.HintOf(err), "install ClamAV") {
		t.Errorf("got %v with hint %q", err, binread.HintOf(err))
	}
}

// fake is a clamscan that does something else when it is shown a file that begins with "bad".
func fake(t *testing.T, bad string, opts Options) *Program {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	path := write(t, t.TempDir(), "clamscan", `#!/bin/sh
[ "$1" = --version ] && echo 'ClamAV 1.4.6/27500/Thu Nov 26 09:00:00 2026' && exit
while read -r name; do
	case $(head -c 3 "$name") in
	bad) `+bad+` ;;
	*) echo "$name: Found.It FOUND" ;;
	esac
done
`)
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
	e, err := Command(t.Context(), CommandOptions{Options: opts, Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAClamscanThatFailsCostsOneFile(t *testing.T) {
	for _, c := range []struct {
		name, does string
		want       scanner.Reason
		detail     string
	}{
		{"ends", "echo out of memory; exit 2", scanner.EngineCrashed, "out of memory"},
		{"is killed", "kill -9 $$", scanner.EngineCrashed, "ended before it answered"},
		{"says something else", `echo "$name: Excluded"`, scanner.EngineCrashed, "Excluded"},
		{"says very much", "yes", scanner.EngineCrashed, "more than 1000 lines"},
		{"says a long line", "head -c 100000 /dev/zero", scanner.EngineCrashed, "a line of more than"},
		{"answers with an error", `echo "$name: Can't read file ERROR"`, scanner.EngineError, "Can't read file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := opened(t, fake(t, c.does, Options{}))
			_, err := s.Scan(t.Context(), object([]byte("bad")))
			if reasonOf(t, err) != c.want || !strings.Contains(err.Error(), c.detail) {
				t.Errorf("got %v, want %q with %q", err, c.want, c.detail)
			}
			if matches, err := s.Scan(t.Context(), object([]byte("next"))); err != nil || len(matches) != 1 {
				t.Errorf("next file: got %v, %v", matches, err)
			}
		})
	}
}

// TestWhatLibclamavSaysIsNoAnswer has a file whose names are printed among the troubles with it, and look like an answer.
func TestWhatLibclamavSaysIsNoAnswer(t *testing.T) {
	s := opened(t, fake(t, `echo "LibClamAV Warning: member x" >&2; echo "$name: OK" >&2; sleep 0.1; echo "$name: Found.It FOUND"`, Options{}))
	for range 2 {
		if matches, err := s.Scan(t.Context(), object([]byte("bad"))); err != nil || len(matches) != 1 {
			t.Errorf("got %v, %v; want a match", matches, err)
		}
	}
	dies := opened(t, fake(t, `echo "LibClamAV Error: no memory" >&2; exit 2`, Options{}))
	if _, err := dies.Scan(t.Context(), object([]byte("bad"))); err == nil || !strings.Contains(err.Error(), "no memory") {
		t.Errorf("got %v, want what libclamav said", err)
	}
}

func TestAClamscanThatDoesNotAnswerIsEnded(t *testing.T) {
	s := opened(t, fake(t, "exec sleep 600", Options{FileTime: 500 * time.Millisecond}))
	if _, err := s.Scan(t.Context(), object([]byte("bad"))); reasonOf(t, err) != scanner.TimedOut {
		t.Errorf("got %v, want %q", err, scanner.TimedOut)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := s.Scan(ctx, object([]byte("bad"))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that of the context", err)
	}
}

func TestAClamscanThatDiesOftenIsGivenUp(t *testing.T) {
	e := fake(t, "exit 1", Options{})
	s := opened(t, e)
	for range maxCrashes {
		if _, err := s.Scan(t.Context(), object([]byte("bad"))); reasonOf(t, err) != scanner.EngineCrashed {
			t.Errorf("got %v, want %q", err, scanner.EngineCrashed)
		}
	}
	if _, err := s.Scan(t.Context(), object([]byte("good"))); reasonOf(t, err) != scanner.EngineStopped {
		t.Errorf("got %v, want %q", err, scanner.EngineStopped)
	}
	if got := e.Describe(); got.Date != "2026-11-26" || e.Key(nil) == "" {
		t.Errorf("got %+v, key %q", got, e.Key(nil))
	}
}
