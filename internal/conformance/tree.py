#!/usr/bin/env python3
"""Makes the feature tree that the images of squashfs and EROFS hold: tree.py DIR. It has to be a new directory."""

import os
import random
import socket
import struct
import sys

root = os.fsencode(sys.argv[1])
os.mkdir(root)
os.chdir(root)
KIB = 1 << 10


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


def names():
    os.mkdir("names")
    for n in (1, 248, 255):
        write(b"names/" + b"n" * n, b"%d" % n)
    for name in (b"not utf-8 \xff\xfe\x80", b"new\nline", b"escape \x1b[31m", b"%41 \"quote\" \\", "grün".encode(), b" ", b"..."):
        write(b"names/" + name, name)


def directories():
    os.mkdir("dirs")
    os.mkdir("dirs/empty")
    write("dirs/one file")
    for name, count in ("few", 3), ("many", 3000):
        os.mkdir("dirs/" + name)
        for i in range(count):
            os.link("dirs/one file", "dirs/%s/entry with some more bytes to its name %d" % (name, i))
    os.mkdir("dirs/files")
    for i in range(700):
        write("dirs/files/%d" % i, b"%d" % i if i % 10 == 0 else b"")
    deep = "dirs/deep"
    for i in range(20):
        os.mkdir(deep)
        deep += "/level %d" % i


def content():
    random.seed(4)
    os.mkdir("sizes")
    for n in (0, 1, 100, 4095, 4096, 4097, 128 * KIB - 1, 128 * KIB, 128 * KIB + 1, 300 * KIB):
        write("sizes/%d" % n, text(n, b"of %d" % n))
    write("sizes/noise", random.randbytes(20000))
    write("sizes/twice", text(128 * KIB + 1, b"of %d" % (128 * KIB + 1)))
    os.mkdir("sparse")
    sparse("sparse/all", 1 << 20)
    sparse("sparse/start", 300 * KIB + 5, (299 * KIB, b"end"))
    sparse("sparse/middle", 900 * KIB, (0, b"start"), (899 * KIB, b"end"))
    sparse("sparse/end", 640 * KIB + 1, (0, text(4096)))
    sparse("sparse/far", 5 << 20, (400 * KIB, b"x" * 100), ((5 << 20) - 3, b"far"))


def links():
    os.mkdir("links")
    for n in (1, 59, 60, 61, 255, 1000, 4000):
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
    for name in "user", "many", "large", "same", "capability", "trusted", "selinux", "empty":
        write("attributes/" + name, b"content of " + name.encode())
    os.mkdir("attributes/dir")
    os.symlink("user", "attributes/link")
    os.mkfifo("attributes/fifo")
    os.mknod("attributes/device", 0o020600, os.makedev(1, 3))
    attr("user", "user.comment", b"short")
    attr("empty", "user.empty", b"")
    for i in range(12):
        attr("many", "user.%d" % i, b"value %d " % i * (4 + i))
    for name in "large", "same":
        attr(name, "user.large", text(700))
        attr(name, "trusted.of " + name, text(900))
    attr("capability", "security.capability", struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0))
    attr("trusted", "trusted.overlay.opaque", b"y")
    attr("selinux", "security.selinux", b"system_u:object_r:etc_t:s0\0")
    attr("dir", "user.dir", b"of the directory")
    for name in "link", "fifo", "device":
        attr(name, "trusted." + name, b"of the " + name.encode())


def times():
    for folder, dirs, files in os.walk(".", topdown=False):
        for name in files + dirs:
            os.utime(folder + "/" + name, (10**9, 10**9), follow_symlinks=False)
    os.mkdir("times")
    for name, seconds in ("1970", 0), ("2038", 2**31), ("2106", 2**32 - 1):
        write("times/" + name)
        os.utime("times/" + name, (seconds, seconds))
    for name in "times", ".":
        os.utime(name, (10**9, 10**9))


names()
directories()
content()
links()
modes()
attributes()
times()
