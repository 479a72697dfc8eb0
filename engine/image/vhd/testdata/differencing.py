"""Makes differencing VHDs over dynamic.vhd and fixed.vhd, and dynamic ones of other programs, in the current directory.

It follows the Virtual Hard Disk Image Format Specification 1.0 and shares nothing with the reader under test. The content of each disk
is written to a flat file at the same time, sector by sector.
"""
import os
import random
import struct

SECTOR = 512
random.seed(20061011)


def checksum(b, at):
    return ~(sum(b) - sum(b[at:at + 4])) & 0xffffffff


def footer(size, kind, creator, unique, geometry, header=512):
    b = struct.pack(">8sIIQI4sI4sQQHBBII16sB", b"conectix", 2, 0x10000, header, 0, creator, 0x10000, b"Wi2k",
                    size, size, *geometry, kind, 0, unique, 0).ljust(512, b"\0")
    return b[:64] + struct.pack(">I", checksum(b, 64)) + b[68:]


def unique_of(name):
    with open(name, "rb") as f:
        f.seek(-512, os.SEEK_END)
        return f.read()[68:84]


class Disk:
    def __init__(self, name, size, block, unique, parent=None, creator=b"win ", locators=(), parent_name=""):
        self.name, self.size, self.block, self.unique = name, size, block, unique
        self.parent, self.creator, self.locators, self.parent_name = parent, creator, locators, parent_name
        self.sectors = {}
        self.flat = bytearray(size)
        if parent:
            below = open(parent + ".raw", "rb").read()[:size]
            self.flat[:len(below)] = below

    def write(self, sector, count):
        for s in range(sector, sector + count):
            data = random.randbytes(16) * 32
            self.sectors[s] = data
            self.flat[s * SECTOR:(s + 1) * SECTOR] = data

    def save(self):
        entries = -(-self.size // self.block)
        kind = 4 if self.parent else 3
        foot = footer(self.size, kind, self.creator, self.unique, (0, 0, 0))
        table = 512 + 1024
        names = table + -(-entries * 4 // 512) * 512
        header = struct.pack(">8sQQIIII", b"cxsparse", 2**64 - 1, table, 0x10000, entries, self.block, 0)
        header += unique_of(self.parent + ".vhd") if self.parent else bytes(16)
        header += struct.pack(">II", 0xffffffff if self.parent else 0, 0)
        header += self.parent_name.encode("utf-16-be").ljust(512, b"\0")
        texts, at = b"", names
        for code, text in self.locators:
            header += struct.pack(">4sIIIQ", code, 512, len(text), 0, at)
            texts += text.ljust(512, b"\0")
            at += 512
        header = header.ljust(1024, b"\0")
        header = header[:36] + struct.pack(">I", checksum(header, 36)) + header[40:]
        blocks, bat = b"", [0xffffffff] * entries
        per = self.block // SECTOR
        bitmap_size = -(-per // 8 // 512) * 512
        used = sorted({s // per for s in self.sectors}, key=lambda i: -i)  # not in the order of the disk
        for i in used:
            bat[i] = (at + len(blocks)) // SECTOR
            bitmap, data = bytearray(bitmap_size), bytearray(self.block)
            for s in range(per):
                if i * per + s in self.sectors:
                    bitmap[s // 8] |= 0x80 >> s % 8
                    data[s * SECTOR:(s + 1) * SECTOR] = self.sectors[i * per + s]
            blocks += bitmap + data
        bat = struct.pack(">%dI" % entries, *bat).ljust(names - table, b"\xff")
        with open(self.name + ".vhd", "wb") as f:
            f.write(foot + header + bat + texts + blocks + foot)
        with open(self.name + ".raw", "wb") as f:
            f.write(self.flat)


def little(text):
    return text.encode("utf-16-le")


def scatter(disk):
    total = disk.size // SECTOR
    for at in (0, 3, 8, 9, 250, 4090, total - 1):
        disk.write(at, 1)
    disk.write(5000, 700)
    disk.write(8180, 30)
    for _ in range(60):
        disk.write(random.randrange(total), 1)


size = os.path.getsize("dynamic.raw")
child = Disk("child", size, 2 << 20, b"child-of-dynamic", "dynamic", parent_name="dynamic.vhd",
             locators=[(b"W2ku", little("C:\\vm\\dynamic.vhd")), (b"W2ru", little(".\\dynamic.vhd"))])
scatter(child)
child.save()
# One that is larger, in small blocks, and knows only an absolute name of another host.
grandchild = Disk("grandchild", size + 777 * SECTOR, 4096, b"grandchild------", "child",
                  locators=[(b"W2ku", little("\\\\server\\share\\child.vhd"))])
scatter(grandchild)
grandchild.write(size // SECTOR + 5, 20)
grandchild.save()
# As XenServer has them, over a fixed disk, with a bitmap of two sectors.
over_fixed = Disk("over-fixed", os.path.getsize("fixed.raw"), 4 << 20, b"over-fixed------", "fixed", creator=b"tap\0",
                  locators=[(b"MacX", b"file://./fi%78ed.vhd")])
over_fixed.write(0, 100)
over_fixed.write(201, 11)
over_fixed.save()
named = Disk("by-name", os.path.getsize("fixed.raw"), 2 << 20, b"by-name---------", "fixed", parent_name="D:\\disks\\fixed.vhd")
named.write(1, 1)
named.save()
# A dynamic disk in which not all sectors of a block were written.
partial = Disk("partial", 3 << 20, 1 << 20, b"partial---------")
partial.write(3, 60)
partial.write(4097, 900)
partial.save()


def fixed(name, creator, geometry, cut):
    """A fixed disk by another program, whose footer has one byte less in old ones."""
    data = random.randbytes(64) * 16384
    with open(name + ".vhd", "wb") as f:
        f.write(data + footer(len(data), 2, creator, name.ljust(16).encode()[:16], geometry, 2**64 - 1)[:512 - cut])
    seen = geometry[0] * geometry[1] * geometry[2] * SECTOR if creator == b"vpc " else len(data)
    with open(name + ".raw", "wb") as f:
        f.write(data[:seen])


fixed("virtual-pc", b"vpc ", (30, 4, 17), 0)
fixed("virtual-pc-511", b"vpc ", (30, 4, 17), 1)
fixed("hyper-v", b"win ", (30, 4, 17), 0)
fixed("virtualbox", b"vbox", (30, 4, 17), 0)
