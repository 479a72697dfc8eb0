// Package postgrestest starts a PostgreSQL for a test, from the packages of Debian.
package postgrestest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// nobody is who runs the server where the test is root, which PostgreSQL refuses to be.
const nobody = 65534

// Server is a running PostgreSQL.
type Server struct {
	URL string

	t   testing.TB
	bin string
	dir string
}

// Start starts a server that ends with the test. Where PostgreSQL is not installed the test is skipped; GUESTCTL_POSTGRES=required makes
// that a failure.
func Start(t testing.TB) *Server {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(found) == 0 {
		if os.Getenv("GUESTCTL_POSTGRES") == "required" {
			t.Fatal("PostgreSQL is not installed: apt-get install postgresql")
		}
		t.Skip("PostgreSQL is not installed: apt-get install postgresql")
	}
	dir, err := os.MkdirTemp("", "pg") //nolint:usetesting // the name of a socket is short, and that of TempDir is not
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if os.Getuid() == 0 {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	s := &Server{"postgres://guestctl@/postgres?host=" + dir, t, found[len(found)-1], dir}
	s.run("initdb", "-A", "trust", "-U", "guestctl", "--no-sync", "-E", "UTF8")
	s.Up()
	t.Cleanup(func() { _ = s.command("pg_ctl", "-m", "immediate", "stop").Run() }) // it may be down
	return s
}

// Up starts the server again.
func (s *Server) Up() {
	s.t.Helper()
	s.run("pg_ctl", "-w", "-l", s.dir+"/log", "-o", "-c listen_addresses='' -c fsync=off -k "+s.dir, "start")
}

// Down stops the server and ends every connection.
func (s *Server) Down() {
	s.t.Helper()
	s.run("pg_ctl", "-w", "-m", "fast", "stop")
}

func (s *Server) run(program string, args ...string) {
	s.t.Helper()
	if out, err := s.command(program, args...).CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", program, err, out)
	}
}

func (s *Server) command(program string, args ...string) *exec.Cmd {
	args = slices.Concat([]string{s.bin + "/" + program, "-D", s.dir + "/data"}, args)
	if os.Getuid() == 0 {
		id := strconv.Itoa(nobody)
		args = slices.Concat([]string{"setpriv", "--reuid=" + id, "--regid=" + id, "--clear-groups"}, args)
	}
	cmd := exec.CommandContext(context.Background(), args[0], args[1:]...) //nolint:gosec // programs of PostgreSQL
	cmd.Dir = s.dir
	return cmd
}
