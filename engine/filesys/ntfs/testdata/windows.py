"""Fills a mounted NTFS with what only Windows makes: owners and access lists, and files whose content is kept elsewhere."""

import os
import struct
import sys

os.chdir(sys.argv[1])

SYSTEM, ADMINS, USERS, EVERYONE = "S-1-5-18", "S-1-5-32-544", "S-1-5-32-545", "S-1-1-0"
INSTALLER = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
PERSON = "S-1-5-21-1004336348-1177238915-682003330-1001"
APPS = "S-1-15-2-1"
LARGE = "S-1-0x123456789abc-7"


def sid(text):
    _, revision, authority, *rest = text.split("-")
    return struct.pack(">BBHI", int(revision), len(rest), int(authority, 0) >> 32, int(authority, 0) & 0xFFFFFFFF) + b"".join(struct.pack("<I", int(r)) for r in rest)


def entry(kind, flags, mask, who, objects=b""):
    body = struct.pack("<I", mask) + objects + sid(who)
    return struct.pack("<BBH", kind, flags, 4 + len(body)) + body


def acl(entries, revision=2):
    body = b"".join(entries)
    return struct.pack("<BBHHH", revision, 0, 8 + len(body), len(entries), 0) + body


def descriptor(owner, group, dacl, control=0x8004):
    """dacl is None for no list, and b"" for one that lets everybody in."""
    parts, at = [], 20
    offsets = []
    for part in (sid(owner) if owner else b"", sid(group) if group else b"", b"", dacl or b""):
        offsets.append(at if part else 0)
        parts.append(part)
        at += len(part)
    if dacl is None:
        control &= ~4
    return struct.pack("<BBHIIII", 1, 0, control, *offsets) + b"".join(parts)


def write(path, sd):
    with open(path, "wb") as f:
        f.write(path.encode())
    os.setxattr(path, "system.ntfs_acl", sd)


write("of the system", descriptor(SYSTEM, SYSTEM, acl([entry(0, 0x10, 0x1F01FF, SYSTEM), entry(0, 0x10, 0x1200A9, USERS)])))
write("of the installer", descriptor(INSTALLER, INSTALLER, acl([entry(0, 0, 0x1F01FF, INSTALLER), entry(0, 0, 0x1200A9, APPS)]), 0x9404))
write("of a person", descriptor(PERSON, PERSON[:-4] + "513", acl([entry(1, 0, 0x2, EVERYONE), entry(0, 3, 0x1F01FF, PERSON), entry(0, 0, 0x10000000, ADMINS)])))
write("for everybody", descriptor(ADMINS, USERS, b""))
write("without a list", descriptor(ADMINS, USERS, None))
write("for nobody", descriptor(ADMINS, USERS, acl([])))
write("of a large authority", descriptor(LARGE, LARGE, acl([entry(0, 0, 0x1F01FF, LARGE)])))
os.mkdir("folder")
os.setxattr("folder", "system.ntfs_acl", descriptor(ADMINS, SYSTEM, acl([entry(0, 0x0B, 0x1F01FF, "S-1-3-0")])))
for i in range(120):  # as many as need more than one block of the index
    write("f%d" % i, descriptor(PERSON[:-4] + str(2000 + i), USERS, acl([entry(0, 0, 0x1F01FF, PERSON)])))

for name, tag, data in (
    ("deduplicated", 0x80000013, bytes(64)),
    ("in a cloud", 0x9000601A, bytes(64)),
    ("in a WIM", 0x80000017, struct.pack("<II", 1, 1) + bytes(40)),
    ("of a later WOF", 0x80000017, struct.pack("<IIII", 1, 2, 1, 9)),
    ("of a driver", 0x8000ABCD, bytes(8)),
):
    with open(name, "wb") as f:
        f.truncate(100_000)
    os.setxattr(name, "system.ntfs_reparse_data", struct.pack("<IHH", tag, len(data), 0) + data)
