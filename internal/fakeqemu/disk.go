package fakeqemu

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	sectorSize = 512
	rootStart  = 1 << 20 // bytes
	rootSize   = 8 << 20
	afterStart = rootStart + rootSize
	diskSize   = afterStart + rootSize + 1<<20
)

// Record is a record of wtmp, as glibc on x86-64 has it.
func Record(kind uint16, pid uint32, user string) string {
	b := make([]byte, 384)
	binary.LittleEndian.PutUint16(b, kind)
	binary.LittleEndian.PutUint32(b[4:], pid)
	copy(b[8:], "~")
	copy(b[44:76], user)
	binary.LittleEndian.PutUint32(b[340:], 1_800_000_000)
	return string(b)
}

// Before are the files of a guest that was not booted.
func Before() map[string]string {
	return map[string]string{ //nolint:gosec // G101: a name without a password
		"/etc/os-release": "ID=debian\nVERSION_ID=12\n", "/etc/passwd": "root:x:0:0::/root:/bin/sh\n", "/sbin/init": strings.Repeat("init", 2048),
		"/var/log/wtmp": Record(2, 0, "reboot"), "/etc/fstab": "UUID=0b5e55ed-0000-4000-8000-000000000001 / ext4 defaults 0 1\n",
	}
}

// Booted are the files of a guest without a journal after a boot.
func Booted() map[string]string {
	files := Before()
	files["/var/log/wtmp"] += Record(2, 0, "reboot") + Record(1, '5', "runlevel")
	return files
}

// Disk writes the disk of a guest to path: an ext4 with an operating system, and further behind, turned bit for bit so that nobody takes it
// for a file system, what the guest makes of it in a boot. It needs mke2fs.
func Disk(path string, before, after map[string]string) error {
	root, err := fileSystem(before)
	if err != nil {
		return err
	}
	then, err := fileSystem(after)
	if err != nil {
		return err
	}
	for i := range then {
		then[i] ^= 0xff
	}
	disk := make([]byte, diskSize)
	copy(disk, "\xfa\xeb\xfe") // cli; jmp $
	entry := disk[446:]
	entry[0], entry[4] = 0x80, 0x83
	binary.LittleEndian.PutUint32(entry[8:], rootStart/sectorSize)
	binary.LittleEndian.PutUint32(entry[12:], rootSize/sectorSize)
	copy(disk[510:], "\x55\xaa")
	copy(disk[rootStart:], root)
	copy(disk[afterStart:], then)
	return os.WriteFile(path, disk, 0o600)
}

// fileSystem is an ext4 with files.
func fileSystem(files map[string]string) (b []byte, err error) {
	dir, err := os.MkdirTemp("", "fakeqemu-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	tree := filepath.Join(dir, "tree")
	for path, content := range files {
		full := filepath.Join(tree, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(full, []byte(content), 0o600); err != nil {
			return nil, err
		}
	}
	image := filepath.Join(dir, "fs")
	//nolint:gosec,noctx // G204: the names are our own; it ends by itself
	out, err := exec.Command("mke2fs", "-q", "-t", "ext4", "-U", "0b5e55ed-0000-4000-8000-000000000001", "-E", "hash_seed=0b5e55ed-0000-4000-8000-000000000002",
		"-d", tree, image, "8M").CombinedOutput()
	if err != nil {
		return nil, errors.Join(errors.New(strings.TrimSpace(string(out))), err)
	}
	return os.ReadFile(image)
}

// write brings the root to what Disk has for after the boot.
func (q *qemu) write() {
	const step = 64 << 10
	for off := 0; off < rootSize; off += step {
		now, then := q.request(nil, int64(rootStart+off), step), q.request(nil, int64(afterStart+off), step)
		if len(now) != step || len(then) != step {
			return
		}
		for i := range then {
			then[i] ^= 0xff
		}
		if !bytes.Equal(now, then) {
			q.request(then, int64(rootStart+off), 0)
		}
	}
}
