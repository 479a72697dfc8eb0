"""Writes a directory "crowd" of 50,000 files: crowd.py tree DIR, crowd.py fat IMAGE or crowd.py exfat IMAGE."""

import os
import struct
import sys

COUNT = 50_000
TIME = 1_700_000_000


def files():
    for i in range(COUNT):
        name = "f%05d" % i
        yield name, name.encode() if i % 500 == 0 else b""


def tree(root):
    os.mkdir(root + "/crowd")
    for name, content in files():
        path = root + "/crowd/" + name
        with open(path, "wb") as f:
            f.write(content)
        os.utime(path, (TIME, TIME))
    os.utime(root + "/crowd", (TIME, TIME))


def fat(path):
    """FAT16 with two tables, whose clusters from 2 on are free."""
    with open(path, "r+b") as f:
        boot = f.read(512)
        sector, per_cluster, reserved, tables, roots = struct.unpack_from("<HBHBH", boot, 11)
        sectors = struct.unpack_from("<H", boot, 22)[0]
        cluster = sector * per_cluster
        root = (reserved + tables * sectors) * sector
        heap = root + roots * 32
        table, content = {}, {}

        def entry(name, attributes, start, size):
            return struct.pack("<11sBBBHHHHHHHI", name, attributes, 0 if name[:1] == b"." else 0x18, 0, 0, 0x5800, 0x5800, 0, 0, 0x5800, start, size)

        def chain(start, length):
            count = max(1, -(-length // cluster))
            for i in range(count):
                table[start + i] = start + i + 1 if i < count - 1 else 0xFFFF
            return start + count

        size = (COUNT + 2) * 32
        at = chain(2, size)
        entries = bytearray(entry(b".          ", 0x10, 2, 0) + entry(b"..         ", 0x10, 0, 0))
        for name, data in files():
            entries += entry(name.upper().encode().ljust(11), 0x20, at if data else 0, len(data))
            if data:
                content[at] = data
                at = chain(at, len(data))
        content[2] = entries
        for start, data in content.items():
            f.seek(heap + (start - 2) * cluster)
            f.write(data)
        for t in range(tables):
            for number, value in table.items():
                f.seek((reserved + t * sectors) * sector + 2 * number)
                f.write(struct.pack("<H", value))
        f.seek(root)
        slot = f.read(32)
        f.seek(root + (32 if slot[11] == 8 else 0))
        f.write(entry(b"CROWD      ", 0x10, 2, 0))


def exfat(path):
    """All in one piece behind what mkfs.exfat wrote, without the table."""
    with open(path, "r+b") as f:
        boot = f.read(512)
        heap, clusters, root = struct.unpack_from("<I4xII", boot, 88)[0], struct.unpack_from("<I", boot, 92)[0], struct.unpack_from("<I", boot, 96)[0]
        shift, per = boot[108], boot[109]
        cluster, heap = 1 << (shift + per), heap << shift

        def place(number):
            return heap + (number - 2) * cluster

        f.seek(place(root))
        entries = f.read(cluster)
        bitmap = next(struct.unpack_from("<IQ", entries, i + 20) for i in range(0, cluster, 32) if entries[i] == 0x81)
        end = next(i for i in range(0, cluster, 32) if entries[i] == 0)
        f.seek(place(bitmap[0]))
        bits = bytearray(f.read(bitmap[1]))
        free = next(i for i in range(clusters) if not bits[i // 8] >> (i % 8) & 1) + 2

        def take(length):
            nonlocal free
            start = free
            for _ in range(-(-length // cluster)):
                bits[(free - 2) // 8] |= 1 << ((free - 2) % 8)
                free += 1
            return start

        def entry_set(name, directory, start, length):
            units = name.encode("utf-16-le")
            upper, total = name.upper().encode("utf-16-le"), 0
            for b in upper:
                total = ((total << 15 | total >> 1) + b) & 0xFFFF
            primary = struct.pack("<BBHHHIII12x", 0x85, 2, 0, 0x10 if directory else 0x20, 0, 0x576E7000, 0x576E7000, 0x576E7000)
            stream = struct.pack("<BBBBHHQIIQ", 0xC0, 3 if length else 1, 0, len(name), total, 0, length, 0, start if length else 0, length)
            whole = bytearray(primary + stream + b"\xc1\x00" + units.ljust(30, b"\x00"))
            total = 0
            for i, b in enumerate(whole):
                if i not in (2, 3):
                    total = ((total << 15 | total >> 1) + b) & 0xFFFF
            struct.pack_into("<H", whole, 2, total)
            return bytes(whole)

        size = -(-COUNT * 96 // cluster) * cluster
        directory, entries = take(size), bytearray()
        for name, data in files():
            start = 0
            if data:
                start = take(len(data))
                f.seek(place(start))
                f.write(data)
            entries += entry_set(name, False, start, len(data))
        f.seek(place(directory))
        f.write(entries)
        f.seek(place(root) + end)
        f.write(entry_set("crowd", True, directory, size))
        f.seek(place(bitmap[0]))
        f.write(bits)


{"tree": tree, "fat": fat, "exfat": exfat}[sys.argv[1]](sys.argv[2])
