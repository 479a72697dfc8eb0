package clamav

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/guestctl/guestctl/scanner"
)

// server is a clamd that does what a test wants.
type server struct {
	t        *testing.T
	listener net.Listener
	wg       sync.WaitGroup
	// answer says something to a file, of which content is the first chunk, or ends the connection with false. id is the number
	// of the request.
	answer func(c net.Conn, id int, content []byte) bool
	greet  map[string]string // replies to PING and VERSION

	mu    sync.Mutex
	conns []net.Conn
}

// serve starts a server, which is asked for a first file when it is greeted, and answers that one as clean.
func serve(t *testing.T, answer func(c net.Conn, id int, content []byte) bool) *server {
	t.Helper()
	return greeting(t, answer, "PONG", "ClamAV 1.4.6/27500/Thu Nov 26 09:00:00 2026")
}

func greeting(t *testing.T, answer func(c net.Conn, id int, content []byte) bool, pong, version string) *server {
	t.Helper()
	s := &server{t: t, answer: answer, greet: map[string]string{"PING": pong, "VERSION": version}}
	s.listen("127.0.0.1:0")
	t.Cleanup(s.stop)
	return s
}

func (s *server) listen(at string) {
	l, err := net.Listen("tcp", at)
	if err != nil {
		s.t.Fatal(err)
	}
	s.listener = l
	s.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = append(s.conns, c)
			s.mu.Unlock()
			s.wg.Go(func() {
				defer c.Close()
				s.talk(c)
			})
		}
	})
}

// stop ends the server and all connections.
func (s *server) stop() {
	_ = s.listener.Close()
	s.mu.Lock()
	for _, c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
}

func (s *server) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

func (s *server) talk(c net.Conn) {
	r := bufio.NewReader(c)
	for id := 0; ; id++ {
		command, err := r.ReadString(0)
		if err != nil {
			return
		}
		switch command = strings.Trim(command, "z\x00"); command {
		case "IDSESSION":
		case "PING", "VERSION":
			say(c, id, s.greet[command])
		case "INSTREAM":
			first, ok := receive(r)
			if !ok {
				return
			}
			if strings.HasPrefix(string(first), "PK") {
				say(c, id, "stream: OK")
			} else if !s.answer(c, id, first) {
				return
			}
		}
	}
}

// receive reads a file in chunks and returns the first.
func receive(r io.Reader) (first []byte, ok bool) {
	for {
		var size [4]byte
		if _, err := io.ReadFull(r, size[:]); err != nil {
			return nil, false
		}
		n := binary.BigEndian.Uint32(size[:])
		if n == 0 {
			return first, true
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, false
		}
		if first == nil {
			first = b
		}
	}
}

func say(c net.Conn, id int, reply string) {
	_, _ = c.Write([]byte(strconv.Itoa(id) + ": " + reply + "\x00"))
}

func (s *server) dial(opts Options) *Daemon {
	s.t.Helper()
	return dialled(s.t, "tcp:"+s.listener.Addr().String(), opts)
}

func TestRepliesThatAreWrongCostOneFile(t *testing.T) {
	for _, c := range []struct {
		name, reply string
		want        scanner.Reason
	}{
		{"number of another request", "7: stream: OK\x00", scanner.EngineError},
		{"no number", "stream: OK\x00", scanner.EngineError},
		{"garbage", "\xff\xfe\x01\x00", scanner.EngineError},
		{"nothing but an end", "\x00", scanner.EngineError},
		{"half a reply", "1: str", scanner.EngineError},
		{"nothing", "", scanner.EngineError},
		{"no end", strings.Repeat("1", 1<<20), scanner.EngineError},
		{"more than was asked for", "1: stream: OK\x002: stream: OK\x00", scanner.EngineError},
		{"neither clean nor found", "1: stream: perhaps\x00", scanner.EngineError},
		{"error", "1: COMMAND READ TIMED OUT ERROR\x00", scanner.EngineError},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, func(conn net.Conn, id int, content []byte) bool {
				if string(content) == "bad" {
					_, _ = conn.Write([]byte(c.reply))
					return false
				}
				say(conn, id, "stream: Found.It FOUND")
				return true
			})
			session := opened(t, s.dial(Options{}))
			for range 2 {
				if _, err := session.Scan(t.Context(), object([]byte("bad"))); reasonOf(t, err) != c.want {
					t.Errorf("got %v, want %q", err, c.want)
				}
				matches, err := session.Scan(t.Context(), object([]byte("next")))
				if err != nil || len(matches) != 1 || matches[0].Rule != "Found.It" {
					t.Errorf("next file: got %v, %v", matches, err)
				}
			}
		})
	}
}

// clean answers that files are clean.
func clean(c net.Conn, id int, _ []byte) bool {
	say(c, id, "stream: OK")
	return true
}

func TestASessionThatClamdEndedIsTakenUpAgain(t *testing.T) {
	s := serve(t, func(c net.Conn, id int, _ []byte) bool {
		say(c, id, "stream: OK")
		return false
	})
	session := opened(t, s.dial(Options{}))
	for range 3 {
		if _, err := session.Scan(t.Context(), object([]byte("x"))); err != nil {
			t.Error(err)
		}
	}
	if n := s.connections(); n != 4 {
		t.Errorf("%d connections, want one to greet and three", n)
	}
}

func TestAClamdThatIsStartedAgainIsWaitedFor(t *testing.T) {
	s := serve(t, clean)
	session := opened(t, s.dial(Options{}))
	if _, err := session.Scan(t.Context(), object([]byte("x"))); err != nil {
		t.Fatal(err)
	}
	s.stop()
	scanned := make(chan error)
	go func() {
		_, err := session.Scan(t.Context(), object([]byte("x")))
		scanned <- err
	}()
	s.listen(s.listener.Addr().String())
	if err := <-scanned; err != nil {
		t.Error(err)
	}
}

func TestAClamdThatDoesNotAnswerIsGivenUp(t *testing.T) {
	s := serve(t, func(net.Conn, int, []byte) bool { return true })
	d := s.dial(Options{FileTime: time.Millisecond})
	session := opened(t, d)
	for i := range maxUnanswered {
		if _, err := session.Scan(t.Context(), object([]byte("x"))); reasonOf(t, err) != scanner.TimedOut {
			t.Errorf("file %d: got %v, want %q", i, err, scanner.TimedOut)
		}
	}
	for _, session := range []scanner.Session{session, opened(t, d)} {
		if _, err := session.Scan(t.Context(), object([]byte("x"))); reasonOf(t, err) != scanner.EngineStopped {
			t.Errorf("got %v, want %q", err, scanner.EngineStopped)
		}
	}
}

func TestAReplyIsReadAfterAnErrorOfWriting(t *testing.T) {
	client, other := net.Pipe()
	defer client.Close()
	go func() {
		defer other.Close()
		_, _ = other.Write([]byte("1: INSTREAM size limit exceeded. ERROR\x00"))
	}()
	c := &conn{Conn: brokenPipe{client}, replies: bufio.NewReaderSize(client, maxReply)}
	reply, err := c.scan(t.Context(), []byte("x"))
	if err != nil || reply != "INSTREAM size limit exceeded. ERROR" {
		t.Errorf("got %q, %v", reply, err)
	}
}

// brokenPipe is a connection that the other side does not read any more.
type brokenPipe struct{ net.Conn }

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestTheEndOfAScanEndsAQuestion(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(net.Conn, int, []byte) bool {
		cancel()
		return true
	})
	session := opened(t, s.dial(Options{}))
	for range 2 {
		if _, err := session.Scan(ctx, object([]byte("x"))); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want that of the context", err)
		}
	}
}

func TestGreetingsThatAreWrong(t *testing.T) {
	for _, c := range []struct{ name, pong, version, want string }{
		{"not alive", "PING?", "ClamAV 1.4.6", "want PONG"},
		{"another program", "PONG", "OpenSSH_9.2", "want one that begins with ClamAV"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := greeting(t, clean, c.pong, c.version)
			_, err := Dial(t.Context(), "tcp:"+s.listener.Addr().String(), Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestVerdictsAreKeptForADatabase(t *testing.T) {
	s := serve(t, clean)
	d := s.dial(Options{})
	if got := d.Describe(); got.Date != "2026-11-26" || len(got.Warnings) != 1 {
		t.Errorf("got %+v", got)
	}
	later := greeting(t, clean, "PONG", "ClamAV 1.4.6/27501/Fri Nov 27 09:00:00 2026")
	keys := map[string]bool{d.Key(nil): true, later.dial(Options{}).Key(nil): true, s.dial(Options{MaxSize: 1}).Key(nil): true}
	keys[s.dial(Options{Now: time.Unix(1795392000, 0)}).Key(nil)] = true
	keys[s.dial(Options{Now: time.Unix(1795392000+24*60*60, 0)}).Key(nil)] = true
	if len(keys) != 5 || keys[""] {
		t.Errorf("keys %v, want one for each database, limit and day", keys)
	}
}
