#!/usr/bin/env python3
"""Damages the images of this folder in one place each, asks xfs_repair -n, and writes damage.gz: the bytes that were changed, and whether
xfs_repair complains. Needs xfsprogs and zstd; the test needs only what is committed here."""

import gzip
import json
import os
import re
import shutil
import subprocess
import tempfile

here = os.path.dirname(os.path.abspath(__file__))
LEAF, FREE = 32 << 30, 64 << 30  # of a directory, in bytes

# A block by xfs_db, whose bytes at 40 to 43 and 200 to 203 are turned over: what no checksum covers is not found by that.
BLOCKS = [
    ("superblock, copy", "sb 1"), ("what is free", "agf 0"), ("what is free, other group", "agf 1"), ("inodes of a group", "agi 0"),
    ("inodes of another group", "agi 1"), ("list of free blocks", "agfl 0"), ("free blocks by place", "agf 0;addr bnoroot"),
    ("free blocks by size", "agf 1;addr cntroot"), ("tree of inodes", "agi 0;addr root"), ("tree of free inodes", "agi 0;addr free_root"),
    ("tree of inodes, other group", "agi 1;addr root"), ("reference counts", "agf 0;addr refcntroot"), ("reverse map", "agf 0;addr rmaproot"),
    ("inode of a file", "path /sizes/100"), ("inode of a directory", "path /dirs"), ("inode of a link", "path /links/59"),
    ("directory of one block", "path /dirs/block;dblock 0"), ("entries", "path /dirs/leaf;dblock 0"),
    ("index of one leaf", "path /dirs/leaf;dblock {leaf}"), ("node of an index", "path /dirs/node;dblock {leaf}"),
    ("leaf of an index", "path /dirs/node;dblock {leaf+1}"), ("room for entries", "path /dirs/node;dblock {free}"),
    ("map of a file", "path /sparse/pieces;addr u3.bmbt.ptrs[1]"), ("map of a directory", "path \"/dirs/turn a\";addr u3.bmbt.ptrs[1]"),
    ("target of a link", "path /links/1000;dblock 0"), ("attributes in a leaf", "path /attributes/large;ablock 0"),
    ("node of attributes", "path /attributes/hundreds;ablock 0"), ("leaf of attributes", "path /attributes/hundreds;ablock 1"),
    ("value of an attribute", "path /attributes/limit;ablock 1"),
]

# Fields by xfs_db, which makes checksums right again.
FIELDS = [
    ("links of a file", "path /links/first", "core.nlinkv2 5"), ("links of a directory", "path /dirs", "core.nlinkv2 2"),
    ("mode without a type", "path /sizes/100", "core.mode 0644"), ("a file that became a directory", "path /sizes/100", "core.mode 040755"),
    ("a file that became a device", "path /sizes/100", "core.mode 020644"), ("blocks of a file", "path /sizes/4000", "core.nblocks 77"),
    ("extents of a file", "path /sparse/punched", "core.nextents 3"), ("extents of attributes", "path /attributes/large", "core.naextents 0"),
    ("form of a file", "path /sizes/4000", "core.format 1"), ("size of a link", "path /links/59", "core.size 0"),
    ("size of a directory", "path /dirs/block", "core.size 100"), ("inode not in use", "path /sizes/100", "core.mode 0"),
    ("start of an extent", "path /sizes/4000", "u3.bmx[0].startblock 1"), ("extent behind the end", "path /sizes/4000", "u3.bmx[0].startblock 999999999"),
    ("length of an extent", "path /sizes/4000", "u3.bmx[0].blockcount 2000"),
    ("parent of a short directory", "path /dirs/short", "u3.sfdir3.hdr.parent.i4 0"), ("other parent of a short directory", "path /dirs/short", "u3.sfdir3.hdr.parent.i4 {root}"),
    ("entry of a short directory", "path /dirs/short", "u3.sfdir3.list[0].inumber.i4 99"),
    ("name of a short directory", "path /dirs/short", "u3.sfdir3.list[0].name \"a/b\""),
    ("free blocks of a group", "agf 0", "freeblks 7"), ("longest of a group", "agf 1", "longest 1"), ("root of free blocks", "agf 0", "bnoroot 9999999"),
    ("levels of free blocks", "agf 0", "bnolevel 2"), ("length of a group", "agf 0", "length 100"), ("number of a group", "agf 1", "seqno 0"),
    ("list of free blocks, end", "agf 0", "fllast 99"), ("list of free blocks, count", "agf 0", "flcount 1"), ("list of free blocks, a block", "agfl 0", "bno[0] 3"),
    ("inodes of a group, count", "agi 0", "count 64"), ("inodes of a group, free", "agi 0", "freecount 63"), ("root of inodes", "agi 0", "root 9999999"),
    ("levels of inodes", "agi 0", "level 5"), ("an inode to be removed", "agi 0", "unlinked[3] 131"),
    ("a free stretch", "agf 0;addr bnoroot", "recs[1].blockcount 1"), ("a free stretch by size", "agf 0;addr cntroot", "recs[1].blockcount 1"),
    ("a stretch that is not free", "agf 0;addr bnoroot", "recs[1].startblock 20"), ("no free stretches", "agf 0;addr bnoroot", "numrecs 0"),
    ("free inodes in use", "agi 0;addr root", "recs[1].free 0xffffffffffffffff"), ("inodes in use that are free", "agi 0;addr root", "recs[2].free 0"),
    ("start of a chunk", "agi 0;addr root", "recs[1].startino 192"), ("a neighbour", "agi 0;addr root", "rightsib 5"),
    ("free inodes, other tree", "agi 0;addr free_root", "recs[1].startino 9984"), ("users of a block", "agf 0;addr refcntroot", "recs[1].refcount 9"),
    ("an entry's inode", "path /dirs/block;dblock 0", "bu[3].inumber 99"), ("another's inode", "path /dirs/block;dblock 0", "bu[3].inumber 130"),
    ("a directory's self", "path /dirs/block;dblock 0", "bu[0].inumber 130"), ("a directory's parent", "path /dirs/block;dblock 0", "bu[1].inumber 130"),
    ("an entry's type", "path /dirs/block;dblock 0", "bu[3].filetype 2"), ("an entry's hash", "path /dirs/block;dblock 0", "bleaf[4].hashval 5"),
    ("an entry's address", "path /dirs/block;dblock 0", "bleaf[4].address 0x3f"), ("entries gone", "path /dirs/block;dblock 0", "btail.stale 3"),
    ("free stretch of a directory", "path /dirs/block;dblock 0", "bhdr.bestfree[0].length 8"),
    ("a hash in a leaf", "path /dirs/leaf;dblock {leaf}", "lents[7].hashval 5"), ("entries of a leaf", "path /dirs/leaf;dblock {leaf}", "lhdr.count 5"),
    ("room in a leaf", "path /dirs/leaf;dblock {leaf}", "lbests[0] 16"), ("a hash in a node", "path /dirs/node;dblock {leaf}", "nbtree[0].hashval 5"),
    ("a child of a node", "path /dirs/node;dblock {leaf}", "nbtree[0].before 5"), ("room for entries, one", "path /dirs/node;dblock {free}", "fbests[2] 64"),
    ("first extent of a map", "path /sparse/pieces;addr u3.bmbt.ptrs[1]", "recs[1].startoff 9"), ("an extent of a map", "path /sparse/pieces;addr u3.bmbt.ptrs[1]", "recs[5].startblock 3"),
    ("a neighbour in a map", "path /sparse/pieces;addr u3.bmbt.ptrs[1]", "rightsib 77"), ("extents of a map", "path /sparse/pieces;addr u3.bmbt.ptrs[1]", "numrecs 3"),
    ("an attribute's place", "path /attributes/large;ablock 0", "entries[0].nameidx 4000"), ("attributes in a leaf, count", "path /attributes/large;ablock 0", "hdr.count 900"),
    ("blocks of the copy", "sb 1", "dblocks 77"), ("number of the copy", "sb 1", "uuid 00000000-1111-2222-3333-444444444444"),
    ("free blocks of all", "sb 0", "fdblocks 77"), ("inodes of all", "sb 0", "icount 640"),
]


def run(*args):
    return subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")


def main():
    lines = []
    with tempfile.TemporaryDirectory(dir="/var/tmp") as work:
        for name in "default", "1k", "v4":
            good, bad = f"{work}/good", f"{work}/bad"
            subprocess.run(["zstd", "-dqf", f"{here}/{name}.img.zst", "-o", good], check=True)
            with open(good, "rb") as f:
                before = f.read()
            block = int(re.search(r"\d+", run("xfs_db", "-r", "-c", "sb 0", "-c", "p blocksize", good).stdout).group())
            root = int(re.search(r"= (\d+)", run("xfs_db", "-r", "-c", "sb 0", "-c", "p rootino", good).stdout).group(1))
            words = {"{leaf}": LEAF // block, "{leaf+1}": LEAF // block + 1, "{free}": FREE // block, "{root}": root}

            def place(commands):
                for word, value in words.items():
                    commands = commands.replace(word, str(value))
                return [x for c in commands.split(";") for x in ("-c", c)]

            def try_out(what, after):
                changed = [i for at in range(0, len(before), 4096) if before[at : at + 4096] != after[at : at + 4096]
                           for i in range(at, at + 4096) if before[i] != after[i]]
                if not changed:
                    print("-- %s: %s: nothing was changed" % (name, what))
                    return
                with open(bad, "wb") as f:
                    f.write(after)
                said = run("xfs_repair", "-n", "-f", bad)
                patches = []
                for i in changed:
                    if patches and patches[-1][0] + len(patches[-1][1]) == i:
                        patches[-1][1].append(after[i])
                    else:
                        patches.append((i, bytearray((after[i],))))
                lines.append({"image": name, "what": what, "patches": [{"off": o, "hex": b.hex()} for o, b in patches],
                              "complains": said.returncode != 0})

            for what, commands in BLOCKS if name != "v4" else []:
                if name == "1k" and what not in ("reverse map", "reference counts"):
                    continue
                said = run("xfs_db", "-r", *place(commands), "-c", "daddr", good).stdout
                found = re.search(r"current daddr is (\d+)", said)
                if not found or re.search(r"no such|bad|no current|not found|nothing", said) or int(found.group(1)) == 0:
                    print("-- %s: %s: not there: %s" % (name, what, said.strip()))
                    continue
                after = bytearray(before)
                for at in 40, 200:
                    for i in range(4):
                        after[int(found.group(1)) * 512 + at + i] ^= 0xFF
                try_out(what, bytes(after))
            for what, commands, field in FIELDS if name != "1k" else []:
                shutil.copyfile(good, bad)
                write = "write -d " if name != "v4" else "write "  # what its own checks would refuse, with its checksum
                said = run("xfs_db", "-x", *place(commands), "-c", write + place(field)[1], bad).stdout
                with open(bad, "rb") as f:
                    after = f.read()
                if after == before:
                    print("-- %s: %s: %s" % (name, what, said.strip().splitlines()[-1:]))
                    continue
                try_out(what, after)
    with open(f"{here}/damage.gz", "wb") as raw, gzip.GzipFile("", "wb", 9, raw, 0) as f:
        for line in lines:
            f.write(json.dumps(line).encode() + b"\n")
    print(len(lines), "damaged,", sum(not l["complains"] for l in lines), "of them nothing to xfs_repair")
    for l in lines:
        if not l["complains"]:
            print("   ", l["image"], l["what"])


main()
