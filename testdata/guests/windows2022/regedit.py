#!/usr/bin/env python3
"""Turns a text in the dialect of internal/hivetest into one that regedit and hivexregedit read: regedit.py PREFIX <NAME.reg"""
import re
import sys


def utf16(s):
    return ",".join("%02x" % b for b in (s + "\0").encode("utf-16-le"))


def unquote(s):
    return s[1:-1].replace("\\\\", "\\").replace('\\"', '"')


made = set()
print("Windows Registry Editor Version 5.00\n")
for line in sys.stdin.read().splitlines():
    match = re.match(r'^(@|"(?:[^"\\]|\\.)*")=(expand|multi):(.*)$', line)
    name, kind, rest = match.groups() if match else (None, None, None)
    if line.startswith("["):
        parts = line[1:-1].split("\\")
        for i in range(1, len(parts) + 1):  # hivexregedit wants the keys above to be there
            path = "\\".join([sys.argv[1]] + parts[:i])
            if path not in made or i == len(parts):
                print("\n[%s]" % path)
            made.add(path)
    elif kind == "expand":
        print("%s=hex(2):%s" % (name, utf16(unquote(rest))))
    elif kind == "multi":
        texts = re.findall(r'"(?:[^"\\]|\\.)*"', rest)
        print("%s=hex(7):%s00,00" % (name, "".join(utf16(unquote(t)) + "," for t in texts)))
    else:
        print(line)
