#!/usr/bin/env python3
"""Works on a mounted file system, shuts it down with what was done in the log, and leaves it to be unmounted: work.py DIR KIND.
A file that was removed while it is open is still open then. The log of `cancel` has blocks of directories that are content since."""

import array
import ctypes
import fcntl
import os
import random
import sys

root, kind = os.fsencode(sys.argv[1]), sys.argv[2]
os.chdir(root)
random.seed(kind)
libc = ctypes.CDLL(None, use_errno=True)
GOINGDOWN, LOGFLUSH = 0x8004587D, 1
FREEZE, THAW = 0xC0045877, 0xC0045878


def text(n, word):
    return b"".join(b"%s %d\n" % (word, i) for i in range(n // 8 + 2))[:n]


def write(name, data=b""):
    with open(name, "wb") as f:
        f.write(data)


def synced(name, data):
    with open(name, "wb") as f:
        f.write(data)
        f.flush()
        os.fsync(f.fileno())


def call(request, value=0):
    fd = os.open(".", os.O_RDONLY)
    fcntl.ioctl(fd, request, array.array("I", [value]), True)
    os.close(fd)


def written_back():
    """Everything is where it belongs, and the log is empty."""
    call(FREEZE)
    call(THAW)


def tree(n):
    for folder in ("short", "block", "leaf", "node", "gone"):
        os.mkdir(folder)
    for folder, count in ("short", 3), ("block", 30), ("leaf", n), ("node", 4 * n), ("gone", n):
        write(folder + "/first", folder.encode())
        for i in range(count):
            os.link(folder + "/first", folder + "/entry of some length %d" % i)
    os.mkdir("files")
    for i in range(n // 2):
        write("files/%d" % i, text(i * 40, b"%d" % i))


def change(n):
    for i in range(0, 4 * n, 3):
        os.remove("node/entry of some length %d" % i)
    for i in range(0, n, 2):
        os.rename("leaf/entry of some length %d" % i, "short/moved here %d" % i)
    for i in range(n):
        os.remove("gone/entry of some length %d" % i)
    os.remove("gone/first")
    os.rmdir("gone")
    for i in range(0, n // 2, 5):
        name = "files/%d" % i
        os.chmod(name, 0o4700 + i % 64)
        os.chown(name, 1000 + i, 3000000000 - i)
        os.utime(name, ns=(10**18 + i, 4102444800 * 10**9 + i))
        os.truncate(name, i * 7)
    for i in range(1, n // 2, 5):
        os.setxattr("files/%d" % i, "user.number", text(20 + i * 3, b"value"))
    for i in range(40):
        os.setxattr("files/3", "user.of many %d" % i, text(90, b"%d" % i))
    for i in range(0, 40, 2):
        os.removexattr("files/3", "user.of many %d" % i)
    os.setxattr("files/4", "user.large", text(9000, b"remote"))
    for i in range(2, n // 2, 5):
        os.remove("files/%d" % i)
    os.mkdir("links")
    for size in (1, 100, 330, 400, 700, 1023):
        os.symlink(b"/".join([b"d" * 49] * 21)[:size], "links/%d" % size)
    os.symlink("before", "links/again")
    os.remove("links/again")
    os.symlink("after", "links/again")
    os.mkfifo("fifo")
    os.mknod("device", 0o060640, os.makedev(259, 70000))
    os.makedirs("deep/" + "/".join("level %d" % i for i in range(12)))
    os.rename("deep/level 0/level 1", "up")
    with open("pieces", "wb") as f:
        for i in range(600):
            f.seek(i * 16384)
            f.write(b"piece %d" % i)
    with open("grown", "wb") as f:
        f.write(text(300000, b"grown"))
        f.flush()
        os.fsync(f.fileno())
    os.truncate("grown", 1000000)
    with open("unwritten", "wb") as f:
        libc.fallocate(f.fileno(), 0, 0, ctypes.c_long(200000))
    try:
        with open("grown", "rb") as a, open("clone", "w+b") as b:
            fcntl.ioctl(b, 0x40049409, a.fileno())
            b.seek(70000)
            b.write(b"changed in the clone")
    except OSError as err:
        print("no clone:", err)


def churn(rounds):
    """More than the log has room for, so that it goes round."""
    for r in range(rounds):
        folder = "round %d" % r
        os.mkdir(folder)
        for i in range(250):
            write("%s/%d with a longer name than others have" % (folder, i), b"%d" % i if i % 7 == 0 else b"")
        for i in random.sample(range(250), 120):
            os.remove("%s/%d with a longer name than others have" % (folder, i))
        if r >= 6:
            old = "round %d" % (r - 6)
            for name in os.listdir(old):
                os.remove(old + "/" + name)
            os.rmdir(old)
        if r % 3 == 0:
            os.sync()
            synced("synced %d" % (r % 9), b"%d" % r)


def reuse():
    """Directories that are removed, and content where they were."""
    # little room, so that what becomes free is used again soon
    with open("ballast", "wb") as f:
        st = os.statvfs(".")
        libc.fallocate(f.fileno(), 0, 0, ctypes.c_long((st.f_bavail - 500) * st.f_bsize))
    os.sync()
    for r in range(6):
        for d in range(8):
            os.mkdir("dir %d" % d)
            for i in range(500):
                os.link("files/10", "dir %d/round %d, entry %d of a directory that will be gone" % (d, r, i))
        os.sync()
        for d in range(8):
            for name in os.listdir("dir %d" % d):
                os.remove("dir %d/%s" % (d, name))
            os.rmdir("dir %d" % d)
        os.sync()
        for i in range(12):
            synced("content %d" % i, text(100000, b"content %d of %d" % (i, r)))
        if r < 5:
            for i in range(12):
                os.remove("content %d" % i)
            os.sync()


n = 200 if kind != "wrap" else 60
tree(n)
if kind != "new":
    written_back()
change(n)
if kind == "wrap":
    churn(84)
if kind == "cancel":
    reuse()
orphan = open("open and removed", "wb")
orphan.write(text(50000, b"orphan"))
orphan.flush()
os.fsync(orphan.fileno())
os.remove("open and removed")
os.mkdir("the last thing")
call(GOINGDOWN, LOGFLUSH)
