#!/usr/bin/env python3
"""Writes SAM.reg and SECURITY.reg beside itself: the values of accounts, rights and audit policy, which are bytes.

The layouts are those that winreg-kb (libyal) documents in "Security Accounts Manager keys", with the flags of MS-SAMR 2.2.1.12, the fields
of MS-SAMR 2.2.3.5 and 2.2.3.15 in the places of DOMAIN_ACCOUNT_F, the bits and numbers of MS-LSAD 2.2.1.2 and 3.1.1.2.1, and PolAdtEv as
dissect reads it. No Windows made these bytes: they are as good as the documents. No hash is one of a password.
"""
import struct
from pathlib import Path

MACHINE = (21, 1000000001, 1000000002, 1000000003)
DAY = 24 * 60 * 60 * 10**7
NEVER = 0x7FFFFFFFFFFFFFFF


def sid(*numbers, authority=5):
    return bytes([1, len(numbers)]) + authority.to_bytes(6, "big") + struct.pack(f"<{len(numbers)}I", *numbers)


def filetime(day):
    return (day * 86400 + 11644473600) * 10**7 if day is not None else 0


def text(s):
    return s.encode("utf-16-le")


def parts(base, pieces):
    """Pieces behind a table of where they are, each at a multiple of four."""
    table, data = [], b""
    for piece in pieces:
        table.append((len(data), len(piece)))
        data += piece + b"\0" * (-len(piece) % 4)
    return table, data


def user(rid, name, full="", comment="", flags=0x10, password=b"", set_day=20300, logon=None, bad=0, logons=0, expires=NEVER):
    f = struct.pack("<HHHH", 3, 1, 0, 0)
    f += struct.pack("<QQQQQ", filetime(logon), 0, filetime(set_day), expires, 0)
    f += struct.pack("<IIIHHHH", rid, 513, flags, 0, 0, bad, logons) + bytes(12)
    pieces = [b"\1\0\x14\x80" + bytes(16), text(name), text(full), text(comment)] + [b""] * 9 + [bytes(4), password, bytes(4), bytes(4)]
    table, data = parts(0, pieces)
    v = b"".join(struct.pack("<III", off, size, 0) for off, size in table) + data
    return {"F": f, "V": v}


def alias(rid, name, comment, members):
    descriptor = b"\1\0\x14\x80" + bytes(16)
    table, data = parts(0, [descriptor, text(name), text(comment), b"".join(members)])
    (_, n0), (name_at, name_n), (comment_at, comment_n), (sids_at, sids_n) = table
    c = struct.pack("<IIIHH", rid, 0, n0, 2, 1)
    c += struct.pack("<III", name_at, name_n, 0) + struct.pack("<III", comment_at, comment_n, 0)
    c += struct.pack("<III", sids_at, sids_n, len(members))
    return {"C": c + data}


def domain(max_days, min_days, minutes, window, properties, length, history, threshold):
    f = struct.pack("<HHI", 3, 1, 0) + struct.pack("<QQ", filetime(20000), 1)
    f += struct.pack("<qqqqq", -max_days * DAY, -min_days * DAY, -(2**63), -minutes * 60 * 10**7, -window * 60 * 10**7)
    f += struct.pack("<QIIHHH", 0, 1011, properties, length, history, threshold) + bytes(2) + struct.pack("<IIII", 1, 3, 1, 0)
    return {"F": f, "V": bytes(0x20) + sid(*MACHINE)}


def audit(settings):
    counts = [5, 11, 14, 3, 6, 6, 6, 4, 4]
    values = [0] * sum(counts)
    for (category, i), value in settings.items():
        values[sum(counts[:category]) + i] = value
    offset = 12 + 2 * len(values)
    return struct.pack("<HHHHHH", 0x0100, 0, len(counts), 0, offset, 0) + struct.pack(f"<{len(values)}H", *values) + struct.pack("<9H", *counts)


def privileges(*numbers):
    return struct.pack("<II", len(numbers), 0) + b"".join(struct.pack("<III", n, 0, 0) for n in numbers)


def counted(s):
    return struct.pack("<HHI", len(text(s)), len(text(s)) + 2, 8) + text(s) + bytes(2)


def write(name, keys):
    lines = []
    for path, values in keys:
        lines.append(f"[{path}]")
        for value, data in values.items():
            lines.append(("@" if value == "" else f'"{value}"') + "=hex:" + ",".join("%02x" % b for b in data))
        lines.append("")
    (Path(__file__).parent / name).write_text("; made by accounts.py\n" + "\n".join(lines))


AES, AES_EMPTY, RC4 = b"\2\0\2\0\x10\0\0\0" + b"\xaa" * 48, b"\2\0\2\0\0\0\0\0" + bytes(16), b"\2\0\1\0" + b"\xaa" * 16
own = lambda rid: sid(*MACHINE, rid)
account, builtin = r"SAM\Domains\Account", r"SAM\Domains\Builtin"
write("SAM.reg", [
    (account, domain(42, 1, 15, 15, 0x01, 8, 24, 10)),
    (account + r"\Users\000001F4", user(500, "Administrator", comment="Built-in account", password=AES, set_day=20390, logon=20400, logons=7)),
    (account + r"\Users\000001F5", user(501, "Guest", flags=0x10 | 0x01 | 0x04 | 0x200, set_day=None)),
    (account + r"\Users\000003E9", user(1001, "alice", "Alice Example", flags=0x10 | 0x200, password=RC4, set_day=20300)),
    (account + r"\Users\000003EA", user(1002, "backup", flags=0x10 | 0x01, password=AES, bad=10, expires=filetime(20500))),
    (account + r"\Users\000003EB", user(1003, "käse", flags=0x10 | 0x800, password=AES_EMPTY, set_day=20350)),
    (account + r"\Users\Names\Administrator", {}),
    (account + r"\Aliases\000003F2", alias(1010, "Operators", "of the backup", [own(1002)])),
    (builtin + r"\Aliases\00000220", alias(544, "Administrators", "unrestricted", [own(500), own(1001), sid(21, 9, 9, 9, 512)])),
    (builtin + r"\Aliases\00000221", alias(545, "Users", "", [sid(11), own(1001)])),
    (builtin + r"\Aliases\00000222", alias(546, "Guests", "", [own(501)])),
    (builtin + r"\Aliases\Members", {}),
])
accounts = r"Policy\Accounts"
write("SECURITY.reg", [
    (r"Policy\PolPrDmN", {"": counted("WORKGROUP")}),
    (r"Policy\PolPrDmS", {"": bytes(4)}),
    (r"Policy\PolAcDmS", {"": sid(*MACHINE)}),
    (r"Policy\PolAdtEv", {"": audit({(1, 0): 3, (1, 1): 1, (4, 0): 1, (6, 0): 3, (8, 0): 2})}),
    (accounts + r"\S-1-5-32-544\ActSysAc", {"": struct.pack("<I", 0x001 | 0x002 | 0x400)}),
    (accounts + r"\S-1-5-32-544\Privilgs", {"": privileges(20, 17, 18, 9)}),
    (accounts + r"\S-1-5-32-546\ActSysAc", {"": struct.pack("<I", 0x040)}),
    (accounts + r"\S-1-5-19\Privilgs", {"": privileges(3, 29)}),
    (accounts + r"\S-1-5-21-1000000001-1000000002-1000000003-1001\Privilgs", {"": privileges(20)}),
])
