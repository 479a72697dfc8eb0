package clamav

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/scanner"
)

// clamd is one that a test started.
type clamd struct {
	cmd       *exec.Cmd
	unix, tcp string // addresses
}

// startClamd runs Debian's clamd with signatures of database and waits until it answers.
func startClamd(t *testing.T, config ...string) *clamd {
	t.Helper()
	program, db := tool(t, "clamd"), database(t)
	dir, err := os.MkdirTemp("", "clamd") //nolint:usetesting // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	// A profile of AppArmor that belongs to the installed program would keep it out of the folders of a test.
	b, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(dir, "clamd")
	if err := os.WriteFile(copied, b, 0o700); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	config = append(
		config, "Foreground yes", "DatabaseDirectory "+db, "TemporaryDirectory "+dir, "LocalSocket "+dir+"/socket",
		"TCPAddr 127.0.0.1", fmt.Sprint("TCPSocket ", port),
	)
	if os.Geteuid() == 0 {
		config = append(config, "User root")
	}
	var log bytes.Buffer
	d := &clamd{cmd: exec.CommandContext(t.Context(), copied, "--config-file="+write(t, dir, "clamd.conf", strings.Join(config, "\n")+"\n"))}
	d.unix, d.tcp = "unix:"+dir+"/socket", fmt.Sprint("tcp:127.0.0.1:", port)
	d.cmd.Stdout, d.cmd.Stderr = &log, &log
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- d.cmd.Wait() }()
	t.Cleanup(func() {
		d.kill()
		<-ended
	})
	for {
		if _, err := Dial(t.Context(), d.unix, Options{}); err == nil {
			return d
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("clamd ended: %v\n%s", err, log.Bytes())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (d *clamd) kill() { _ = d.cmd.Process.Kill() }

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func dialled(t *testing.T, addr string, opts Options) *Daemon {
	t.Helper()
	d, err := Dial(t.Context(), addr, opts)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestClamdFindsWhatItsSignaturesAreFor(t *testing.T) {
	d := startClamd(t)
	t.Run("FILDES", func(t *testing.T) { finds(t, opened(t, dialled(t, d.unix, Options{}))) })
	t.Run("path alone", func(t *testing.T) { finds(t, opened(t, dialled(t, strings.TrimPrefix(d.unix, "unix:"), Options{}))) })
	t.Run("INSTREAM", func(t *testing.T) { finds(t, opened(t, dialled(t, d.tcp, Options{}))) })

	t.Run("description", func(t *testing.T) {
		e := dialled(t, d.unix, Options{})
		got := e.Describe()
		if got.Name != "clamav" || !strings.HasPrefix(got.Version, "ClamAV ") || got.Date != "" || e.Key(nil) != "" {
			t.Errorf("got %+v, key %q", got, e.Key(nil))
		}
		if len(got.Warnings) != 2 || !strings.Contains(got.Warnings[0], "no official database") || !strings.Contains(got.Warnings[1], "AlertExceedsMax") {
			t.Errorf("warnings %q, want one of the database and one of the silent limits", got.Warnings)
		}
	})
	t.Run("several sessions at once", func(t *testing.T) {
		e := dialled(t, d.unix, Options{})
		for i := range 4 {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				finds(t, opened(t, e))
			})
		}
	})
}

func TestLimitsOfClamdAreTold(t *testing.T) {
	d := startClamd(t, "AlertExceedsMax yes", "MaxFileSize 2M", "StreamMaxLength 1M")
	large := append(eicar(), make([]byte, 3<<20)...)
	deep := eicar()
	for range 20 {
		deep = zipped(t, deep)
	}
	for _, c := range []struct {
		name, addr string
		content    []byte
		want       scanner.Reason
	}{
		{"longer than MaxFileSize", d.unix, large, scanner.LimitReached},
		{"longer than StreamMaxLength", d.tcp, large, scanner.TooLarge},
		{"deeper than MaxRecursion", d.unix, deep, scanner.LimitReached},
		{"longer than MaxSize", d.unix, make([]byte, 5<<20), scanner.TooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := opened(t, dialled(t, c.addr, Options{MaxSize: 4 << 20}))
			matches, err := s.Scan(t.Context(), object(c.content))
			if got := reasonOf(t, err); got != c.want || len(matches) != 0 {
				t.Errorf("got %q (%v), %v, want %q", got, err, matches, c.want)
			}
			finds(t, s)
		})
	}
	if w := dialled(t, d.unix, Options{}).Describe().Warnings; len(w) != 1 {
		t.Errorf("warnings %q of a clamd that tells of its limits, want one, of the database", w)
	}
}

func TestAClamdThatDiesIsToldAndTheScanGoesOn(t *testing.T) {
	d := startClamd(t)
	e := dialled(t, d.unix, Options{Patience: 300 * time.Millisecond})
	first, second := opened(t, e), opened(t, e)
	finds(t, first)
	busy := make(chan error)
	go func() {
		for {
			matches, err := second.Scan(t.Context(), object(gzipped(t, eicar())))
			if err != nil || len(matches) != 1 {
				busy <- err
				return
			}
		}
	}()
	d.kill()
	if got := reasonOf(t, <-busy); got != scanner.EngineStopped && got != scanner.EngineError {
		t.Errorf("got %q of the file that clamd died at", got)
	}
	for _, s := range []scanner.Session{first, second, first} {
		matches, err := s.Scan(t.Context(), object(eicar()))
		if got := reasonOf(t, err); got != scanner.EngineStopped || matches != nil {
			t.Errorf("got %q, %v, want %q", got, matches, scanner.EngineStopped)
		}
	}
}

func TestAClamdThatIsDownIsAnErrorThatHelps(t *testing.T) {
	for _, addr := range []string{"unix:" + filepath.Join(t.TempDir(), "socket"), fmt.Sprint("tcp:127.0.0.1:", freePort(t))} {
		_, err := Dial(t.Context(), addr, Options{})
		if err == nil || !strings.Contains(err.Error(), addr) || !strings.Contains(binread.HintOf(err), "start clamd") {
			t.Errorf("%s: got %v with hint %q", addr, err, binread.HintOf(err))
		}
	}
	if _, err := Dial(t.Context(), "clamd", Options{}); err == nil {
		t.Error("an address that is none: no error")
	}
}
