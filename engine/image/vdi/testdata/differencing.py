"""Makes VDIs that only VirtualBox makes, in the current directory: differencing ones, and such with other blocks.

The content of each disk is written to a flat file at the same time, block by block. It shares nothing with the reader under test.
"""
import os
import random
import shutil
import struct
import uuid

random.seed(20070115)
FREE, ZERO = 0xffffffff, 0xfffffffe
MIB = 1 << 20


def identities(name):
    """The identity of an image, and that of its last modification."""
    with open(name, "rb") as f:
        head = f.read(0x1c8)
    return head[0x188:0x198], head[0x198:0x1a8]


class Disk:
    def __init__(self, kind, size, block=MIB, extra=0, parent=None, version=0x10001, parent_flat=None):
        self.kind, self.size, self.block, self.extra, self.version = kind, size, block, extra, version
        self.id, self.modified = random.randbytes(16), random.randbytes(16)
        self.link, self.parent_modified = identities(parent) if parent else (bytes(16), bytes(16))
        self.blocks = -(-size // block)
        self.map = [FREE] * self.blocks
        self.data = b""
        self.flat = bytearray(size)
        if parent:
            below = open(parent_flat, "rb").read()[:size]
            self.flat[:len(below)] = below

    def put(self, i, content):
        self.flat[i * self.block:(i + 1) * self.block] = content[:self.size - i * self.block]

    def write(self, *blocks):
        for i in blocks:
            content = random.randbytes(64) * (self.block // 64)
            self.map[i] = len(self.data) // (self.block + self.extra)
            self.data += b"\xee" * self.extra + content
            self.put(i, content)

    def discard(self, *blocks):
        for i in blocks:
            self.map[i] = ZERO
            self.put(i, bytes(self.block))

    def save(self, name, flat):
        data_at = -(-(512 + 4 * self.blocks) // 512) * 512
        allocated = sum(e < ZERO for e in self.map)
        head = struct.pack("<64sIIIII256sIIIIIII", b"<<< Oracle VM VirtualBox Disk Image >>>\n", 0xbeda107f, self.version,
                           0x190 if self.version == 0x10001 else 0x180, self.kind, 0, b"", 512, data_at, 0, 0, 0, 512, 0)
        head += struct.pack("<QIIII", self.size, self.block, self.extra, self.blocks, allocated)
        head += self.id + self.modified + self.link + self.parent_modified
        body = head.ljust(512, b"\0") + struct.pack("<%dI" % self.blocks, *self.map)
        with open(name, "wb") as f:
            f.write(body.ljust(data_at, b"\0") + self.data)
        with open(flat, "wb") as f:
            f.write(self.flat)


def called(identity):
    return "{%s}.vdi" % uuid.UUID(bytes_le=identity)


base = called(identities("dynamic.vdi")[0])
shutil.copy("dynamic.vdi", base)
child = Disk(4, os.path.getsize("dynamic.raw"), parent=base, parent_flat="dynamic.raw")
child.write(7, 0)
child.discard(8, 4)
child.save("child.vdi", "child.raw")
child.save(called(child.id), "child.raw")
# One that is larger, over blocks of another size.
grandchild = Disk(4, child.size + 3 * MIB + 512, block=65536, parent="child.vdi", parent_flat="child.raw")
grandchild.write(190, 1, 2, 3, 100, 140)
grandchild.discard(0, 113)
grandchild.save("grandchild.vdi", "grandchild.raw")
# The parent was written to later.
stale = Disk(4, child.size, parent="child.vdi", parent_flat="child.raw")
stale.parent_modified = bytes(range(16))
stale.save("stale.vdi", "stale.raw")

small = Disk(1, 200 * 1024, block=4096, extra=512)
small.write(9, 8, 7, 49, 20, 21, 22)
small.discard(10, 11)
small.save("extra.vdi", "extra.raw")
large = Disk(1, 9 * MIB, block=8 * MIB, version=0x10000)
large.write(0)
large.save("large.vdi", "large.raw")
