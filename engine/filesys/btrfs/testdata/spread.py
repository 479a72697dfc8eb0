#!/usr/bin/env python3
"""Makes content that lies on all devices of a file system: spread.py DIR, the root of a mounted file system."""

import os
import random
import subprocess
import sys

os.chdir(sys.argv[1])
words = random.Random(19)
os.mkdir("small")
for i in range(150):
    with open("small/%d" % i, "w") as f:
        f.write("file %d\n" % i * (i * 3))
for size in (65536, 150001):
    with open("noise of %d" % size, "wb") as f:
        f.write(words.randbytes(size))
with open("text", "w") as f:
    f.writelines("line %d of the text that lies on every device\n" % i for i in range(20000))
open("without checksums", "w").close()
subprocess.run(["chattr", "+C", "without checksums"], check=True)
with open("without checksums", "w") as f:
    f.write("no copy on write, and so no checksums\n" * 1000)
