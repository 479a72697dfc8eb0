package clamav

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// chunk is how many bytes of a file are sent at once.
const chunk = 256 << 10

// errLost says that a connection ended before the answer.
var errLost = errors.New("clamd closed the connection before it answered")

// conn is a connection to clamd, with a session in which one request follows the answer to the one before.
type conn struct {
	net.Conn
	replies *bufio.Reader
	id      int // of the request before
}

func (a address) dial(ctx context.Context) (*conn, error) {
	nc, err := (&net.Dialer{}).DialContext(ctx, a.network, a.at)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: nc, replies: bufio.NewReaderSize(nc, maxReply)}
	if err := c.within(ctx, func() error { return c.send("zIDSESSION") }); err != nil {
		return nil, errors.Join(err, nc.Close())
	}
	return c, nil
}

// within does something with the connection that ends when ctx does.
func (c *conn) within(ctx context.Context, do func() error) error {
	if err := c.SetDeadline(time.Time{}); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	return because(ctx, do())
}

// because adds the end of a context to the error that it led to.
func because(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return err
}

func (c *conn) send(command string) error {
	_, err := c.Write(append([]byte(command), 0))
	return err
}

// ask sends a command without data.
func (c *conn) ask(ctx context.Context, command string) (string, error) {
	return c.exchange(ctx, func() error { return c.send("z" + command) })
}

// scan has clamd look into a file: one that it is handed, where both sides are on one machine.
func (c *conn) scan(ctx context.Context, content []byte) (string, error) {
	local, ok := c.Conn.(*net.UnixConn)
	if !ok || !passesFiles {
		return c.exchange(ctx, func() error { return c.stream(content) })
	}
	f, err := memoryFile(content)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return c.exchange(ctx, func() error {
		if err := c.send("zFILDES"); err != nil {
			return err
		}
		return pass(local, f)
	})
}

// exchange sends something and reads the reply.
func (c *conn) exchange(ctx context.Context, send func() error) (reply string, err error) {
	err = c.within(ctx, func() error {
		reply, err = c.answer(send())
		return err
	})
	return reply, err
}

// stream sends a file in chunks, each after its length, and a length of zero in the end.
func (c *conn) stream(content []byte) error {
	if err := c.send("zINSTREAM"); err != nil {
		return err
	}
	for len(content) > 0 {
		n := min(len(content), chunk)
		buffers := net.Buffers{binary.BigEndian.AppendUint32(nil, uint32(n)), content[:n]}
		if _, err := buffers.WriteTo(c.Conn); err != nil {
			return err
		}
		content = content[n:]
	}
	_, err := c.Write(make([]byte, 4))
	return err
}

// answer reads the reply to what was sent. A clamd that does not want the rest of a file answers and closes, which the sender
// sees as an error of writing: the reply is read all the same.
func (c *conn) answer(sent error) (string, error) {
	c.id++
	b, err := c.replies.ReadSlice(0)
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", fmt.Errorf("clamd: reply of more than %d bytes", maxReply)
	case err != nil:
		return "", fmt.Errorf("%w: %w", errLost, cmp.Or(sent, err))
	case c.replies.Buffered() > 0:
		return "", errors.New("clamd: more than one reply to a request")
	}
	return numbered(strings.TrimSuffix(string(b), "\x00"), c.id)
}
