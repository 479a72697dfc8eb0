#!/usr/bin/env python3
"""Makes the feature tree that the images hold: tree.py DIR. It is the root of a mounted file system."""

import ctypes
import fcntl
import os
import socket
import struct
import sys

root = os.fsencode(sys.argv[1])
os.chdir(root)
block = os.statvfs(".").f_bsize
libc = ctypes.CDLL(None, use_errno=True)
FICLONE = 0x40049409
KEEP_SIZE, PUNCH_HOLE = 1, 2


def text(n, word=b"line"):
    return b"".join(b"%s %d\n" % (word, i) for i in range(n // 6 + 2))[:n]


def write(name, data=b""):
    with open(name, "wb") as f:
        f.write(data)


def sparse(name, size, *pieces):
    with open(name, "wb") as f:
        for off, data in pieces:
            f.seek(off)
            f.write(data)
        f.truncate(size)


def fallocate(f, mode, off, n):
    if libc.fallocate(f.fileno(), mode, ctypes.c_long(off), ctypes.c_long(n)):
        raise OSError(ctypes.get_errno(), "fallocate")


def names():
    os.mkdir("names")
    for n in (1, 248, 255):
        write(b"names/" + b"n" * n, b"%d" % n)
    for name in (b"not utf-8 \xff\xfe\x80", b"new\nline", b"escape \x1b[31m", b"%41 \"quote\" \\", "grün".encode(), b" ", b"..."):
        write(b"names/" + name, name)


def directories():
    """All forms: in the inode, one block, one index block, many, and with more extents than an inode has room for."""
    os.mkdir("dirs")
    write("dirs/one file")
    for name, count in ("short", 3), ("block", 40), ("leaf", 400), ("node", 5000):
        os.mkdir("dirs/" + name)
        for i in range(count):
            os.link("dirs/one file", "dirs/%s/entry %d" % (name, i))
    os.mkdir("dirs/holes")
    for i in range(2000):
        os.link("dirs/one file", "dirs/holes/an entry that will be gone %d" % i)
    for i in range(2000):
        if i % 500 > 9:
            os.remove("dirs/holes/an entry that will be gone %d" % i)
    for name in "turn a", "turn b":
        os.mkdir("dirs/" + name)
    for i in range(1500):
        for name in "turn a", "turn b":
            os.link("dirs/one file", "dirs/%s/with a name of some length, so that blocks are filled soon %d" % (name, i))
    deep = "dirs/deep"
    for i in range(20):
        os.mkdir(deep)
        deep += "/level %d" % i
    os.mkdir("dirs/files")
    for i in range(150):
        write("dirs/files/%d" % i, b"%d" % i if i % 10 == 0 else b"")


def content():
    os.mkdir("sizes")
    for n in (0, 1, 100, 336, 4000, block - 1, block, block + 1, 13 * block + 7):
        write("sizes/%d" % n, text(n))
    os.mkdir("sparse")
    sparse("sparse/all", 1 << 20)
    sparse("sparse/start", 3 * block + 5, (2 * block, b"end"))
    sparse("sparse/middle", 9 * block, (0, b"start"), (8 * block, b"end"))
    sparse("sparse/end", 64 * block + 1, (0, text(block)))
    sparse("sparse/far", 5 << 20, (100 * block, b"x" * 100), ((5 << 20) - 3, b"far"))
    count = min(3000, (3 << 20) // block)
    sparse("sparse/pieces", 2 * count * block, *((2 * i * block, b"piece %d" % i) for i in range(count)))
    with open("sparse/unwritten", "wb") as f:
        fallocate(f, 0, 0, 1 << 20)
        f.seek(300000)
        f.write(text(70000))
    with open("sparse/behind the end", "wb") as f:
        f.write(text(5000))
        f.flush()
        fallocate(f, KEEP_SIZE, 0, 1 << 19)
    with open("sparse/punched", "wb") as f:
        f.write(text(40 * block))
        f.flush()
        for i in range(1, 40, 4):
            fallocate(f, KEEP_SIZE | PUNCH_HOLE, i * block, block)
    with open("sparse/turn a", "wb", buffering=0) as a, open("sparse/turn b", "wb", buffering=0) as b:
        for i in range(60):
            for f in a, b:
                f.write(text(block, b"%d" % i))
                os.fsync(f.fileno())
    write("sparse/original", text(8 * block))
    with open("sparse/original", "rb") as a, open("sparse/clone", "w+b") as b:
        try:
            fcntl.ioctl(b, FICLONE, a.fileno())
        except OSError as err:
            print("no clone:", err)
        b.seek(3 * block)
        b.write(b"changed")


def links():
    os.mkdir("links")
    for n in (1, 59, 155, 156, 157, 255, 335, 336, 337, 465, 700, 967, 968, 969, 1000, 1022, 1023):
        target = b"l" * n if n < 100 else b"/".join([b"d" * 49] * (n // 50)) + b"/" + b"e" * (n % 50)
        os.symlink(target[:n], b"links/%d" % n)
    os.symlink("nowhere/at/all", "links/dangling")
    os.symlink("loop", "links/loop")
    os.symlink("/etc/../../..//./passwd", "links/unclean")
    write("links/first", b"one inode, three names")
    os.link("links/first", "links/second")
    os.link("links/first", "links/third")


def modes():
    os.mkdir("modes")
    os.mkdir("modes/sticky")
    os.mkfifo("modes/fifo")
    socket.socket(socket.AF_UNIX).bind("modes/socket")
    for name, kind, major, minor in ("old", 0o020600, 5, 1), ("new", 0o060640, 259, 200000), ("zero", 0o020000, 0, 0), ("high", 0o020600, 511, 7):
        os.mknod("modes/" + name, kind, os.makedev(major, minor))
    write("modes/owner")
    os.chown("modes/owner", 3000000000, 3000000001)
    for mode in (0o0, 0o644, 0o4755, 0o2755, 0o7777):
        write("modes/%04o" % mode)
        os.chmod("modes/%04o" % mode, mode)
    os.chmod("modes/sticky", 0o1777)


def attributes():
    os.mkdir("attributes")
    attr = lambda name, key, value: os.setxattr("attributes/" + name, key, value, follow_symlinks=False)
    for name in "user", "many", "hundreds", "large", "remote", "limit", "capability", "acl", "trusted", "selinux", "empty", "removed":
        write("attributes/" + name, b"content of " + name.encode())
    os.symlink("user", "attributes/link")
    attr("user", "user.comment", b"short")
    attr("empty", "user.empty", b"")
    for i in range(12):
        attr("many", "user.%d" % i, b"value %d " % i * (4 + i))
    for i in range(600):
        attr("hundreds", "user.of hundreds %d" % i, b"value %d " % i * 12)
    attr("large", "user.large", text(700))
    attr("large", "trusted.large", text(2900))
    for name, key, n in ("remote", "remote", 10000), ("remote", "another", 4097), ("limit", "n" * 250, 65536):
        try:
            attr(name, "user." + key, text(n))
        except OSError as err:  # Btrfs has room for what one block holds
            print("no value of", n, "bytes:", err)
    attr("capability", "security.capability", struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0))
    attr("trusted", "trusted.overlay.opaque", b"y")
    attr("selinux", "security.selinux", b"system_u:object_r:etc_t:s0\0")
    attr("link", "trusted.link", b"of the link")
    for i in range(50):
        attr("removed", "user.%d" % i, text(100))
    for i in range(49):
        os.removexattr("attributes/removed", "user.%d" % i)
    entries = ((0x01, 6, 0xFFFFFFFF), (0x02, 4, 1000), (0x04, 4, 0xFFFFFFFF), (0x08, 5, 2000), (0x10, 5, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF))
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", tag, perm, who) for tag, perm, who in entries)
    attr("acl", "system.posix_acl_access", acl)
    os.mkdir("attributes/default")
    attr("default", "system.posix_acl_default", acl)


def times():
    for folder, dirs, files in os.walk(".", topdown=False):
        for name in files + dirs:
            os.utime(folder + "/" + name, ns=(10**18, 10**18 + 123456789), follow_symlinks=False)
    os.mkdir("times")
    for name, seconds in ("1901", -2**31), ("1969", -1), ("1970", 0), ("2038", 2**31), ("2100", 4102444800), ("2486", 16299260424):
        write("times/" + name)
        os.utime("times/" + name, (seconds, seconds))


names()
directories()
content()
links()
modes()
attributes()
times()
