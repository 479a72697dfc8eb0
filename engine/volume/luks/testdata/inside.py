"""Formats and fills the images of make.sh, and says what the kernel reads from them. It runs in a virtual machine, as make.sh starts it.

    inside.py NAME...    the images are the disks from vdc on; what is true of them goes to the folder truth
"""

import hashlib
import os
import subprocess
import sys

HERE = os.getcwd()
ENV = {"LD_LIBRARY_PATH": HERE, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin", "LVM_SUPPRESS_FD_WARNINGS": "1", "DM_DISABLE_UDEV": "1",
       "LVM_SYSTEM_DIR": HERE}
PASSPHRASE, BINARY, OTHER = b"the passphrase", bytes(range(256)) + b"\n", b"another passphrase"
FAST1 = ["--pbkdf-force-iterations", "1000"]
FAST = ["--pbkdf-memory", "32", "--pbkdf-force-iterations", "4", "--pbkdf-parallel", "1"]
SMALL = ["--luks2-metadata-size", "16k", "--luks2-keyslots-size"]
devices, truth = {}, []


def run(*args, **kw):
    print("+", *args, flush=True)
    return subprocess.run(args, check=True, env=kw.pop("env", None), **kw)


def cryptsetup(*args, secret=PASSPHRASE, **kw):
    return run(HERE + "/cryptsetup", "-q", *args, env=ENV, **({"input": secret} if secret else {"stdin": subprocess.DEVNULL}), **kw)


def lvm(*args):
    run(HERE + "/lvm", *args, env=ENV)


def key(name, content):
    with open(HERE + "/" + name, "wb") as f:
        f.write(content)
    return HERE + "/" + name


def luks_format(device, *args, secret=PASSPHRASE):
    cryptsetup("luksFormat", "--key-file", "-", *args, device, secret=secret)


def add_key(device, slot, secret, *args):
    cryptsetup("luksAddKey", "--key-file", "-", "--key-slot", str(slot), *args, device, key("new", secret))


def open_luks(device, name, *args, secret=PASSPHRASE):
    cryptsetup("open", "--key-file", "-", *args, device, name, secret=secret)
    return "/dev/mapper/" + name


def close(name):
    cryptsetup("close", name, secret=None)


def ext4(device, files):
    sector = int(subprocess.check_output(["blockdev", "--getss", device]))
    run("mke2fs", "-q", "-t", "ext4", "-b", str(max(1024, sector)), "-N", "64", "-O", "^has_journal,^resize_inode", "-E", "nodiscard,lazy_itable_init=1", device)
    os.makedirs(HERE + "/mnt", exist_ok=True)
    run("mount", "-o", "noatime", device, HERE + "/mnt")
    for name, content in files.items():
        path = HERE + "/mnt/" + name
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(content)
    run("umount", HERE + "/mnt")


def digest(name, device):
    """What the kernel reads from an open device."""
    h, n = hashlib.sha256(), 0
    with open(device, "rb", buffering=0) as f:
        while b := f.read(1 << 16):
            h.update(b)
            n += len(b)
    truth.append("%s %d %s\n" % (name, n, h.hexdigest()))
    print("==", truth[-1], flush=True)


TEXT = {"hello": "hello, world\n", "dir/lines": "".join("line %d\n" % i for i in range(3000))}


def fill(name, *args, secret=PASSPHRASE, files=TEXT):
    device = open_luks(devices[name], "open", *args, secret=secret)
    ext4(device, files)
    close("open")
    check(name, *args, secret=secret)


def check(name, *args, secret=PASSPHRASE):
    digest(name, open_luks(devices[name], "open", "--readonly", *args, secret=secret))
    close("open")


def dump(name):
    out = subprocess.run([HERE + "/cryptsetup", "luksDump", devices[name]], env=ENV, stdout=subprocess.PIPE, check=True).stdout
    with open("truth/" + name + ".dump", "wb") as f:
        f.write(out)


def luks1():
    d = devices["luks1-xts"]
    luks_format(d, "--type", "luks1", "-c", "aes-xts-plain64", "-s", "256", "-h", "sha256", *FAST1)
    add_key(d, 3, BINARY, *FAST1)
    add_key(d, 1, OTHER, *FAST1)
    cryptsetup("luksKillSlot", "--key-file", "-", d, "1")
    fill("luks1-xts", secret=BINARY)
    for name, cipher, bits, digest_name in (
        ("luks1-essiv", "aes-cbc-essiv:sha256", "256", "sha1"),
        ("luks1-plain", "aes-cbc-plain", "128", "ripemd160"),
        ("luks1-twofish", "twofish-xts-plain64", "256", "sha512"),
    ):
        luks_format(devices[name], "--type", "luks1", "-c", cipher, "-s", bits, "-h", digest_name, *FAST1)
        fill(name)


def luks2():
    d = devices["luks2-slots"]
    luks_format(d, "--type", "luks2", "-c", "aes-xts-plain64", "-s", "256", "--pbkdf", "argon2id", "--label", "vault", "--subsystem", "tests", *FAST)
    add_key(d, 1, OTHER, "--pbkdf", "argon2i", *FAST)
    add_key(d, 2, BINARY, "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")
    add_key(d, 5, b"a key that goes", *FAST)
    cryptsetup("luksKillSlot", "--key-file", "-", d, "5")
    cryptsetup("config", "--key-slot", "2", "--priority", "prefer", d, secret=None)
    cryptsetup("config", "--key-slot", "1", "--priority", "ignore", d, secret=None)
    cryptsetup("token", "import", d, secret=b'{"type":"a-test","keyslots":["1"],"note":"for no one"}')
    fill("luks2-slots")

    luks_format(devices["luks2-4096"], "--type", "luks2", "-c", "aes-xts-plain64", "-s", "512", "--sector-size", "4096", "--offset", "2048",
                *SMALL, "512k", *FAST)
    fill("luks2-4096")
    luks_format(devices["luks2-essiv"], "--type", "luks2", "-c", "aes-cbc-essiv:sha256", "-s", "128", "-h", "sha512", "--sector-size", "1024",
                "--offset", "1024", *SMALL, "128k", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")
    fill("luks2-essiv")
    luks_format(devices["luks2-plain"], "--type", "luks2", "-c", "aes-xts-plain", "-s", "256", "--sector-size", "2048", "--offset", "1024",
                *SMALL, "256k", "--pbkdf", "argon2i", *FAST)
    fill("luks2-plain")

    # what is about other things than content: the payload stays empty
    d = devices["luks2-reencrypt"]
    luks_format(d, "--type", "luks2", "-c", "aes-xts-plain64", "-s", "256", *FAST)
    cryptsetup("reencrypt", "--init-only", "--key-file", "-", "--key-slot", "0", *FAST, d)
    luks_format(devices["luks2-integrity"], "--type", "luks2", "-c", "aes-xts-plain64", "-s", "256", "--integrity", "hmac-sha256",
                "--integrity-no-wipe", *FAST)

    header = ["--header", devices["luks2-detached.header"]]
    luks_format(devices["luks2-detached"], "--type", "luks2", "-c", "aes-xts-plain64", "-s", "256", *header, *SMALL, "256k", *FAST)
    fill("luks2-detached", *header)


ROOT = {
    "etc/os-release": 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\n',
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
}


def machine():
    disk = devices["machine"]
    uuids = ["6c554b53-0000-4000-8000-0000000000%02d" % i for i in (11, 12)]
    args = ["-c", "aes-xts-plain64", "-s", "256", "--pbkdf", "argon2id", "--offset", "1024", *SMALL, "256k", *FAST]
    luks_format(disk + "1", "--type", "luks2", "--uuid", uuids[0], *args)
    luks_format(disk + "2", "--type", "luks1", "--uuid", uuids[1], "-c", "aes-cbc-essiv:sha256", "-s", "128", "-h", "sha256", "--align-payload", "8",
                *FAST1, secret=OTHER)
    tree = dict(ROOT)
    tree["etc/hostname"] = "vault01\n"
    tree["etc/crypttab"] = ("# <target> <source> <key file> <options>\n"
                            "cryptroot UUID=%s none luks,discard\nhome_crypt PARTUUID=6C554B53-0000-4000-8000-000000000002 /etc/home.key luks\n" % uuids[0])
    tree["etc/fstab"] = "/dev/mapper/cryptroot / ext4 defaults 0 1\n/dev/mapper/home_crypt /home ext4 defaults 0 2\n"
    tree["home/empty"] = ""
    devices["p1"], devices["p2"] = disk + "1", disk + "2"
    fill("p1", files=tree)
    fill("p2", secret=OTHER, files={"anna/letter": "nobody else reads this\n"})


def volume_group():
    d = devices["lvm"]
    luks_format(d, "--type", "luks2", "-c", "aes-xts-plain64", "-s", "256", "--uuid", "6c554b53-0000-4000-8000-000000000021", "--offset", "1024",
                *SMALL, "256k", *FAST)
    device = open_luks(d, "vault_crypt")
    lvm("pvcreate", "-y", "--metadatasize", "64k", "--dataalignment", "128k", device)
    lvm("vgcreate", "-y", "-s", "256k", "--config", "devices/dir=\"/dev\"", "vault", device)
    lvm("lvcreate", "-y", "-Zn", "-Wn", "--noudevsync", "-L", "2m", "-n", "root", "vault")
    lvm("lvcreate", "-y", "-Zn", "-Wn", "--noudevsync", "-L", "1m", "-n", "home", "vault")
    lvm("vgmknodes", "vault")
    tree = dict(ROOT)
    tree["etc/hostname"] = "vault02\n"
    tree["etc/crypttab"] = "vault_crypt UUID=6c554b53-0000-4000-8000-000000000021 none luks\n"
    tree["etc/fstab"] = "/dev/mapper/vault-root / ext4 defaults 0 1\n/dev/vault/home /home ext4 defaults 0 2\n"
    tree["home/empty"] = ""
    ext4("/dev/mapper/vault-root", tree)
    ext4("/dev/mapper/vault-home", {"berta/letter": "nor this\n"})
    lvm("vgchange", "-an", "--noudevsync", "vault")
    close("vault_crypt")
    check("lvm")


def main(names):
    for m in "dm_mod dm_crypt dm_integrity xts essiv cbc twofish_generic rmd160 algif_skcipher algif_hash sha1_generic sha512_generic authenc hmac".split():
        subprocess.run(["modprobe", m])
    run("mount", "-t", "proc", "proc", "/proc") if not os.path.exists("/proc/self") else None
    run("mount", "-t", "devtmpfs", "dev", "/dev") if not os.path.exists("/dev/vdb") else None
    os.makedirs("truth")
    devices.update((name, "/dev/vd" + "cdefghijklmnopqrstuvwxyz"[i]) for i, name in enumerate(names))
    luks1()
    luks2()
    machine()
    volume_group()
    check("qemu")
    for name in names:
        if name not in ("machine", "lvm", "luks2-detached"):
            dump(name)
    with open("truth/content", "w") as f:
        f.writelines(truth)


main(sys.argv[1:])
