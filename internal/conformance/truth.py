#!/usr/bin/env python3
"""Prints what a directory tree holds, one JSON object a line, as package conformance reads it.

    truth.py DIR > truth.jsonl

DIR is a read-only mount of the image under test, or the tree it was made from. Bytes of names and targets outside of
printable ASCII are percent-escaped. Of directories the size and the number of links are left out: they are the file
system's own affair.
"""

import hashlib
import json
import os
import stat
import sys

TYPES = {
    stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "symlink", stat.S_IFBLK: "block",
    stat.S_IFCHR: "char", stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket",
}


def escape(b):
    return "".join(chr(c) if 0x20 < c < 0x7F and c not in b'%"\\<>&' else "%%%02X" % c for c in b)


def digest(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        while piece := f.read(1 << 20):
            h.update(piece)
    return h.hexdigest()


def describe(path, shown):
    st = os.lstat(path)
    o = {
        "path": escape(shown), "type": TYPES[stat.S_IFMT(st.st_mode)], "mode": "%06o" % st.st_mode,
        "uid": st.st_uid, "gid": st.st_gid, "mtime": "%d.%09d" % divmod(st.st_mtime_ns, 10**9),
    }
    if o["type"] != "dir":
        o["links"] = st.st_nlink
    if o["type"] in ("file", "symlink"):
        o["size"] = st.st_size
    if o["type"] == "file":
        o["sha256"] = digest(path)
    if o["type"] == "symlink":
        o["target"] = escape(os.readlink(path))
    if o["type"] in ("block", "char"):
        o["device"] = "%d:%d" % (os.major(st.st_rdev), os.minor(st.st_rdev))
    names = os.listxattr(path, follow_symlinks=False)
    if names:
        o["xattrs"] = {n: os.getxattr(path, n, follow_symlinks=False).hex() for n in sorted(names)}
    print(json.dumps(o, separators=(",", ":")))


def walk(path, shown):
    describe(path, shown or b"/")
    if stat.S_ISDIR(os.lstat(path).st_mode):
        for name in sorted(os.listdir(path)):
            walk(path + b"/" + name, shown + b"/" + name)


walk(os.fsencode(sys.argv[1]), b"")
