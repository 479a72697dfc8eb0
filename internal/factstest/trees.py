#!/usr/bin/env python3
"""Makes the trees of a txtar file (see trees.go) and records what a command says about each.

Usage: trees.py TREES.txtar OUT.txtar COMMAND [ARG…]
The command runs once per tree, in the tree, with its path in $ROOT; its output becomes the file named like the tree.
"""
import os
import subprocess
import sys
import tempfile


def parse(text):
    name, lines = None, []
    for line in text.splitlines(keepends=True):
        if line.startswith("-- ") and line.rstrip("\n").endswith(" --"):
            if name is not None:
                yield name, "".join(lines)
            name, lines = line.rstrip("\n")[3:-3], []
        else:
            lines.append(line)
    if name is not None:
        yield name, "".join(lines)


def build(base, name, data):
    name, _, target = name.partition(" -> ")
    executable = name.endswith(" +x")
    path = os.path.join(base, name.removesuffix(" +x"))
    if name.endswith("/"):
        os.makedirs(path, exist_ok=True)
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if target:
        os.symlink(target, path)
        return
    with open(path, "w", encoding="utf-8") as f:
        f.write(data)
    os.chmod(path, 0o755 if executable else 0o644)


def main():
    trees, out, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    with tempfile.TemporaryDirectory() as base:
        with open(trees, encoding="utf-8") as f:
            entries = list(parse(f.read()))
        for name, data in entries:
            build(base, name, data)
        names = list(dict.fromkeys(name.split("/", 1)[0] for name, _ in entries))
        with open(out, "w", encoding="utf-8") as f:
            for name in names:
                root = os.path.join(base, name)
                env = dict(os.environ, ROOT=root, LC_ALL="C")
                answer = subprocess.run(command, cwd=root, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
                f.write(f"-- {name} --\n{answer.stdout.replace(root, '')}")


main()
