// Package fakeqemu stands in for QEMU in tests: a program that speaks QMP, reads and writes its disk over NBD, and plays a guest.
//
// A test binary calls Main first. Under a name from Guests it is then that guest on QEMU. What a guest that comes up writes is in its own
// disk: see Disk.
package fakeqemu

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// guest plays a guest until its end. It returns the exit code of QEMU.
type guest func(q *qemu) int

// guests are the plays by the name of the program.
func guests() map[string]guest {
	return map[string]guest{
		"qemu-exits":      exits,
		"qemu-killed":     killed,
		"qemu-hangs":      hangs,
		"qemu-boots":      boots,
		"qemu-kvm-aborts": kvmAborts,
		"qemu-emergency":  emergency,
		"qemu-read-only":  readOnly,
		"qemu-resets":     resets,
		"qemu-off":        off,
		"qemu-sata":       sata,
		"qemu-deaf":       deaf,
		"qemu-liar":       liar,
		"qemu-quits":      quits,
		"qemu-mute":       mute,
	}
}

// Guests are the names under which a program is one of these guests, and those of programs that are no good QEMU.
func Guests() []string {
	return append(slices.Sorted(maps.Keys(guests())), "qemu-old", "qemu-other")
}

// Main plays a guest and ends the program, where it was started under the name of one.
func Main() {
	name := filepath.Base(os.Args[0])
	if !slices.Contains(Guests(), name) {
		return
	}
	os.Exit(Play(name))
}

// Play plays the guest called name and returns the exit code.
func Play(name string) int {
	if slices.Contains(os.Args, "--version") {
		version := map[string]string{"qemu-old": "QEMU emulator version 2.12.0 (Debian)", "qemu-other": "BusyBox v1.35.0"}[name]
		if version == "" {
			version = "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)"
		}
		fmt.Println(version)
		return 0
	}
	q, err := open()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "fakeqemu:", err)
		return 2
	}
	return guests()[name](q)
}

// qemu is the part of QEMU that a guest plays on.
type qemu struct {
	args   string
	serial net.Conn
	qmp    net.Conn
	disk   net.Conn
	asked  chan struct{} // closed when the power button was pressed
	gone   chan struct{} // closed when the other end is gone
}

func open() (*qemu, error) {
	q := &qemu{args: strings.Join(os.Args, " "), asked: make(chan struct{}), gone: make(chan struct{})}
	for fd, c := range map[uintptr]*net.Conn{3: &q.qmp, 4: &q.serial, 5: &q.disk} {
		conn, err := net.FileConn(os.NewFile(fd, "socket"))
		if err != nil {
			return nil, err
		}
		*c = conn
	}
	go q.answer()
	return q, q.connect()
}

// answer answers commands of the monitor.
func (q *qemu) answer() {
	defer close(q.gone)
	_, _ = fmt.Fprintln(q.qmp, `{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": ""}, "capabilities": []}}`)
	lines := bufio.NewScanner(q.qmp)
	for lines.Scan() {
		var c struct {
			Execute   string
			Arguments struct{ Filename string }
			ID        int64
		}
		if json.Unmarshal(lines.Bytes(), &c) != nil {
			return
		}
		switch c.Execute {
		case "screendump":
			_ = os.WriteFile(c.Arguments.Filename, []byte("P6\n2 1\n255\n\x00\x00\x00\xff\xff\xff"), 0o600)
		case "pmemsave":
			_ = os.WriteFile(c.Arguments.Filename, make([]byte, 4000), 0o600)
		case "system_powerdown":
			_, _ = fmt.Fprintln(q.qmp, `{"event": "POWERDOWN", "timestamp": {"seconds": 1, "microseconds": 2}}`)
			close(q.asked)
		}
		_, _ = fmt.Fprintf(q.qmp, "{\"return\": {}, \"id\": %d}\n", c.ID)
	}
}

// shutdown tells that the guest is off, or reset the machine.
func (q *qemu) shutdown(reason string) int {
	_, _ = fmt.Fprintf(q.qmp, "{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, \"reason\": %q}}\n", reason)
	return 0
}

func (q *qemu) say(text string) { _, _ = fmt.Fprint(q.serial, strings.ReplaceAll(text, "\n", "\r\n")) }

// wait waits for the power button, and returns false where the other end goes before.
func (q *qemu) wait() bool {
	select {
	case <-q.asked:
		return true
	case <-q.gone:
		return false
	}
}

// connect opens the disk.
func (q *qemu) connect() error {
	if _, err := io.ReadFull(q.disk, make([]byte, 18)); err != nil {
		return err
	}
	hello := binary.BigEndian.AppendUint32(nil, 3)
	hello = append(hello, "IHAVEOPT\x00\x00\x00\x08\x00\x00\x00\x00"...)                         // structured replies, which may be refused
	hello = append(hello, "IHAVEOPT\x00\x00\x00\x07\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00"...) // go
	if _, err := q.disk.Write(hello); err != nil {
		return err
	}
	for {
		head := make([]byte, 20)
		if _, err := io.ReadFull(q.disk, head); err != nil {
			return err
		}
		if _, err := io.ReadFull(q.disk, make([]byte, binary.BigEndian.Uint32(head[16:]))); err != nil {
			return err
		}
		if kind := binary.BigEndian.Uint32(head[12:]); kind == 1 {
			return nil
		}
	}
}

// request reads n bytes of the disk at offset, or writes data there.
func (q *qemu) request(data []byte, offset int64, n int) []byte {
	kind := uint16(0)
	if data != nil {
		kind, n = 1, len(data)
	}
	b := binary.BigEndian.AppendUint32(nil, 0x25609513)
	b = binary.BigEndian.AppendUint16(b, 0)
	b = binary.BigEndian.AppendUint16(b, kind)
	b = append(b, "cookies!"...)
	b = binary.BigEndian.AppendUint64(b, uint64(offset))
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	if _, err := q.disk.Write(append(b, data...)); err != nil {
		return nil
	}
	head := make([]byte, 16)
	if _, err := io.ReadFull(q.disk, head); err != nil || binary.BigEndian.Uint32(head[4:]) != 0 || data != nil {
		return nil
	}
	answer := make([]byte, n)
	if _, err := io.ReadFull(q.disk, answer); err != nil {
		return nil
	}
	return answer
}

// start plays what every boot begins with.
func (q *qemu) start() {
	q.request(nil, 0, 512)
	q.request(nil, 512, 4096)
	q.say("SeaBIOS\nGRUB loading.\nLoading Linux 6.1.0-1-amd64 ...\n[    0.000000] Linux version 6.1.0-1-amd64\n")
}

// up plays a guest that comes up and writes to its disk, until it is off.
func (q *qemu) up() int {
	q.start()
	q.say("[    1.0] EXT4-fs (vda1): mounted filesystem with ordered data mode.\nsystemd[1]: Hostname set to <guest>.\n")
	q.write()
	q.say("\nguest login: ")
	if !q.wait() {
		return 1
	}
	return q.shutdown("guest-shutdown")
}

func exits(*qemu) int {
	_, _ = fmt.Fprintln(os.Stderr, "qemu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory")
	return 1
}

func killed(q *qemu) int {
	q.start()
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func hangs(q *qemu) int {
	q.start()
	<-q.gone
	return 1
}

func boots(q *qemu) int { return q.up() }

func kvmAborts(q *qemu) int {
	if strings.Contains(q.args, "accel=kvm") {
		_, _ = fmt.Fprintln(os.Stderr, "error: kvm run failed Invalid argument")
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // as abort does, without a core
		select {}
	}
	return q.up()
}

func emergency(q *qemu) int {
	q.start()
	q.say("EXT4-fs (vda1): mounted filesystem\nYou are in emergency mode. After logging in, type \"journalctl -xb\"\nPress Enter for maintenance\n")
	<-q.gone
	return 1
}

func readOnly(q *qemu) int {
	q.start()
	q.say("EXT4-fs (vda1): mounted filesystem\nsystemd[1]: Hostname set to <guest>.\n\nguest login: ")
	if !q.wait() {
		return 1
	}
	return q.shutdown("guest-shutdown")
}

func resets(q *qemu) int {
	q.start()
	return q.shutdown("guest-reset")
}

func off(q *qemu) int {
	q.start()
	return q.shutdown("guest-shutdown")
}

func sata(q *qemu) int {
	if strings.Contains(q.args, "ich9-ahci") {
		return q.up()
	}
	q.start()
	q.say("ALERT!  UUID=0b5e55ed-0000-4000-8000-000000000001 does not exist.  Dropping to a shell!\n(initramfs) ")
	<-q.gone
	return 1
}

// deaf comes up and does not listen to the power button.
func deaf(q *qemu) int {
	q.start()
	q.say("EXT4-fs (vda1): mounted filesystem\nsystemd[1]: Hostname set to <guest>.\n")
	q.write()
	q.say("\nguest login: ")
	<-q.gone
	return 1
}

// liar shows a login and what the firmware's credential asks for as it stands, and wrote nothing that tells of a boot.
func liar(q *qemu) int {
	q.start()
	q.say(q.args + "\nEXT4-fs (vda1): mounted filesystem\nsystemd[1]: Hostname set to <guest>.\n")
	q.request(q.request(nil, 1<<20+1024, 1024), 1<<20+1024, 0)
	q.say("\nguest login: ")
	if !q.wait() {
		return 1
	}
	return q.shutdown("guest-shutdown")
}

// mute comes up without a word.
func mute(q *qemu) int {
	q.request(nil, 0, 512)
	q.request(nil, 512, 4096)
	q.write()
	if !q.wait() {
		return 1
	}
	return q.shutdown("guest-shutdown")
}

// quits ends without a word.
func quits(q *qemu) int {
	q.start()
	return 0
}
