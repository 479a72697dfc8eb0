#!/usr/bin/env python3
"""Makes what the tree of other file systems leaves out: more.py DIR. It has been made by tree.py of internal/conformance."""

import os
import random
import struct
import sys

os.chdir(os.fsencode(sys.argv[1]))
words = random.Random(9)


def text(n):
    return "".join("line %d of %d\n" % (words.randrange(20), i % 7) for i in range(n // 8 + 1))[:n].encode()


def write(name, data):
    with open(name, "wb") as f:
        f.write(data)


def packed():
    """Clusters of every length, with bytes between them that cannot be packed, and pieces that are in several files."""
    os.mkdir("packed")
    for n in (10, 2000, 5000, 8192, 65537, 131072, 200001):
        write("packed/text of %d" % n, text(n))
    noise = words.randbytes(12000)
    write("packed/noise", noise)
    write("packed/zeros", bytes(1 << 20))
    write("packed/mixed", b"".join(text(words.randrange(6000)) + noise[:words.randrange(6000)] for _ in range(12)))
    shared = text(60000)
    for i in range(4):
        write("packed/shared %d" % i, text(words.randrange(5000)) + shared[i * 7000 + i:] + text(words.randrange(3000)))
    for i in range(30):
        write("packed/small %d" % i, text(words.randrange(3000)))
    write("packed/tail of a shared one", shared[50000:])


def attributes():
    acl = lambda *entries: struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in entries)
    none = 0xFFFFFFFF
    os.setxattr("modes", "trusted.overlay.origin", b"")  # mkfs.erofs gives this to whatever holds a device 0:0
    os.mkdir("attributes/acl")
    write("attributes/acl/file", b"with a list")
    os.setxattr("attributes/acl/file", "system.posix_acl_access",
                acl((1, 6, none), (2, 4, 1000), (2, 7, 3000000000), (4, 4, none), (8, 5, 50), (16, 7, none), (32, 0, none)))
    os.setxattr("attributes/acl", "system.posix_acl_default", acl((1, 7, none), (4, 5, none), (32, 5, none)))
    os.mkdir("attributes/prefixes")
    for i in range(5):
        name = "attributes/prefixes/%d" % i
        write(name, b"%d" % i)
        os.setxattr(name, "trusted.overlay.origin", b"origin %d" % i)
        os.setxattr(name, "user.a long prefix.of %d" % i, b"x" * i)
        os.setxattr(name, "user.a long prefix.", b"nothing behind the prefix")


def times():
    for name, ns in ("far", 2**34 * 10**9 + 123456789), ("1901", -(2**31) * 10**9 + 1), ("nanoseconds", 10**18 + 999999999):
        write("times/" + name, b"")
        os.utime("times/" + name, ns=(ns, ns))


packed()
attributes()
times()
for folder in "dirs", "modes", "packed", "attributes/acl", "attributes/prefixes", "attributes", "times", ".":
    for name in os.listdir(folder) if folder != "times" else ():
        os.utime(folder + "/" + name, (10**9, 10**9), follow_symlinks=False)
    os.utime(folder, (10**9, 10**9))
