"""Writes, into the current directory, the VMDKs that qemu-img reads and does not make:

vmfs.vmdk        a descriptor of ESX over a flat extent
vmfsSparse.vmdk  a delta of ESX over it (COWD: VMware's Virtual Disk Format 1.1, "ESX Server Sparse Extents")
seSparse.vmdk    another over that (QEMU's block/vmdk.c has the only public description)
pieces.vmdk      flat and sparse extents of several sizes, one of them a part of a file, one compressed
footer.vmdk      a stream-optimized disk as VMware writes it: tables behind the grains that they name, markers, a footer
"""

import struct
import zlib

SECTOR = 512
GRAIN = 128


def text(start, n):
    b = b""
    while len(b) < n:
        b += b"%d\n" % start
        start += 1
    return b[:n]


def descriptor(kind, extents, cid, parent=None, parent_cid=0xFFFFFFFF, **more):
    lines = ["# Disk DescriptorFile", "version=1"]
    lines += ['%s="%s"' % kv for kv in more.items()]
    lines += ["CID=%08x" % cid, "parentCID=%08x" % parent_cid, 'createType="%s"' % kind]
    if parent:
        lines.append('parentFileNameHint="%s"' % parent)
    lines += ["", "# Extent description"] + extents
    lines += ["", "# The Disk Data Base", "#DDB", "", 'ddb.virtualHWVersion = "13"', 'ddb.adapterType = "lsilogic"']
    return ("\n".join(lines) + "\n").encode()


def write(name, b):
    with open(name, "wb") as f:
        f.write(b)


def pad(b, n=SECTOR):
    return b + bytes(-len(b) % n)


def cowd(sectors, grain, grains):
    """grains: the number of a grain and its bytes."""
    tables = -(-sectors // (grain * 4096))
    directory = [0] * tables
    body, at = b"", 4 + -(-tables * 4 // SECTOR)
    entries = {}
    for number, data in grains:
        t, i = divmod(number, 4096)
        if t not in entries:
            entries[t] = [0] * 4096
            directory[t] = (at, len(body))
            body += bytes(4096 * 4)
            at += 32
        entries[t][i] = at
        body += data
        at += grain
    for t, table in entries.items():
        off = directory[t][1]
        body = body[:off] + struct.pack("<4096I", *table) + body[off + 4096 * 4:]
    head = struct.pack("<4s7I", b"COWD", 1, 3, sectors, grain, 4, tables, at)
    return pad(head, 2048) + pad(struct.pack("<%dI" % tables, *[d[0] if d else 0 for d in directory])) + body


def sesparse(sectors, grains, zeros, unmapped):
    """grains: the number of a grain of 4 KiB and its bytes. They are stored in the order they come in."""
    tables = -(-sectors // (8 * 4096))
    directory_len = -(-tables * 8 // SECTOR)
    used = sorted({n // 4096 for n, _ in grains} | {n // 4096 for n in zeros + unmapped}, reverse=True)
    entries = {t: [0] * 4096 for t in used}
    for place, (number, _) in enumerate(grains):
        entries[number // 4096][number % 4096] = 3 << 60 | (place & 0xFFF) << 48 | place >> 12
    for n in zeros:
        entries[n // 4096][n % 4096] = 2 << 60
    for n in unmapped:
        entries[n // 4096][n % 4096] = 1 << 60
    directory = [0x10000000 << 32 | used.index(t) if t in entries else 0 for t in range(tables)]
    tables_at = 8 + directory_len
    grains_at = tables_at + 64 * len(used)
    header = struct.pack(
        "<26Q", 0xCAFEBABE, 0x200000001, sectors, 8, 64, 0, 0, 0, 0, 0,
        1, 1, 2, 1, 3, 4, 8, directory_len, tables_at, 64 * len(used), 7, 1, 7, 1, grains_at, 8 * len(grains))
    out = pad(header) + pad(struct.pack("<4Q", 0xCAFECAFE, 0, 1, 0)) + bytes(6 * SECTOR)
    out += pad(struct.pack("<%dQ" % tables, *directory))
    for t in used:
        out += struct.pack("<4096Q", *entries[t])
    return out + b"".join(data for _, data in grains)


def sparse_header(version, flags, capacity, gtes, descriptor_at, descriptor_len, rgd, gd, overhead, algorithm):
    return pad(struct.pack("<4sIIQQQQIQQQB4sH", b"KDMV", version, flags, capacity, GRAIN, descriptor_at, descriptor_len, gtes, rgd, gd,
                           overhead, 0, b"\n \r\n", algorithm))


def marker(value, size, kind):
    return pad(struct.pack("<QII", value, size, kind))


def stream(capacity, data, text_of):
    """A stream-optimized disk; grains of zeros are left out."""
    gtes, flags = 512, 1 | 1 << 16 | 1 << 17
    head = sparse_header(3, flags, capacity, gtes, 1, 20, 0, (1 << 64) - 1, GRAIN, 1)
    out = pad(head + text_of, GRAIN * SECTOR)
    grain_bytes = GRAIN * SECTOR
    tables = -(-capacity // (GRAIN * gtes))
    directory = []
    for t in range(tables):
        entries = [0] * gtes
        for i in range(gtes):
            n = t * gtes + i
            part = data[n * grain_bytes:(n + 1) * grain_bytes]
            if part.strip(b"\0"):
                entries[i] = len(out) // SECTOR
                z = zlib.compress(pad(part, grain_bytes), 6)
                out += pad(struct.pack("<QI", n * GRAIN, len(z)) + z)
        out += marker(gtes * 4 // SECTOR, 0, 1)
        directory.append(len(out) // SECTOR)
        out += struct.pack("<%dI" % gtes, *entries)
    out += marker(-(-tables * 4 // SECTOR), 0, 2)
    gd = len(out) // SECTOR
    out += pad(struct.pack("<%dI" % tables, *directory))
    footer = sparse_header(3, flags, capacity, gtes, 1, 20, 0, gd, GRAIN, 1)
    return out + marker(1, 0, 3) + footer + marker(0, 0, 0)


def packed(capacity, data, markers):
    """A compressed extent of one grain table, which is in front: QEMU looks for the footer of an extent in the descriptor."""
    head = sparse_header(3, 1 | 1 << 16 | (1 << 17 if markers else 0), capacity, 512, 0, 0, 0, 1, 8, 1)
    entries, grains, at = [0] * 512, b"", 8
    for i in range(-(-capacity // GRAIN)):
        z = zlib.compress(pad(data[i * GRAIN * SECTOR:(i + 1) * GRAIN * SECTOR], GRAIN * SECTOR), 6)
        entries[i] = at + len(grains) // SECTOR
        grains += pad((struct.pack("<QI", i * GRAIN, len(z)) if markers else b"") + z)
    return pad(head + pad(struct.pack("<I", 2)) + struct.pack("<512I", *entries), at * SECTOR) + grains


SECTORS = 40 * 2048  # 40 MiB
# A base of ESX whose data is text at both ends; its extent is longer than the guest's disk.
flat = text(100000, 64 << 10) + bytes((40 << 20) - (96 << 10)) + text(500000, 32 << 10)
write("vmfs-flat.vmdk", flat + b"behind the end of the disk")
write("vmfs.vmdk", descriptor("vmfs", ['RW %d VMFS "vmfs-flat.vmdk"' % SECTORS], 0x11111111, encoding="UTF-8", isNativeSnapshot="no"))

# Grains of a sector, some side by side, out of order, in three tables of which one is left out; the last sector of the disk.
delta = [(3, b"3" * 512), (4, b"4" * 512), (2047, b"a" * 512), (2, b"2" * 512), (SECTORS - 1, b"z" * 512)]
delta += [(5000 * 9 + i, text(i, 512)) for i in range(40)]
write("vmfsSparse-delta.vmdk", cowd(SECTORS, 1, delta))
write("vmfsSparse.vmdk", descriptor(
    "vmfsSparse", ['RW %d VMFSSPARSE "vmfsSparse-delta.vmdk"' % SECTORS], 0x22222222, "vmfs.vmdk", 0x11111111))

grains = [(1, b"A" * 4096), (0, text(7, 4096)), (2, b"B" * 4096), (10000, b"C" * 4096), (9000, b"D" * 4096)]
grains += [(4000 + i, text(i, 4096)) for i in range(200)]
write("seSparse-sesparse.vmdk", sesparse(SECTORS, grains, [3, 4, 5, 10001], [6, 8999]))
write("seSparse.vmdk", descriptor(
    "seSparse", ['RW %d SESPARSE "seSparse-sesparse.vmdk"' % SECTORS], 0x33333333, "vmfsSparse.vmdk", 0x22222222))

disk = text(1, 150_000) + bytes(33 << 20) + text(9000, 70_000)
disk += bytes(-len(disk) % (GRAIN * SECTOR)) + text(77, 3 * SECTOR)
write("footer.vmdk", stream(len(disk) // SECTOR, disk, descriptor(
    "streamOptimized", ['RW %d SPARSE "footer.vmdk"' % (len(disk) // SECTOR)], 0x44444444)))

# Pieces: two parts of one file in the wrong order, two compressed ones, and a delta of ESX. All are whole grains: QEMU reads the rest of one
# in place of the start of the next extent.
write("pieces-flat.vmdk", text(1, 5 * SECTOR) + text(2000, 7 * SECTOR))
write("pieces-s1.vmdk", packed(256, text(4000, 256 * SECTOR), True))
write("pieces-s2.vmdk", packed(256, text(5000, 256 * SECTOR), False))
write("pieces-s3.vmdk", cowd(36, 4, [(1, text(1, 2048)), (7, text(2, 2048))]))
write("pieces.vmdk", descriptor("twoGbMaxExtentSparse", [
    'RW 7 FLAT "pieces-flat.vmdk" 5', 'RW 5 FLAT "pieces-flat.vmdk" 0', 'RW 256 SPARSE "pieces-s1.vmdk"',
    'RW 256 SPARSE "pieces-s2.vmdk"', 'RW 36 SPARSE "pieces-s3.vmdk"'], 0x55555555))
