"""Makes VHDXs that qemu-img cannot make, in the current directory: differencing ones, sectors of 4096 bytes, and logs.

It follows [MS-VHDX] and shares nothing with the reader under test. The content of each disk is written to a flat file at the same
time, block by block and sector by sector.
"""
import random
import struct
import sys
import uuid

random.seed(20120825)
KIB, MIB = 1 << 10, 1 << 20
TABLE = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ 0x82f63b78 * (n & 1)
    TABLE.append(n)


def crc32c(b):
    crc = 0xffffffff
    for c in b:
        crc = crc >> 8 ^ TABLE[(crc ^ c) & 0xff]
    return crc ^ 0xffffffff


def sealed(b):
    """A structure whose checksum is at its fifth byte."""
    return b[:4] + struct.pack("<I", crc32c(b[:4] + bytes(4) + b[8:])) + b[8:]


def guid(text):
    return uuid.UUID(text).bytes_le


def header(sequence, data_write, log=bytes(16), log_len=MIB, log_off=MIB, version=1):
    return sealed(struct.pack("<4sIQ16s16s16sHHIQ", b"head", 0, sequence, b"file write guid.", data_write, log, 0, version,
                              log_len, log_off).ljust(4096, b"\0"))


def log_entry(sequence, log, tail, writes, size, last=None):
    """An entry of writes: (offset, 4096 bytes), or (offset, length) of zeros."""
    descriptors, data = b"", b""
    for off, what in writes:
        if isinstance(what, int):
            descriptors += struct.pack("<4sIQQQ", b"zero", 0, what, off, sequence)
        else:
            descriptors += struct.pack("<4s4s8sQQ", b"desc", what[-4:], what[:8], off, sequence)
            data += struct.pack("<4sI", b"data", sequence >> 32) + what[8:-4] + struct.pack("<I", sequence & 0xffffffff)
    front = -(-(64 + len(descriptors)) // 4096) * 4096
    b = struct.pack("<4sIIIQII16sQQ", b"loge", 0, front + len(data), tail, sequence, len(writes), 0, log, size, last or size)
    return sealed((b + descriptors).ljust(front, b"\0") + data)


class Disk:
    def __init__(self, size, block=MIB, sector=512, parent=None, paths=None, linkage2=False):
        self.size, self.block, self.sector = size, block, sector
        self.id = random.randbytes(16)
        self.parent, self.paths, self.linkage2 = parent, paths or {}, linkage2
        self.ratio = (1 << 23) * sector // block
        self.blocks = -(-size // block)
        count = self.blocks + (self.blocks - 1) // self.ratio
        if parent:
            count = -(-self.blocks // self.ratio) * (self.ratio + 1)
        self.bat = [0] * count
        self.bitmaps = {}
        self.file = bytearray(4 * MIB)  # headers, log, metadata, table
        self.flat = bytearray(size)
        if parent:
            below = parent.flat[:size]
            self.flat[:len(below)] = below

    def index(self, i):
        return i + i // self.ratio

    def allocate(self, n):
        at = len(self.file)
        self.file += bytes(n)
        return at

    def write(self, *blocks):
        for i in blocks:
            content = random.randbytes(64) * (self.block // 64)
            at = self.allocate(self.block)
            self.file[at:at + self.block] = content
            self.bat[self.index(i)] = at | 6
            self.flat[i * self.block:(i + 1) * self.block] = content[:self.size - i * self.block]

    def state(self, number, *blocks, at=0):
        for i in blocks:
            self.bat[self.index(i)] = at | number
            end = min(self.size, (i + 1) * self.block)
            self.flat[i * self.block:end] = bytes(end - i * self.block)

    def sectors(self, *sectors):
        """Writes single sectors, of blocks that become partially present."""
        per = self.block // self.sector
        for s in sectors:
            i = s // per
            chunk = s >> 23
            if chunk not in self.bitmaps:
                self.bitmaps[chunk] = self.allocate(MIB)
                self.bat[(chunk + 1) * self.ratio + chunk] = self.bitmaps[chunk] | 6
            if not self.bat[self.index(i)]:
                at = self.allocate(self.block)
                self.file[at:at + self.block] = b"\xee" * self.block  # must not be read
                self.bat[self.index(i)] = at | 7
            content = random.randbytes(16) * (self.sector // 16)
            bit = s & (1 << 23) - 1
            self.file[self.bitmaps[chunk] + bit // 8] |= 1 << bit % 8
            at = (self.bat[self.index(i)] & ~0xfffff) + s % per * self.sector
            self.file[at:at + self.sector] = content
            self.flat[s * self.sector:(s + 1) * self.sector] = content

    def table(self):
        return struct.pack("<%dQ" % len(self.bat), *self.bat)

    def metadata(self):
        parameters = struct.pack("<II", self.block, 2 if self.parent else 0)
        items = [("caa16737-fa36-4d43-b3b6-33f0aa44e76b", parameters, 4), ("2fa54224-cd1b-4876-b211-5dbed83bf4b8", struct.pack("<Q", self.size), 6),
                 ("beca12ab-b2e6-4523-93ef-c309e000c746", b"virtual disk id.", 6), ("8141bf1d-a96f-4709-ba47-f233a8faab5f", struct.pack("<I", self.sector), 6),
                 ("cda348c7-445d-4471-9cc9-e9885251c556", struct.pack("<I", 4096), 6)]
        if self.parent:
            link = "{%s}" % uuid.UUID(bytes_le=self.parent.id)
            pairs = {"parent_linkage": "{%s}" % uuid.UUID(int=1) if self.linkage2 else link, **self.paths}
            if self.linkage2:
                pairs["parent_linkage2"] = link.upper()
            head, texts = guid("b04aefb7-d19e-4a81-b789-25b8e9445913") + struct.pack("<HH", 0, len(pairs)), b""
            at = 20 + 12 * len(pairs)
            for key, value in pairs.items():
                k, v = key.encode("utf-16-le"), value.encode("utf-16-le")
                head += struct.pack("<IIHH", at + len(texts), at + len(texts) + len(k), len(k), len(v))
                texts += k + v
            items.append(("a8d35f2d-b30b-454d-abf7-d3d84834ab0c", head + texts, 4))
        table = struct.pack("<8sHH20s", b"metadata", 0, len(items), b"")
        body, at = b"", 64 * KIB
        for name, value, flags in items:
            table += guid(name) + struct.pack("<IIII", at + len(body), len(value), flags, 0)
            body += value
        return table.ljust(64 * KIB, b"\0") + body

    def save(self, name, log=b"", log_guid=bytes(16)):
        f = self.file
        f[0:8] = b"vhdxfile"
        f[64 * KIB:68 * KIB] = header(7, self.id, log_guid)
        f[128 * KIB:132 * KIB] = header(6, bytes(16))
        regions = struct.pack("<4sIII", b"regi", 0, 2, 0)
        regions += guid("8b7ca206-4790-4b9a-b8fe-575f050f886e") + struct.pack("<QII", 2 * MIB, MIB, 1)
        regions += guid("2dc27766-f623-4200-9d64-115e9bfd4a08") + struct.pack("<QII", 3 * MIB, MIB, 1)
        regions = sealed(regions.ljust(64 * KIB, b"\0"))
        f[192 * KIB:256 * KIB] = f[256 * KIB:320 * KIB] = regions
        f[MIB:MIB + len(log)] = log
        metadata = self.metadata()
        f[2 * MIB:2 * MIB + len(metadata)] = metadata
        f[3 * MIB:3 * MIB + len(self.bat) * 8] = self.table()
        with open(name + ".vhdx", "wb") as out:
            out.write(f)
        with open(name + ".raw", "wb") as out:
            out.write(self.flat)


def plain():
    disk = Disk(7 * MIB)
    disk.write(5, 0, 2)
    disk.state(2, 1)
    disk.state(3, 3, at=disk.allocate(MIB))
    disk.state(1, 4)
    return disk


LOG = b"the log's guid.."


def log_of(entries):
    """A log that begins with the entries."""
    return b"".join(entries).ljust(MIB, b"\0")


def sectors_of(disk):
    """The sector of the file with the block allocation table, as it must be, and garbage as it was before."""
    good = disk.table().ljust(4096, b"\0")
    bad = struct.pack("<8Q", *[len(disk.file) - 2 * MIB | 6] * 8).ljust(4096, b"\0")
    return good, bad


def logs():
    # Three entries of which the first two are undone by the third, with zeros over some of it, and one of another log behind them.
    disk = plain()
    good, bad = sectors_of(disk)
    size = len(disk.file)
    block = disk.bat[5] & ~0xfffff
    disk.flat[5 * MIB + 8192:5 * MIB + 16384] = bytes(8192)
    a = log_entry(41, LOG, 0, [(3 * MIB, bad), (block + 4096, 12288)], size)
    b = log_entry(42, LOG, 0, [(3 * MIB, 4096), (3 * MIB, bad), (block + 4096, disk.flat[5 * MIB + 4096:5 * MIB + 8192])], size)
    c = log_entry(43, LOG, 0, [(3 * MIB, 8192), (3 * MIB, good)], size)
    d = log_entry(44, b"another log's...", 0, [(3 * MIB, bad)], size)
    older = log_entry(7, LOG, 512 * KIB, [(3 * MIB, bad)], size)
    disk.bat = [0] * len(disk.bat)
    disk.save("sequence", place(log_of([a, b, c, d]), older, 512 * KIB), LOG)
    # The sequence begins before the end of the log and goes on at its start.
    disk = plain()
    disk.bat = [0] * len(disk.bat)
    tail = MIB - 8192
    a = log_entry(2**32 - 1, LOG, tail, [(3 * MIB, bad), (3 * MIB, 4096)], size)
    b = log_entry(2**32, LOG, tail, [(3 * MIB, good)], size)
    ring = bytearray(MIB)
    for at, entry in ((tail, a), (tail + len(a), b)):
        for i in range(0, len(entry), 4096):
            ring[(at + i) % MIB:(at + i) % MIB + 4096] = entry[i:i + 4096]
    disk.save("wrapped", bytes(ring), LOG)
    # The newest entry was not written to its end.
    disk = plain()
    a = log_entry(9, LOG, 0, [(3 * MIB, good)], size)
    b = log_entry(10, LOG, 0, [(3 * MIB, bad)], size)
    disk.save("torn", log_of([a, b[:-100] + bytes(100)]), LOG)
    # The file is shorter than what the log has it grow to: the last block lies in what is missing, and was never written.
    disk = plain()
    disk.state(6, 6, at=len(disk.file))
    a = log_entry(1, LOG, 0, [(3 * MIB, disk.table().ljust(4096, b"\0"))], size, size + MIB)
    disk.bat = [0] * len(disk.bat)
    disk.save("grown", log_of([a]), LOG)


def place(log, entry, at):
    return log[:at] + entry + log[at + len(entry):]


def make():
    plain().save("crafted")
    logs()
    parent = Disk(20 * MIB + 512)
    parent.write(1, 0, 7, 20)
    parent.save("parent")
    child = Disk(20 * MIB + 512, parent=parent, paths={
        "relative_path": ".\\parent.vhdx", "absolute_win32_path": "\\\\?\\d:\\vm\\parent.vhdx"})
    child.write(2)
    child.state(2, 7)
    child.state(3, 20)
    child.sectors(0, 1, 9, 2047, 3 * 2048 + 77, 3 * 2048 + 78, *range(10 * 2048 + 5, 10 * 2048 + 900))
    child.save("child")
    # Larger than its parent, in blocks of another size, and known by the second linkage and a volume's path alone.
    grandchild = Disk(33 * MIB, block=2 * MIB, parent=child, linkage2=True, paths={
        "volume_path": "\\\\?\\Volume{26A21BDA-A627-11D7-9931-806E6F6E6963}\\vm\\child.vhdx"})
    grandchild.sectors(*(random.randrange(33 * 2048) for _ in range(40)))
    grandchild.save("grandchild")
    # Sectors of 4096 bytes.
    big = Disk(5 * MIB, sector=4096)
    big.write(1, 3)
    big.save("sector4096")
    over = Disk(5 * MIB, sector=4096, parent=big, paths={"relative_path": "sector4096.vhdx"})
    over.sectors(3, 255, 256, 257, 1000, 1279)
    over.save("child4096")


def forget(source, target):
    """Takes an image to where it was before its last update of the tables: that is in the log, which its headers name again."""
    with open(source, "rb") as f:
        b = bytearray(f.read())
    log_len, log_off = struct.unpack_from("<IQ", b, 64 * KIB + 68)
    entries = [at for at in range(log_off, log_off + log_len, 4096) if b[at:at + 4] == b"loge"]
    last = max(entries, key=lambda at: struct.unpack_from("<Q", b, at + 16))
    for at in (64 * KIB, 128 * KIB):
        b[at + 48:at + 64] = b[last + 32:last + 48]
        b[at:at + 4096] = sealed(bytes(b[at:at + 4096]))
    at = b.index(guid("2dc27766-f623-4200-9d64-115e9bfd4a08"))
    off, n = struct.unpack_from("<QI", b, at + 16)
    assert any(b[off:off + n])
    b[off:off + n] = bytes(n)
    with open(target, "wb") as f:
        f.write(b)


if sys.argv[1] == "all":
    make()
else:
    forget(*sys.argv[2:])
