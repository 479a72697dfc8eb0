#!/usr/bin/env python3
"""Asks dpkg, rpm and libalpm how they order pairs of versions; writes dpkg.txt, rpm.txt and pacman.txt: A B -1|0|1.

Needs dpkg, rpm and libalpm (Debian: dpkg rpm libalpm13). apk.txt has no tool behind it here: see its first line.
"""
import ctypes
import itertools
import random
import subprocess

plain = """1 2 10 1.0 1.00 1.0.0 1.1 1.10 1.9 1.0a 1.0b 1.a 1.0rc1 1.0.rc1 1.0beta 01 1.01 2.0.1 2.0.1a 20240101
1..0 1.0. 1.0_1 1_0 a b aa a1 1a 1a1 5.14.0 5.14.0.1 123456789012345678901234567890 0 00 1.0+1 1.0+git1""".split()
release = [v + r for v in "1 1.0 1.1 2.0a".split() for r in ("-1", "-2", "-10", "-1.el9", "-1.el10", "-1.1", "")]
epochs = [e + v for e in ("0:", "1:", "2:", "10:") for v in ("1", "1.0-1", "0.9-3", "2.0")]
tilde = "1.0~ 1.0~rc1 1.0~rc1-1 1.0~rc1~git1 1.0~~ 1.0~1 1.0-1~bpo12+1 1.0-1+b1".split()
caret = "1.0^ 1.0^git1 1.0^20200101 1.0^20200101-1 1.0.1^a 1.0^1~rc1 1.0~rc1^git1 1.0^1^1 2^0".split()


def dpkg(a, b):
    for op, result in (("lt", -1), ("eq", 0), ("gt", 1)):
        done = subprocess.run(["dpkg", "--compare-versions", a, op, b], capture_output=True)
        if done.stderr:
            return None
        if done.returncode == 0:
            return result


def rpm_all(pairs):
    # rpm.ver orders a version without a release before all of its releases; a dependency does not compare them then
    assert not any(("-" in a) != ("-" in b) for a, b in pairs)
    calls = "".join("print(rpm.ver('%s') < rpm.ver('%s') and -1 or rpm.ver('%s') == rpm.ver('%s') and 0 or 1) print(' ') " % (a, b, a, b) for a, b in pairs)
    out = subprocess.run(["rpm", "--eval", "%{lua:" + calls + "}"], capture_output=True, text=True).stdout
    return [int(v) for v in out.split()]


alpm = ctypes.CDLL("libalpm.so.13")


def pacman(a, b):
    c = alpm.alpm_pkg_vercmp(a.encode(), b.encode())
    return (c > 0) - (c < 0)


def pairs(versions, n):
    random.seed(1)
    return random.sample(list(itertools.product(versions, versions)), n)


def write(name, rows):
    with open(name, "w") as f:
        f.writelines("%s %s %d\n" % r for r in rows)


write("dpkg.txt", [(a, b, c) for a, b in pairs([v for v in plain + release + epochs + tilde if v[0].isdigit() and "_" not in v and len(v) < 18], 400) if (c := dpkg(a, b)) is not None])
all_rpm = [(a, b) for a, b in pairs(plain + release + epochs + tilde + caret, 1500) if ("-" in a) == ("-" in b)]
write("rpm.txt", [(a, b, c) for (a, b), c in zip(all_rpm, rpm_all(all_rpm))])
write("pacman.txt", [(a, b, pacman(a, b)) for a, b in pairs(plain + release + epochs + tilde, 1000)])
