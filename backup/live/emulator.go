package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

const (
	program  = "qemu-system-x86_64"
	oldMajor = 6 // QEMU's oldest version that is good enough: 6.2
	oldMinor = 2

	answerTime = 20 * time.Second // for QEMU to tell its version
	maxAnswer  = 64 << 10         // bytes
)

// lackError says that something is not installed as it has to be, and what to do.
type lackError struct{ what, fix string }

func (e *lackError) Error() string { return e.what }

// emulator is an installed QEMU.
type emulator struct {
	path    string
	version string
	ovmf    firmware
}

// firmware is a UEFI: its code, and the variables that a new machine has.
type firmware struct{ code, vars string }

// programs are QEMU's names, where it is installed.
func programs() []string { return []string{program, "/usr/libexec/qemu-kvm"} }

// ovmfs are where distributions have OVMF without Secure Boot: Debian and Ubuntu, Fedora, Arch, openSUSE.
func ovmfs() []firmware {
	return []firmware{
		{"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
		{"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
		{"/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"},
		{"/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"},
		{"/usr/share/qemu/ovmf-x86_64-code.bin", "/usr/share/qemu/ovmf-x86_64-vars.bin"},
	}
}

// findQEMU finds QEMU, by name where one is given, and asks for its version.
func findQEMU(ctx context.Context, name string) (*emulator, error) {
	names := programs()
	if name != "" {
		names = []string{name}
	}
	q := &emulator{}
	for _, n := range names {
		if path, err := exec.LookPath(n); err == nil {
			q.path = path
			break
		} else if name != "" && !errors.Is(err, exec.ErrNotFound) && !errors.Is(err, os.ErrNotExist) {
			return nil, &lackError{fmt.Sprintf("%s cannot be started: %v", name, errors.Unwrap(err)), "name another program with --qemu"}
		}
	}
	if q.path == "" {
		return nil, &lackError{names[0] + " is not installed", "install QEMU: apt install qemu-system-x86, or dnf install qemu-system-x86; or name it with --qemu"}
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	out := &bounded{limit: maxAnswer}
	cmd := exec.CommandContext(ctx, q.path, "--version") //nolint:gosec // G204: the user named the program
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = out, out, time.Second
	if err := cmd.Run(); err != nil {
		return nil, &lackError{fmt.Sprintf("%s --version: %v%s", q.path, err, after(out.line())), "name another program with --qemu"}
	}
	var err error
	if q.version, err = versionOf(out.Bytes()); err != nil {
		return nil, &lackError{q.path + ": " + err.Error(), "install a newer QEMU, or name another one with --qemu"}
	}
	for _, f := range ovmfs() {
		if exists(f.code) && exists(f.vars) {
			q.ovmf = f
			break
		}
	}
	return q, nil
}

// versionOf reads the answer to --version, and says whether QEMU is new enough.
func versionOf(answer []byte) (string, error) {
	m := regexp.MustCompile(`QEMU emulator version (([0-9]{1,4})\.([0-9]{1,4})[^\s()]{0,40})`).FindSubmatch(answer)
	if m == nil {
		return "", fmt.Errorf("answers %.60q to --version, which is not QEMU", answer)
	}
	major, err := strconv.Atoi(string(m[2]))
	minor, err2 := strconv.Atoi(string(m[3]))
	if err := errors.Join(err, err2); err != nil {
		return "", err
	}
	if major < oldMajor || major == oldMajor && minor < oldMinor {
		return "", fmt.Errorf("QEMU %s is too old, want %d.%d or newer", m[1], oldMajor, oldMinor)
	}
	return string(m[1]), nil
}

func exists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// after is a text behind a colon, where there is one.
func after(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}

// bounded keeps the first bytes of what is written to it.
type bounded struct {
	bytes.Buffer

	limit int
}

func (b *bounded) Write(p []byte) (int, error) {
	if room := b.limit - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// line is the last line, without QEMU's own name before it.
func (b *bounded) line() string {
	lines := bytes.Split(bytes.TrimSpace(b.Bytes()), []byte("\n"))
	last := bytes.TrimSpace(lines[len(lines)-1])
	return told(string(last), []int{0, len(last)})
}
