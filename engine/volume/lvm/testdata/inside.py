"""Makes sets of physical volumes with LVM and says what the kernel reads from their logical volumes. It runs in a virtual machine, as
make.sh starts it.

    inside.py [NAME...]    all sets, or those named: out/NAME-1.img, out/NAME-2.img, ... and the truth, out/NAME.json
"""

import glob
import hashlib
import json
import os
import subprocess
import sys
import time

HERE = os.getcwd()
MB = 1 << 20

CONFIG = """
devices { dir="/dev" scan="/dev" obtain_device_list_from_udev=0 use_devicesfile=0 pv_min_size=512 external_device_info_source="none" scan_lvs=1 }
activation { udev_sync=0 udev_rules=0 monitoring=0 verify_udev_operations=0 raid_region_size=64 mirror_region_size=64 }
global { use_lvmpolld=0 event_activation=0 thin_check_executable="" cache_check_executable="" thin_repair_executable="" }
backup { backup=0 archive=0 }
"""


def run(command, check=True):
    print("+", command, flush=True)
    return subprocess.run(command, shell=True, check=check, stdout=subprocess.PIPE, universal_newlines=True).stdout


class Set:
    """The disks of one set, attached as loop devices, and what was found on them."""

    def __init__(self, name):
        self.name, self.loops, self.truth, self.options = name, {}, {}, ""

    def disk(self, size=8 * MB, attach=True):
        n = len(self.loops) + 1
        path = "out/%s-%d.img" % (self.name, n)
        with open(path, "wb") as f:
            f.truncate(size)
        self.loops[n] = None
        return self.attach(n) if attach else path

    def attach(self, n, options=""):
        self.loops[n] = run("losetup -f --show %s out/%s-%d.img" % (options, self.name, n)).strip()
        return self.loops[n]

    def detach(self, n):
        run("losetup -d %s" % self.loops[n])
        self.loops[n] = None

    def record(self, *volumes):
        """Remembers the content of logical volumes that are active now."""
        for v in volumes:
            h = hashlib.sha256()
            run("blockdev --flushbufs /dev/" + v)
            with open("/dev/" + v, "rb") as f:
                while True:
                    b = f.read(MB)
                    if not b:
                        break
                    h.update(b)
            self.truth.setdefault("sha256", {})[v] = h.hexdigest()

    def close(self, deactivate=True):
        """Remembers what LVM says, and lets go of everything."""
        fields = "vg_name,vg_uuid,vg_seqno,vg_attr,lv_name,lv_uuid,lv_size,lv_attr,segtype,lv_layout,lv_role,lv_dm_path,origin"
        report = json.loads(run("lvm lvs -a --reportformat json --units b --nosuffix -o " + fields))
        self.truth["lvs"] = report["report"][0]["lv"]
        report = json.loads(run("lvm pvs -a --reportformat json --units b --nosuffix -o pv_name,pv_uuid,vg_name,pv_size,pv_attr,pe_start,pv_mda_count,pv_mda_used_count"))
        names = {loop: "%s-%d" % (self.name, n) for n, loop in self.loops.items()}
        self.truth["pvs"] = [dict(pv, pv_name=names.get(pv["pv_name"], pv["pv_name"])) for pv in report["report"][0]["pv"] if pv["pv_uuid"]]
        with open("out/%s.json" % self.name, "w") as f:
            json.dump(self.truth, f, indent=1, sort_keys=True)
            f.write("\n")
        run("lvm vgchange -an")
        for n, loop in self.loops.items():
            if loop:
                self.detach(n)


def fill(device, every=1, start=0, count=None, what=None):
    """Writes sectors that tell which they are: every so many, from start on."""
    what = what or device
    fd = os.open("/dev/" + device, os.O_RDWR)
    end = os.lseek(fd, 0, os.SEEK_END) // 512
    if count is not None:
        end = min(end, start + count)
    if every == 1:
        for first in range(start, end, 2048):
            block = b"".join(sector(what, n) for n in range(first, min(first + 2048, end)))
            os.pwrite(fd, block, first * 512)
    else:
        for n in range(start, end, every):
            os.pwrite(fd, sector(what, n) * 8, n * 512)
    os.fsync(fd)
    os.close(fd)


def sector(what, n):
    line = b"%s sector %010d\n" % (what.encode(), n)
    return (line * (512 // len(line) + 1))[:512]


def synced(volume):
    for _ in range(300):
        if run("lvm lvs --noheadings -o sync_percent " + volume).strip() == "100.00":
            return
        time.sleep(1)
    raise SystemExit(volume + " does not come into sync")


def linear():
    s = Set("linear")
    a, b = s.disk(), s.disk()
    run("lvm vgcreate -s 64k --addtag some_tag vg-a.b %s %s" % (a, b))
    run("lvm lvcreate -y -Wn -l 20 -n one vg-a.b " + a)
    run("lvm lvcreate -y -Wn -l 10 -n lv-two vg-a.b " + a)
    run("lvm lvcreate -y -Wn -l 9 -n only_b vg-a.b " + b)
    run("lvm lvextend -l +7 vg-a.b/one " + b)
    run("lvm lvextend -l +5 vg-a.b/one " + a)
    run("lvm lvcreate -y -Wn -i 2 -I 4k -l 20 -n striped vg-a.b")
    run("lvm lvextend -l +8 -i 2 -I 16k vg-a.b/striped")
    run("lvm lvcreate -y -Wn -an -Zn -l 3 -n inactive vg-a.b")
    names = ["vg-a.b/" + n for n in ("one", "lv-two", "only_b", "striped")]
    for n in names:
        fill(n)
    s.record(*names)
    s.close()


def wrapped():
    """A group that was changed so often that the text goes around the end of its area; areas at both ends of a disk."""
    s = Set("wrapped")
    a, b, c, d = s.disk(4 * MB), s.disk(4 * MB), s.disk(4 * MB), s.disk(4 * MB)
    run("lvm pvcreate --metadatacopies 2 --metadatasize 16k --dataalignment 64k " + a)
    run("lvm pvcreate --metadatacopies 1 --metadatasize 16k --dataalignment 64k --labelsector 3 " + b)
    run("lvm pvcreate --metadatacopies 0 " + c)
    run("lvm pvcreate --metadatacopies 1 --metadatasize 64k --dataalignment 64k " + d)
    run("lvm vgcreate -s 32k old %s %s %s %s" % (a, b, c, d))
    run("lvm pvchange --metadataignore y -y " + d)
    run("lvm lvcreate -y -Wn -l 8 -n name0 old " + c)
    for i in range(12):
        run("lvm lvrename old name%d name%d" % (i, i + 1))
    run("lvm lvextend -l +6 old/name12 " + d)
    run("lvm vgrename old new")
    run("lvm lvreduce -y -f -l -2 new/name12")
    # until the text of an area lies around its end
    for i in range(60):
        run("lvm vgchange --addtag tag%d new" % i)
        with open(s.loops[1], "rb") as f:
            f.seek(4096 + 40)
            off, size = (int.from_bytes(f.read(8), "little") for _ in range(2))
            f.seek(4096 + 32)
            if off + size > int.from_bytes(f.read(8), "little"):
                break
    else:
        raise SystemExit("the text does not wrap")
    fill("new/name12")
    s.record("new/name12")
    s.close()


def mirror():
    s = Set("mirror")
    a, b, c = s.disk(), s.disk(), s.disk()
    run("lvm vgcreate -s 64k m %s %s %s" % (a, b, c))
    run("lvm lvcreate -y -Wn --type mirror -m 1 --mirrorlog core -l 16 -n core m")
    run("lvm lvcreate -y -Wn --type mirror -m 1 --mirrorlog disk -l 16 -n disk m %s %s %s" % (a, b, c))
    run("lvm lvcreate -y -Wn --type mirror -m 2 --mirrorlog core -l 8 -n three m")
    run("lvm lvcreate -y -Wn --type raid1 -m 1 -l 16 -n raid m %s %s" % (a, b))
    names = ["m/core", "m/disk", "m/three", "m/raid"]
    for n in names:
        synced(n)
        fill(n)
    s.record(*names)
    s.close()


def degraded():
    """Copies that fell behind: a first one and a second one, and one that was never made."""
    for name, lost in (("stale1", 1), ("stale2", 2)):
        s = Set(name)
        a, b = s.disk(4 * MB), s.disk(4 * MB)
        run("lvm vgcreate -s 64k %s %s %s" % (name, a, b))
        run("lvm lvcreate -y -Wn --type raid1 -m 1 -l 16 -n r " + name)
        synced(name + "/r")
        fill(name + "/r", what="before")
        run("lvm vgchange -an " + name)
        s.detach(lost)
        run("lvm lvchange -ay --activationmode degraded %s/r" % name)
        fill(name + "/r", what="after")
        s.record(name + "/r")
        run("lvm vgchange -an " + name)
        s.attach(lost)
        s.close()


def raid():
    s = Set("raid")
    disks = " ".join(s.disk(6 * MB) for _ in range(4))
    run("lvm vgcreate -s 64k r " + disks)
    run("lvm lvcreate -y -Wn --type raid0 -i 3 -I 4k -l 9 -n raid0 r")
    run("lvm lvcreate -y -Wn --type raid0_meta -i 2 -I 8k -l 8 -n raid0_meta r")
    run("lvm lvcreate -y -Wn --type raid10 -i 2 -m 1 -I 4k -l 8 -n raid10 r")
    run("lvm lvcreate -y -Wn --type raid4 -i 3 -I 4k -l 9 -n raid4 r")
    run("lvm lvcreate -y -Wn --type raid5 -i 3 -I 4k -l 9 -n raid5 r")
    run("lvm lvcreate -y -Wn --type raid6 -i 3 -I 4k -l 9 -n raid6 r", check=False)
    names = ["r/" + n for n in ("raid0", "raid0_meta", "raid10", "raid4", "raid5")]
    for n in names[2:]:
        synced(n)
    for n in names:
        fill(n)
    s.record(*names)
    s.close()


def thin():
    s = Set("thin")
    a, b = s.disk(16 * MB), s.disk(16 * MB)
    run("lvm vgcreate -s 64k t %s %s" % (a, b))
    run("lvm lvcreate -y -l 40 --type thin-pool --chunksize 64k --poolmetadatasize 2m --poolmetadataspare y -n pool t")
    run("lvm lvcreate -y -Wn -V 2m --thinpool t/pool -n one")
    run("lvm lvcreate -y -Wn -V 64m --thinpool t/pool -n two")
    run("lvm lvcreate -y -Wn -V 1m --thinpool t/pool -n empty")
    fill("t/one", count=1000)
    fill("t/two", every=40000)
    run("lvm lvcreate -y -s -kn -n snap t/one")
    fill("t/one", start=200, count=300, what="after the snapshot")
    fill("t/snap", start=3000, count=100, what="in the snapshot")
    run("blkdiscard -o 131072 -l 65536 /dev/t/one")
    run("lvm lvcreate -y -Wn -l 9 -n base t")
    fill("t/base")
    run("lvm lvchange -an t/base")
    run("lvm lvchange -pr t/base")
    run("lvm lvcreate -y -s -kn -n outside --thinpool t/pool t/base")
    run("lvm lvextend -l +5 t/outside")
    fill("t/outside", start=100, count=50, what="over the base")
    fill("t/outside", start=1200, count=50, what="behind the base")
    names = ["t/" + n for n in ("one", "two", "empty", "snap", "outside", "base")]
    run("lvm lvchange -ay t/base", check=False)
    s.record(*names)
    s.close()


def wide():
    """A thin volume whose mapping is a tree of several levels, written in no order."""
    s = Set("wide")
    a = s.disk(160 * MB)
    run("lvm vgcreate -s 64k w " + a)
    run("lvm lvcreate -y -l 2400 --type thin-pool --chunksize 64k --poolmetadatasize 2m --poolmetadataspare n --zero y -n pool w")
    run("lvm lvcreate -y -Wn -V 512g --thinpool w/pool -n thin")
    run("lvm lvcreate -y -Wn -V 8m --thinpool w/pool -n small")
    fd = os.open("/dev/w/thin", os.O_RDWR)
    for i in range(2000):
        chunk = i * 7919 % 2003 * (1 + i % 3) + (i % 5 == 0) * 4000000
        os.pwrite(fd, sector("w/thin", chunk * 128), chunk * 65536)
    os.fsync(fd)
    os.close(fd)
    fill("w/small", every=300)
    # hashing half a terabyte would take a day: hash the front and a piece of the end
    with open("/dev/w/thin", "rb") as f:
        s.truth["head"] = hashlib.sha256(f.read(128 * MB)).hexdigest()
        f.seek(4000000 * 65536)
        h = hashlib.sha256()
        for _ in range(128):
            h.update(f.read(MB))
        s.truth["at_4000000_chunks"] = h.hexdigest()
    s.record("w/small")
    run("dmsetup message w-pool-tpool 0 reserve_metadata_snap")
    s.truth["thin_dump"] = run("LD_LIBRARY_PATH=tools/lib tools/bin/pdata_tools thin_dump -m -f xml /dev/mapper/w-pool_tmeta", check=False)[:2000]
    run("dmsetup message w-pool-tpool 0 release_metadata_snap")
    s.close()


def snapshot():
    s = Set("snapshot")
    a = s.disk()
    run("lvm vgcreate -s 64k s " + a)
    run("lvm lvcreate -y -Wn -l 20 -n origin s")
    fill("s/origin")
    run("lvm lvcreate -y -s -l 16 -c 4k -n small_chunks s/origin")
    fill("s/origin", start=300, count=200, what="after the first snapshot")
    run("lvm lvcreate -y -s -l 16 -c 16k -n large_chunks s/origin")
    fill("s/origin", start=1000, count=100, what="after the second snapshot")
    fill("s/small_chunks", start=305, count=3, what="in the first snapshot")
    fill("s/large_chunks", start=2000, count=5, what="in the second snapshot")
    run("lvm lvcreate -y -s -l 1 -c 4k -n full s/origin")
    fill("s/origin", start=2000, count=500, what="too much for the third snapshot")
    run("lvm lvextend -l +4 s/origin", check=False)
    s.record("s/origin", "s/small_chunks", "s/large_chunks")
    s.close()


def cached():
    s = Set("cached")
    a, b = s.disk(16 * MB), s.disk(48 * MB)
    run("lvm vgcreate -s 64k c %s %s" % (a, b))
    for mode in ("writeback", "writethrough"):
        run("lvm lvcreate -y -Wn -l 16 -n %s c %s" % (mode, a))
        fill("c/" + mode)
        run("lvm lvcreate -y --type cache-pool -l 16 --chunksize 32k --poolmetadatasize 1m -n pool_%s c %s" % (mode, b), check=False)
        run("lvm lvconvert -y --type cache --cachemode %s --cachepool c/pool_%s c/%s" % (mode, mode, mode), check=False)
    run("lvm lvcreate -y -Wn -l 16 -n plain c %s" % a)
    fill("c/plain")
    run("lvm lvcreate -y -Wn -l 16 -n writecache c %s" % a)
    run("lvm lvcreate -y -Wn -l 32 -n fast c %s" % b)
    run("lvm lvchange -an c/fast c/writecache")
    run("lvm lvconvert -y --type writecache --cachevol c/fast c/writecache", check=False)
    names = [n for n in ("c/plain", "c/writeback", "c/writethrough") if os.path.exists("/dev/" + n)]
    s.record(*names)
    s.close()


def flags():
    """Volumes of no group, a group that was exported, and one that lost a disk and was changed without it."""
    s = Set("flags")
    a, b, c, d = s.disk(4 * MB), s.disk(4 * MB), s.disk(4 * MB), s.disk(4 * MB)
    run("lvm pvcreate " + a)
    run("lvm vgcreate -s 64k exported " + b)
    run("lvm lvcreate -y -Wn -l 8 -n lv exported")
    fill("exported/lv")
    s.record("exported/lv")
    run("lvm vgchange -an exported")
    run("lvm vgexport exported")
    run("lvm vgcreate -s 64k lost %s %s" % (c, d))
    run("lvm lvcreate -y -Wn -l 8 -n here lost " + c)
    run("lvm lvcreate -y -Wn -l 8 -n gone lost " + d)
    run("lvm lvcreate -y -Wn -l 8 -n partly lost " + c)
    run("lvm lvextend -l +8 lost/partly " + d)
    for n in ("here", "gone", "partly"):
        fill("lost/" + n)
    s.record("lost/here", "lost/gone", "lost/partly")
    run("lvm vgchange -an lost")
    s.detach(4)
    run("lvm lvremove -y lost/gone --force", check=False)
    run("lvm lvrename lost here still_here", check=False)
    s.attach(4)
    s.close()


def nested():
    """A system: groups on partitions, a partition table in a logical volume, a group in a group."""
    s = Set("nested")
    path = s.disk(16 * MB, attach=False)
    run("printf 'label: gpt\nlabel-id: 11111111-2222-3333-4444-555555555555\nstart=2048, size=20480, type=lvm, name=pv\nstart=22528, type=lvm\n' | sfdisk -q " + path)
    loop = s.attach(1, "-P")
    run("partx -a %s || partx -u %s" % (loop, loop), check=False)
    s.disk(8 * MB)
    parts = sorted(glob.glob(loop + "p*"))
    run("lvm vgcreate -s 64k sys-vg %s %s" % (parts[0], s.loops[2]))
    run("lvm lvcreate -y -Wn -l 48 -n root sys-vg")
    run("lvm lvcreate -y -Wn -l 20 -n var sys-vg")
    run("lvm lvcreate -y -Wn -l 20 -n home sys-vg " + s.loops[2])
    run("lvm lvcreate -y -Wn -i 2 -I 4k -l 20 -n my-srv sys-vg")
    run("lvm lvcreate -y -Wn -l 32 -n table sys-vg")
    run("lvm vgcreate -s 64k inner-vg " + parts[1])
    run("lvm lvcreate -y -Wn -l 30 -n whole inner-vg")
    for n, label in (("root", "root"), ("var", "var"), ("home", "home"), ("my-srv", "srv")):
        run("mke2fs -q -t ext4 -O ^has_journal -b 1024 -N 64 -m 0 -L %s /dev/sys-vg/%s" % (label, n))
    os.makedirs("mnt", exist_ok=True)
    uuid = run("blkid -s UUID -o value /dev/sys-vg/my-srv").strip()
    run("mount /dev/sys-vg/root mnt")
    for d in ("etc", "usr/lib", "var", "home", "srv", "opt", "bin", "sbin", "boot"):
        os.makedirs("mnt/" + d)
    with open("mnt/etc/os-release", "w") as f:
        f.write('ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')
    with open("mnt/etc/hostname", "w") as f:
        f.write("on-lvm\n")
    with open("mnt/etc/fstab", "w") as f:
        f.write("/dev/mapper/sys--vg-root / ext4 defaults 0 1\n/dev/mapper/sys--vg-var /var ext4 defaults 0 2\n"
                "/dev/sys-vg/home /home ext4 defaults 0 2\nUUID=%s /srv ext4 defaults 0 2\n" % uuid)
    run("umount mnt")
    for n, text in (("var", "of var"), ("home", "of home"), ("my-srv", "of srv")):
        run("mount /dev/sys-vg/%s mnt && echo %s >mnt/which && umount mnt" % (n, text))
    run("printf 'label: dos\nlabel-id: 0x01020304\nstart=64, size=1024\nstart=1088\n' | sfdisk -q /dev/sys-vg/table")
    fill("sys-vg/table", start=64, count=100)
    run("lvm pvcreate --metadatasize 32k --dataalignment 64k /dev/inner-vg/whole")
    run("lvm vgcreate -s 32k innermost /dev/inner-vg/whole")
    run("lvm lvcreate -y -Wn -l 10 -n deep innermost")
    fill("innermost/deep")
    s.record("sys-vg/root", "sys-vg/var", "sys-vg/home", "sys-vg/my-srv", "sys-vg/table", "inner-vg/whole", "innermost/deep")
    s.truth["lvs"] = []
    run("lvm vgchange -an innermost")
    s.close()


ALL = [linear, wrapped, mirror, degraded, raid, thin, wide, snapshot, cached, flags, nested]

os.environ.update(LVM_SYSTEM_DIR=HERE + "/etc", DM_DISABLE_UDEV="1", LD_LIBRARY_PATH=HERE + "/tools/lib", PATH=HERE + "/tools/bin:" + os.environ["PATH"] + ":/usr/sbin:/sbin")
os.environ["LVM_SUPPRESS_FD_WARNINGS"] = "1"
os.makedirs("out")
os.makedirs("etc")
with open("etc/lvm.conf", "w") as f:
    f.write(CONFIG)
run("mount -t sysfs sysfs /sys", check=False)
for module in ("loop", "dm-mod", "dm-mirror", "dm-raid", "dm-thin-pool", "dm-snapshot", "dm-cache", "dm-cache-smq", "dm-writecache", "ext4"):
    run("modprobe " + module, check=False)
print("== inside", flush=True)
failed = []
for f in ALL:
    if len(sys.argv) == 1 or f.__name__ in sys.argv[1:]:
        print("==", f.__name__, flush=True)
        try:
            f()
        except Exception as err:
            failed.append(f.__name__)
            print("== %s failed: %s" % (f.__name__, err), flush=True)
            run("lvm vgchange -an; dmsetup remove_all; losetup -D", check=False)
print("== done, failed:", failed, flush=True)
