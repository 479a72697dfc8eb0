"""Writes what is below directories, one path on a line, separated by tabs: path, mode with type in octal digits, uid, gid, content
(of a link its target) in base 64, security.capability in base 64. Usage: tree.py ROOT DIRECTORY..."""
import base64
import os
import stat
import sys

root = sys.argv[1]


def line(path):
    st = os.lstat(path)
    content, caps = b"", b""
    if stat.S_ISREG(st.st_mode):
        with open(path, "rb") as f:
            content = f.read()
        if "security.capability" in os.listxattr(path):
            caps = os.getxattr(path, "security.capability")
    elif stat.S_ISLNK(st.st_mode):
        content = os.fsencode(os.readlink(path))
    encoded = [base64.b64encode(b).decode() for b in (content, caps)]
    print(path[len(root):], "%o" % st.st_mode, st.st_uid, st.st_gid, *encoded, sep="\t")


for top in sys.argv[2:]:
    for directory, _, files in sorted(os.walk(os.path.join(root, top))):
        line(directory)
        subdirs = [d for d in os.listdir(directory) if os.path.islink(os.path.join(directory, d)) and os.path.isdir(os.path.join(directory, d))]
        for name in sorted(set(files + subdirs)):
            line(os.path.join(directory, name))
