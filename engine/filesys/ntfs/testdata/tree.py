"""Fills a mounted NTFS with what its reader has to bear."""

import os
import random
import struct
import sys

os.chdir(sys.argv[1])
rnd = random.Random(9)


def noise(size):
    """LZNT1, which looks back 4096 bytes, cannot compress it, and zstd can."""
    piece = rnd.randbytes(5003)
    return (piece * (size // len(piece) + 1))[:size]


def write(path, content):
    with open(path, "wb") as f:
        f.write(content)


write("empty", b"")
write("resident", b"in the record")
write("plain", noise(100_001))
write("UPPER lower äöü 漢字 𝄞", b"a name")
write("n" * 255, b"a long name")
os.link("plain", "second name of plain")
with open("sparse", "wb") as f:
    f.seek(900_000)
    f.write(b"behind a hole")
    f.truncate(3_000_000)
# pieces: two files that grow in turn
with open("turn1", "wb", buffering=0) as a, open("turn2", "wb", buffering=0) as b:
    for i in range(120):
        a.write(bytes([i]) * 5000)
        b.write(bytes([i ^ 255]) * 7000)
for i in range(60):  # holes for what comes next
    write("gap%d" % i, b"g" * 9000)
for i in range(0, 60, 2):
    os.remove("gap%d" % i)
write("scattered", noise(400_000))
os.mkdir("many")
for i in range(1500):
    write("many/a name that fills the blocks of the index %d" % i, b"")
for i in range(0, 1500, 3):
    os.remove("many/a name that fills the blocks of the index %d" % i)
os.makedirs("deep/" + "/".join("d%d" % i for i in range(20)))
os.symlink("../target", "deep/link")
write("streams", b"the unnamed one")
os.setxattr("streams", "user.Zone.Identifier", b"[ZoneTransfer]\r\nZoneId=3\r\n")
os.setxattr("streams", "user.big", noise(30_000))
# so many streams that their attributes need a list
write("listed", noise(20_000))
for i in range(40):
    os.setxattr("listed", "user.stream with a longer name %d" % i, b"value %d" % i)
os.mkdir("packed")
try:
    os.setxattr("packed", "system.ntfs_attrib", struct.pack("<I", 0x800))
    write("packed/text", b"".join(b"line %d of a text that is worth it\n" % i for i in range(9000)))
    write("packed/random", noise(150_000))
    write("packed/mixed", noise(70_000) + bytes(200_000) + b"ab" * 40_000 + noise(9))
    write("packed/zeros", bytes(300_000))
except OSError as e:
    print("no compression:", e)
for path, seconds in ("empty", -11_000_000_000), ("resident", 0), ("plain", 32_503_680_000), ("sparse", 1_700_000_000.5):
    os.utime(path, (seconds, seconds))
