"""Writes directory entries that no driver writes today into an image that mkfs.vfat made.

    craft.py IMAGE [many]    FAT16, with an empty root directory but for its label; many: a directory of 5000 entries
"""

import struct
import sys

path = sys.argv[1]
image = bytearray(open(path, "rb").read())
sector, per_cluster, reserved, copies, entries, _, _, table = struct.unpack_from("<HBHBHHBH", image, 11)
root = (reserved + copies * table) * sector
data = root + entries * 32
state = {"at": root + 32, "cluster": 2}


def put(raw):
    image[state["at"]:state["at"] + 32] = raw
    state["at"] += 32


def content(text):
    """Gives a content a cluster of its own."""
    if not text:
        return 0
    cluster = state["cluster"]
    state["cluster"] += 1
    at = data + (cluster - 2) * per_cluster * sector
    image[at:at + len(text)] = text
    for i in range(copies):
        struct.pack_into("<H", image, reserved * sector + i * table * sector + 2 * cluster, 0xFFFF)
    return cluster


def short(name, attributes=0x20, lower=0, date=0x5A21, time=0x6000, tenth=0, text=b"", size=None):
    start = content(text)
    put(struct.pack("<11sBBBHHHHHHHI", name, attributes, lower, tenth, time, date, date, 0, time, date, start,
                    len(text) if size is None else size))


def checksum(name):
    total = 0
    for c in name:
        total = ((total & 1) << 7) + (total >> 1) + c & 0xFF
    return total


def long(name, alias, total=None, order=None):
    units = name.encode("utf-16-le", "surrogatepass")
    pieces = (len(units) + 25) // 26
    if len(units) % 26:
        units = (units + b"\0\0").ljust(pieces * 26, b"\xff")
    for i in order or range(pieces, 0, -1):
        part = units[(i - 1) * 26:i * 26]
        put(struct.pack("<B10sBBB12sH4s", i | (0x40 if i == pieces else 0), part[:10], 0x0F, 0,
                        checksum(alias) if total is None else total, part[10:22], 0, part[22:]))


def crafted():
    short(b"UPPER   TXT", text=b"upper")
    short(b"BASE    LOW", lower=0x08, text=b"base in lower case")
    short(b"EXT     LOW", lower=0x10, text=b"extension in lower case")
    short(b"BOTH    LOW", lower=0x18)
    short(b"\x05SIGMA     ", text=b"its first byte is 0xe5")
    short(b"\x8e\x99\x9a\x80\x90\xa5   TX", lower=0x18)  # ÄÖÜÇÉÑ, in lower case
    short(b"\xe2\xe4\xe8\xea\xe1\xe6  \x9e\xb0\xf0", lower=0x18)  # Greek letters, some without a small one in the code page
    short(b"HIGH\xff\xfe\x7f\x81\xfb  ")
    short(b"NODATE     ", date=0, time=0)
    short(b"ODDDATE    ", date=0x0001, time=0xBF7D)
    short(b"TENTHS     ", tenth=199)
    short(b"READONLYTXT", attributes=0x01, text=b"read-only")
    short(b"HIDDEN  SYS", attributes=0x06, text=b"hidden")
    short(b"DEVICE     ", attributes=0x40)
    short(b"LABEL TOO  ", attributes=0x28)
    long("a good long name", b"GOODLO~1   ")
    short(b"GOODLO~1   ", text=b"good")
    long("exactly 13 ch", b"EXACTL~1   ")
    short(b"EXACTL~1   ")
    long("checksum of another", b"CHECKS~1   ", total=7)
    short(b"CHECKS~1   ")
    long("a name with pieces that are out of order", b"ANAMEW~1   ", order=[4, 2, 3, 1])
    short(b"ANAMEW~1   ")
    long("a name without its first piece", b"WITHOU~1   ", order=[3, 2])
    short(b"WITHOU~1   ")
    long("a name without its last piece", b"WITHOU~2   ", order=[2, 1])
    short(b"WITHOU~2   ")
    long("begun, and begun again", b"BEGUN      ", order=[2])
    long("begun again", b"AGAIN      ")
    short(b"AGAIN      ")
    long("left over from something removed", b"LEFTOV~1   ")
    short(b"\xe5EFTOV~1   ")
    short(b"BEHIND     ", text=b"behind the name that is left over")
    long("of the label", b"OFLABEL    ")
    short(b"OFLABEL    ", attributes=0x08)
    short(b"NEXT       ")
    long("smile \U0001f600 \U0001d11e", b"SMILE~1    ")
    short(b"SMILE~1    ")
    long("\ud7a3\uffee\ufffd", b"BMP~1      ")
    short(b"BMP~1      ")
    short(b"SPA CE  A B")
    short(b"ZERO\0AB B\0C")


def many():
    """The kernel would take minutes to write these, in a virtual machine."""
    count, size = 5000, per_cluster * sector
    clusters = -(-(2 + 3 * count) * 32 // size)
    short(b"MANY       ", attributes=0x10)
    struct.pack_into("<H", image, state["at"] - 6, 2)
    for i in range(copies):
        struct.pack_into("<%dH" % clusters, image, reserved * sector + i * table * sector + 4, *range(3, 2 + clusters), 0xFFFF)
    state.update(at=data, cluster=2 + clusters)
    short(b".          ", attributes=0x10)
    struct.pack_into("<H", image, state["at"] - 6, 2)
    short(b"..         ", attributes=0x10)
    for i in range(count):
        alias = b"E%07dTXT" % i
        long("an entry among many %d" % i, alias)
        short(alias, text=b"%d" % i if i % 10 == 0 else b"")


many() if sys.argv[2:] == ["many"] else crafted()
open(path, "wb").write(image)
