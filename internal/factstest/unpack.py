"""unpack.py ARCHIVE DIRECTORY: make the tree of a txtar archive, links and empty directories as package factstest has it."""
import os
import re
import sys

archive, root = sys.argv[1:]
name, files = None, []
for line in open(archive):
    header = re.fullmatch(r"-- (.+) --\n?", line)
    if header:
        files.append((header[1], []))
    elif files:
        files[-1][1].append(line)
for name, lines in files:
    path = os.path.join(root, name)
    if name.endswith("/"):
        os.makedirs(path, exist_ok=True)
        continue
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if len(lines) == 1 and lines[0].startswith("-> "):
        os.symlink(lines[0][3:].rstrip("\n"), path)
        continue
    with open(path, "w") as f:
        f.write("".join(lines))
