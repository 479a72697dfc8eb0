"""Makes the trees that the images of make.sh hold. It needs root, for owners and devices.

    tree.py FOLDER    FOLDER/features, FOLDER/deep, FOLDER/many and FOLDER/plain come to be
"""

import os
import socket
import sys

DATA = b"".join(b"line %d\n" % i for i in range(40000))


def write(name, n=10):
    with open(name, "wb") as f:
        f.write(DATA[:n])


def link(n):
    os.symlink((("t" * 99 + "/") * 41)[:n - 1] + "x", "links/%d" % n)


def features():
    for n in [0, 1, 2047, 2048, 2049, 4096, 100000]:
        write("size-%d" % n, n)
    os.mkdir("names")
    for name in [
        b"a", b"n" * 248, b"m" * 255, b"new\nline", b"esc\x1b[31m", b"latin-\xe9\xff", "grüße 日本語 😀".encode(), b"UPPER", b"Mixed.Case.Dots", b"semi;1",
        b"trailing.", b" space ", b".hidden", b"-dash", b"two..dots", b"a" * 31, b"comma,", b"%41", b"back\\slash",
    ]:
        write(b"names/" + name)
    os.mkdir("links")
    for n in [1, 59, 60, 61, 247, 248, 249, 250, 255, 900, 1000, 1023]:
        link(n)
    for i, target in enumerate([
        "/", "/etc/passwd", "..", ".", "../..", "./a", "a/../b", "../../../../etc/shadow", "a/./b", "x" * 255, "x" * 250 + "/" + "y" * 250 + "/z",
        "dangling", "/.../...", "nl\nesc\x1b", b"\xff\xfe",
    ]):
        os.symlink(target, "links/kind-%d" % i)
    os.symlink("loop", "links/loop")
    os.mkdir("kinds")
    for i, (kind, major, minor) in enumerate([(0o20000, 1, 3), (0o60000, 8, 17), (0o20000, 240, 300), (0o60000, 259, 1000), (0o20000, 0, 7)]):
        os.mknod("kinds/device-%d" % i, kind | 0o640, os.makedev(major, minor))
    os.mkfifo("kinds/fifo")
    s = socket.socket(socket.AF_UNIX)
    s.bind("kinds/socket")
    os.mkdir("modes")
    for mode in [0, 0o600, 0o755, 0o4755, 0o2711, 0o6777, 0o1644]:
        write("modes/%o" % mode)
        os.chmod("modes/%o" % mode, mode)
    os.mkdir("modes/sticky")
    os.chmod("modes/sticky", 0o1777)
    os.mkdir("owners")
    for uid, gid in [(1, 2), (65534, 65535), (100000, 65536), (3000000000, 4000000000)]:
        write("owners/%d" % uid)
        os.chown("owners/%d" % uid, uid, gid)
    os.mkdir("times")
    for t in [-1000000000, -1, 0, 1, 951782399, 2**31 + 1000, 5000000000]:
        write("times/%d" % t)
        os.utime("times/%d" % t, (t, t))
    os.mkdir("empty")
    os.makedirs("é/ü")
    write("é/ü/ö")


def deep():
    path = "."
    for i in range(12):
        path += "/d%d" % i
        os.mkdir(path)
        write(path + "/f%d" % i)
    os.mkdir("d0/d1/d2/d3/d4/d5/d6/other")
    write("d0/d1/d2/d3/d4/d5/d6/other/file")


def many():
    os.mkdir("dir")
    for i in range(3000):
        write("dir/entry number %d" % i, i % 20)


def plain():
    for name in ["readme.txt", "noext", "a", "12345678.123"]:
        write(name, 3000)
    os.makedirs("one/two/three")
    write("one/two/three/file.dat", 5000)
    write("one/empty.txt", 0)


def finish(top):
    os.chmod(top, 0o750)
    for path, _, files in os.walk(top, topdown=False):
        for name in files + [""]:
            name = os.path.join(path, name)
            if not (name.startswith(top + "/times/") and os.path.isfile(name)):
                os.utime(name, (1700000000, 1700000000), follow_symlinks=False)


for kind in [features, deep, many, plain]:
    top = os.path.join(os.path.abspath(sys.argv[1]), kind.__name__)
    os.mkdir(top)
    os.chdir(top)
    kind()
    finish(top)
