#!/usr/bin/env python3
"""Makes the feature tree that the images hold: tree.py DIR [BLOCKSIZE]. Device nodes, owners and some attributes need root."""

import os
import socket
import struct
import sys

root = os.fsencode(sys.argv[1])
block = int(sys.argv[2]) if len(sys.argv) > 2 else 4096


def path(name):
    return root + b"/" + name


def text(n, word=b"line"):
    out = b"".join(b"%s %d\n" % (word, i) for i in range(n // 6 + 2))
    return out[:n]


def write(name, data=b""):
    with open(path(name), "wb") as f:
        f.write(data)


def sparse(name, size, *pieces):
    with open(path(name), "wb") as f:
        for off, data in pieces:
            f.seek(off)
            f.write(data)
        f.truncate(size)


os.makedirs(path(b"names"))
for n in (1, 248, 255):
    write(b"names/" + b"n" * n, b"%d" % n)
for name in (b"not utf-8 \xff\xfe\x80", b"new\nline", b"escape \x1b[31m", b"%41 \"quote\" \\", "grün".encode(), b" ", b"..."):
    write(b"names/" + name, name)

os.makedirs(path(b"sizes"))
for n in (0, 1, 59, 60, 61, 100, 131, 160, 300, block - 1, block, block + 1, 13 * block, 40 * block + 7):
    write(b"sizes/%d" % n, text(n))

os.makedirs(path(b"sparse"))
sparse(b"sparse/all", 1 << 20)
sparse(b"sparse/start", 3 * block + 5, (2 * block, b"end"))
sparse(b"sparse/middle", 9 * block, (0, b"start"), (8 * block, b"end"))
sparse(b"sparse/end", 64 * block + 1, (0, text(block)))
sparse(b"sparse/far", 5 << 20, (100 * block, b"x" * 100), ((5 << 20) - 3, b"far"))

os.makedirs(path(b"links"))
for n in (1, 58, 59, 60, 61, 255, min(4000, block - 24)):
    os.symlink(b"l" * n if n < 100 else b"/".join([b"d" * 49] * (n // 50)) + b"e" * (n % 50), path(b"links/%d" % n))
os.symlink(b"nowhere/at/all", path(b"links/dangling"))
os.symlink(b"loop", path(b"links/loop"))
os.symlink(b"/etc/../../..//./passwd", path(b"links/unclean"))
write(b"links/first", b"one inode, three names")
os.link(path(b"links/first"), path(b"links/second"))
os.link(path(b"links/first"), path(b"links/third"))

os.makedirs(path(b"modes"))
for mode in (0o0, 0o644, 0o4755, 0o2755, 0o7777):
    write(b"modes/%04o" % mode)
os.makedirs(path(b"modes/sticky"))
os.mkfifo(path(b"modes/fifo"))
socket.socket(socket.AF_UNIX).bind(os.path.relpath(os.fsdecode(path(b"modes/socket"))))
for name, kind, major, minor in (
    (b"old", 0o020600, 5, 1), (b"new", 0o060640, 259, 300000), (b"zero", 0o020000, 0, 0), (b"high", 0o020600, 4095, 7),
):
    os.mknod(path(b"modes/" + name), kind, os.makedev(major, minor))
write(b"modes/owner")

os.makedirs(path(b"times"))
times = {b"1901": -2**31, b"1969": -1, b"1970": 0, b"2038": 2**31, b"2100": 4102444800, b"2446": 15032385535}
for name in times:
    write(b"times/" + name)

os.makedirs(path(b"many/deep/deeper"))
for i in range(200):
    write(b"many/file with a name of some length %04d" % i, b"%d" % i if i % 10 == 0 else b"")
write(b"many/deep/deeper/bottom", b"bottom\n")

os.makedirs(path(b"attributes"))
for name in (b"user", b"many", b"capability", b"acl", b"trusted", b"empty"):
    write(b"attributes/" + name)
attr = lambda name, key, value: os.setxattr(path(b"attributes/" + name), key, value)
attr(b"user", "user.comment", b"short")
attr(b"empty", "user.empty", b"")
for i in range(8):
    attr(b"many", "user.%d" % i, b"value %d " % i * (4 + i))
attr(b"capability", "security.capability", struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0))
attr(b"trusted", "trusted.overlay.opaque", b"y")
acl = b"".join(struct.pack("<HHI", tag, perm, who) for tag, perm, who in (
    (0x01, 6, 0xFFFFFFFF), (0x02, 4, 1000), (0x04, 4, 0xFFFFFFFF), (0x08, 5, 2000), (0x10, 5, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF)))
attr(b"acl", "system.posix_acl_access", struct.pack("<I", 2) + acl)
os.makedirs(path(b"attributes/default"))
os.setxattr(path(b"attributes/default"), "system.posix_acl_default", struct.pack("<I", 2) + acl)

os.chown(path(b"modes/owner"), 3000000000, 3000000001)
for mode in (0o0, 0o644, 0o4755, 0o2755, 0o7777):
    os.chmod(path(b"modes/%04o" % mode), mode)
os.chmod(path(b"modes/sticky"), 0o1777)
for folder, dirs, files in os.walk(root, topdown=False):
    for name in files + dirs:
        os.utime(folder + b"/" + name, ns=(10**18, 10**18 + 123456789), follow_symlinks=False)
for name, seconds in times.items():
    os.utime(path(b"times/" + name), (seconds, seconds))
