"""Lays files compressed by WOF out on a mounted NTFS (streams_interface=windows) as Windows does: a sparse content, the chunks in a
stream, and reparse data that says how. libwim compresses the chunks. Prints what Windows would read, as truth.py does."""

import ctypes
import hashlib
import json
import os
import random
import struct
import sys
from urllib.parse import quote

XPRESS, LZX = 1, 2
METHODS = {"xpress4k": (0, XPRESS, 4 << 10), "lzx": (1, LZX, 32 << 10), "xpress8k": (2, XPRESS, 8 << 10), "xpress16k": (3, XPRESS, 16 << 10)}
TIME = 1_700_000_000

wim = ctypes.CDLL("libwim.so.15")
wim.wimlib_compress.restype = ctypes.c_size_t
wim.wimlib_compress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p]
rnd = random.Random(17)
os.chdir(sys.argv[1])
truth = [{"path": "/", "type": "dir", "mode": "040777", "uid": 0, "gid": 0, "mtime": ""}]


def compressed(data, kind, size):
    """The table of offsets and the chunks."""
    compressor = ctypes.c_void_p()
    assert wim.wimlib_create_compressor(kind, ctypes.c_size_t(size), 50, ctypes.byref(compressor)) == 0
    chunks = []
    for at in range(0, len(data), size):
        piece = data[at : at + size]
        room = ctypes.create_string_buffer(size)
        n = wim.wimlib_compress(piece, len(piece), room, len(piece) - 1, compressor)
        chunks.append(room.raw[:n] if n else piece)
    offsets, at = b"", 0
    for chunk in chunks[:-1]:
        at += len(chunk)
        offsets += struct.pack("<I", at)
    return offsets + b"".join(chunks)


def reparse(path, tag, data):
    os.setxattr(path, "system.ntfs_reparse_data", struct.pack("<IHH", tag, len(data), 0) + data)


def lay(path, data, method):
    number, kind, size = METHODS[method]
    with open(path, "wb") as f:
        f.truncate(len(data))
    with open(path + ":WofCompressedData", "wb") as f:
        f.write(compressed(data, kind, size))
    os.utime(path, (TIME, TIME))
    reparse(path, 0x80000017, struct.pack("<IIII", 1, 2, 1, number))
    truth.append({"path": "/" + quote(path), "type": "file", "mode": "100777", "uid": 0, "gid": 0, "size": len(data), "mtime": str(TIME),
                  "links": 1, "sha256": hashlib.sha256(data).hexdigest()})


words = [rnd.randbytes(rnd.randrange(2, 9)) for _ in range(300)]
text = b" ".join(rnd.choice(words) for _ in range(16_000))
noise = rnd.randbytes(70_001)
code = b"".join(b"\x55\x48\x89\xe5\xe8" + struct.pack("<i", rnd.randrange(-70_000, 70_000)) + b"\x90\xc3" for _ in range(3000))
for method, (_, _, size) in METHODS.items():
    os.mkdir(method)
    truth.append({"path": "/" + method, "type": "dir", "mode": "040777", "uid": 0, "gid": 0, "mtime": ""})
    for name, data in {
        "text": text,
        "code": code,
        "noise": noise,
        "mixed": text[:40_000] + noise[:30_000] + bytes(90_000) + b"ab" * 20_000 + b"z",
        "zeros": bytes(size * 3),
        "one chunk": text[:size],
        "and a byte": text[: size + 1],
        "short": b"a short one, a short one, a short one",
        "a byte": b"x",
    }.items():
        lay(method + "/" + name, data, method)
for line in truth:
    print(json.dumps(line, separators=(",", ":")))
