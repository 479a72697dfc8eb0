#!/usr/bin/env python3
"""Changes a file system the way a system does that stops soon after: crash.py SCENARIO before|after DIR.

What "before" does is committed; what "after" does is synced file by file, and is in the log tree alone."""

import ctypes
import os
import random
import sys

scenario, step = sys.argv[1:3]
os.chdir(sys.argv[3])
words = random.Random(29)
libc = ctypes.CDLL(None, use_errno=True)


def write(path, data, off=None):
    with open(path, "r+b" if off is not None else "wb") as f:
        f.seek(off or 0)
        f.write(data)


def sync(path):
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


def punch(path, off, length):
    fd = os.open(path, os.O_RDWR)
    if libc.fallocate(fd, 3, ctypes.c_long(off), ctypes.c_long(length)):
        raise OSError(ctypes.get_errno())
    os.close(fd)


def noise(n):
    return words.randbytes(n)


def content_before():
    for name in ("appended", "overwritten", "shortened", "punched", "longer", "untouched", "grown", "inline"):
        write(name, name.encode() * 9000)
    write("inline", b"few bytes")
    write("attributes", b"x")
    for name in ("kept", "changed", "removed"):
        os.setxattr("attributes", "user." + name, name.encode())
    write("mode", b"mode")


def content_after():
    write("new", noise(20000))
    write("empty", b"")
    with open("appended", "ab") as f:
        f.write(noise(30000))
    write("overwritten", noise(5000), 12345)
    os.truncate("shortened", 10001)
    punch("punched", 8192, 16384)
    os.truncate("longer", 1 << 20)
    write("grown", b"far away", 3 << 20)
    write("inline", b"other bytes, and more of them")
    os.setxattr("attributes", "user.changed", b"to this")
    os.removexattr("attributes", "user.removed")
    os.setxattr("attributes", "user.new", b"new")
    os.chmod("mode", 0o4711)
    os.chown("mode", 1234, 3000000000)
    for name in ("new", "empty", "appended", "overwritten", "shortened", "punched", "longer", "grown", "inline", "attributes", "mode"):
        sync(name)
    write("not synced", b"lost")


def names_before():
    for d in ("a", "b", "c", "a/deep"):
        os.mkdir(d)
    for name in ("a/stays", "a/moved", "a/removed", "b/replaced", "a/replacing", "c/linked", "a/deep/file", "b/exchanged", "a/exchanged"):
        write(name, name.encode())
    os.link("c/linked", "c/second name")


def names_after():
    os.link("a/stays", "b/hard link")
    os.rename("a/moved", "b/moved here")
    sync("b/moved here")
    sync("a/stays")
    os.unlink("a/removed")
    os.rename("a/replacing", "b/replaced")
    sync("b/replaced")
    os.unlink("c/second name")
    sync("c/linked")
    os.mkdir("c/made")
    write("c/made/file", b"in a new directory")
    os.symlink("made/file", "c/symlink")
    sync("c/made/file")
    sync("c")
    sync("a")
    write("b/never", b"synced")


def many_before():
    os.mkdir("d")
    for i in range(1200):
        write("d/file %d" % i, b"%d" % i)


def many_after():
    for i in range(0, 1200, 5):
        os.unlink("d/file %d" % i)
    for i in range(300):
        write("d/new %d" % i, b"new %d" % i)
    sync("d")
    for i in range(1, 1200, 11):
        if i % 5:
            os.rename("d/file %d" % i, "d/renamed %d" % i)
    sync("d/renamed 1")
    sync("d")


def tree_before():
    for i in range(40):
        os.mkdir("%d" % i)
        write("%d/file" % i, b"%d" % i)


def tree_after():
    for i in range(0, 40, 2):
        os.unlink("%d/file" % i)
        os.rmdir("%d" % i)
    sync(".")
    os.makedirs("x/y/z")
    write("x/y/z/file", noise(5000))
    sync("x/y/z/file")
    write("1/file", noise(70000))
    os.link("1/file", "3/other")
    sync("3/other")


globals()[scenario + "_" + step]()
