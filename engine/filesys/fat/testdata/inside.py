"""Fills the images of make.sh and says what the kernel reads from them. It runs in a virtual machine, as make.sh starts it.

    inside.py FOLDER NAME...    the images are the disks from vdc on; FOLDER has truth.py, and NAME.jsonl comes beside it

KIND in the environment is the file system as mount(8) names it, vfat without.
"""

import os
import subprocess
import sys

KIND = os.environ.get("KIND", "vfat")
DATA = b"".join(b"line %d\n" % i for i in range(40000))


def run(*args, **kw):
    subprocess.run(args, check=True, **kw)


def write(name, n, sync=False):
    with open(name, "wb") as f:
        f.write(DATA[:n])
        if sync:
            f.flush()
            os.fsync(f.fileno())


def names():
    os.mkdir("names")
    long = [
        "a", "UPPER.TXT", "lower.txt", "lower.TXT", "UPPER.txt", "Mixed.Txt", "noext", "NOEXT2", ".hidden", "a.b.c.d", "x" * 251 + ".txt",
        "y" * 255, "with space.txt", "trailing space ", "plus+comma,semi;.txt", "[brackets]=equals.txt", "thirteen char", "fourteen chars",
        "twenty-six characters long", "twenty-seven characters long", "longfilename one.txt", "longfilename two.txt", "longfilename three.txt",
        "ÄÖÜ.TXT", "äöü.txt", "naïve – Grüße.txt", "Ελληνικά", "日本語の名前.txt", "emoji 😀😀.txt", "e\u0301 combining", "é", "É2", "control\x01no", "SHORT~1.TXT",
        "CON", "aux.txt", "8CHARSXX.EXT", "9CHARSXXX.EXT", "EXT.LONG", "-dash", "~tilde", "$dollar%", "²³¼½", "ÇçÑñßµ", "ｆｕｌｌ", "\ue000private",
    ]
    for i, name in enumerate(long):
        try:
            write("names/" + name, 10 + i)
        except OSError as err:
            print("no name %r: %s" % (name, err))


def sizes(cluster):
    os.mkdir("sizes")
    for n in sorted({0, 1, 511, 512, 513, cluster - 1, cluster, cluster + 1, 3 * cluster, 3 * cluster + 17}):
        write("sizes/%d" % n, n)


def pieces(n):
    """Two files that take turns, and one that fills the holes of removed ones."""
    os.mkdir("pieces")
    with open("pieces/one", "wb", buffering=0) as a, open("pieces/two", "wb", buffering=0) as b:
        for i in range(40):
            for f in a, b:
                f.write(DATA[i * n:(i + 1) * n])
                os.fsync(f.fileno())
    for i in range(60):
        write("pieces/%d" % i, n, True)
    for i in range(0, 60, 2):
        os.remove("pieces/%d" % i)


def times():
    os.mkdir("times")
    for name, at in (("first", 315532800), ("last", 4354819198), ("odd", 1600000001), ("leap", 1582934400), ("fraction", 1700000000.75)):
        write("times/" + name, 5)
        os.utime("times/" + name, (at, at))


def tree(cluster):
    names()
    sizes(cluster)
    pieces(cluster)
    times()
    deep = "deep"
    for i in range(20):
        os.mkdir(deep)
        deep += "/level %d" % i
    os.mkdir("empty directory")
    write("read-only", 100)
    os.chmod("read-only", 0o555)
    os.mkdir("removed")
    for i in range(100):
        write("removed/a file that will be gone %d" % i, 3)
    for i in range(100):
        if i % 10:
            os.remove("removed/a file that will be gone %d" % i)


def fill_rootfull():
    i = 0
    try:
        while True:
            write("F%d" % i, 1)
            i += 1
    except OSError as err:
        print("root directory full after %d: %s" % (i, err))


def fill_crafted():
    pass  # craft.py did


def fill(name, cluster):
    special = globals().get("fill_" + name)
    if special:
        special()
    else:
        tree(cluster)


def main(folder, names):
    mnt = folder + "/mnt"
    os.mkdir(mnt)
    for i, name in enumerate(names):
        print("==", name, flush=True)
        device = "/dev/vd" + "cdefghijklmnop"[i]
        run("mount", "-t", KIND, "-o", "noatime", device, mnt)
        os.chdir(mnt)
        fill(name, os.statvfs(".").f_bsize)
        os.chdir("/")
        run("umount", mnt)
        run("mount", "-t", KIND, "-o", "ro", device, mnt)
        run("grep", KIND, "/proc/mounts")
        with open(folder + "/" + name + ".jsonl", "wb") as out:
            run(sys.executable, folder + "/truth.py", mnt, stdout=out)
        run("umount", mnt)


main(sys.argv[1], sys.argv[2:])
