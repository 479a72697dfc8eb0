#!/usr/bin/env python3
"""Makes what Btrfs has and others have not: more.py DIR. It is the root of a mounted file system that tree.py has filled."""

import os
import random
import sys

os.chdir(sys.argv[1])
words = random.Random(9)
os.mkdir("packed")
for n in (10, 2000, 5000, 4096, 131072, 131073, 700001):
    with open("packed/text of %d" % n, "w") as f:
        f.write("".join("line %d of %d\n" % (words.randrange(1000), i) for i in range(n))[:n])
with open("packed/noise", "wb") as f:
    f.write(words.randbytes(150000))
with open("packed/zeros", "wb") as f:
    f.write(bytes(1 << 20))
with open("packed/text of 700001", "r+b") as f:  # extents of which the middle is used no more
    os.fsync(f.fileno())
    for i in range(7):
        f.seek(i * 90001)
        f.write(b"changed %d " % i * 700)
        os.fsync(f.fileno())
