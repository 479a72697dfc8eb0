package boot_test

import (
	"strings"

	"github.com/guestctl/guestctl/backup/boot"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/finding"
)

const fail, unknown, pass = finding.Fail, finding.Unknown, finding.Pass

// damages are what a boot does not survive, or not for certain, beside some that it does.
var damages = map[string]damage{
	"no boot code":                             {link: "firmware", patches: zeros(0, 440)},
	"no signature of the first sector":         {link: "firmware", patches: zeros(510, 2)},
	"boot code with a byte changed":            {link: "firmware", patches: []patch{{0x100, "X"}}},
	"boot code of nobody":                      {link: "firmware", status: unknown, patches: []patch{{0, strings.Repeat("X", 440)}}},
	"boot code that loads sector 0":            {link: "firmware", patches: zeros(0x5c, 8)},
	"boot code that loads behind the disk":     {link: "firmware", patches: []patch{{0x5c, "\xff\xff\xff\xff\xff\x00\x00\x00"}}},
	"core image with an empty first sector":    {link: "firmware", patches: zeros(coreStart, 512)},
	"core image with another first sector":     {link: "firmware", patches: []patch{{coreStart + 0x20, "\xff\xff\xff\xff"}}},
	"simple boot code and no active partition": {link: "firmware", patches: []patch{{0, strings.Repeat("\x90", 200) + "Missing operating system\x00" + strings.Repeat("\x00", 215)}}},

	// QEMU stopped at "grub>" without the protective MBR, and without the first header.
	"no protective MBR":               {link: "firmware", patches: zeros(450, 1)},
	"no first header of the GPT":      {link: "firmware", patches: zeros(512, 512)},
	"first header of the GPT changed": {link: "firmware", patches: []patch{{512 + 40, "\x23"}}},
	"first entry of the GPT changed":  {link: "firmware", patches: []patch{{1024 + 130, "X"}}},

	"core image of zeros":                    {link: "loader", patches: zeros(coreStart+512, 104882-512)},
	"core image with a byte changed":         {link: "loader", patches: []patch{{coreStart + 60000, "X"}}},
	"core image of zeros and no core.img":    {link: "loader", patches: zeros(coreStart+512, 104882-512), files: file(grubMod+"core.img", gone)},
	"core image that breaks off":             {link: "loader", patches: []patch{{coreStart + 0x1fc, "\x02\x00"}}},
	"core image with blocks behind the disk": {link: "loader", patches: []patch{{coreStart + 0x1f4, "\xff\xff\xff\xff\x00\x00\x00\x00"}}},
	"no modules of GRUB":                     {link: "loader", files: file("/boot/grub/i386-pc", gone)},
	"no module linux":                        {link: "loader", files: file(grubMod+"linux.mod", gone)},
	"module linux with a byte changed":       {link: "loader", status: unknown, edits: edit(grubMod+"linux.mod", flip(middle))},
	"module linux of zeros":                  {link: "loader", edits: edit(grubMod+"linux.mod", zero)},
	"module linux is another module":         {link: "loader", edits: edit(grubMod+"linux.mod", replace("\x00linux\x00", "\x00linus\x00"))},
	"module normal of another version":       {link: "loader", edits: edit(grubMod+"normal.mod", flip(middle))},
	"module that linux needs is gone":        {link: "loader", files: file(grubMod+"relocator.mod", gone)},
	"list of commands is empty":              {link: "loader", files: file(grubMod+"command.lst", change{})},
	"no list of what modules need":           {link: "loader", files: file(grubMod+"moddep.lst", gone)},

	"menu waits for a user":  {link: "config", edits: edit(grubCfg, func(s string) string { return s + "set timeout=-1\n" })},
	"initrd is told to stop": {link: "config", edits: edit(grubCfg, replace("console=ttyS0", "break=mount"))},
	"no grub.cfg":            {link: "config", files: file(grubCfg, gone)},
	"empty grub.cfg":         {link: "config", files: file(grubCfg, change{})},
	"grub.cfg of zeros":      {link: "config", edits: edit(grubCfg, zero)},
	"GRUB searches another file system, and the partition is another, too": {
		link: "config", edits: edit(grubCfg, func(s string) string {
			return strings.ReplaceAll(strings.ReplaceAll(s, "--set=root "+rootUUID, "--set=root "+otherUUID), "hd0,gpt2", "hd0,gpt1")
		}),
	},
	"default entry asks for a password": {
		link: "config", edits: edit(grubCfg, func(s string) string { return "set superusers=root\npassword root x\n" + s }),
	},

	"menu waits for a user, in quotes":               {link: "config", edits: edit(grubCfg, replace("set timeout=5", `set timeout="-1"`))},
	"the kernel has too little memory":               {link: "config", edits: edit(grubCfg, replace("console=ttyS0", "mem=24M"))},
	"noinitrd, which counts for initrds of old only": {link: "config", status: pass, edits: edit(grubCfg, replace("console=ttyS0", "noinitrd"))},
	"the initrd is to boot from a network":           {link: "config", status: unknown, edits: edit(grubCfg, replace("console=ttyS0", "boot=nfs"))},
	"a driver of disks is kept out":                  {link: "config", status: unknown, edits: edit(grubCfg, replace("console=ttyS0", "modprobe.blacklist=virtio_blk"))},

	"no kernel":                 {link: "kernel", files: file(vmlinuz, gone)},
	"kernel cut in half":        {link: "kernel", edits: edit(vmlinuz, cut(2))},
	"kernel of zeros":           {link: "kernel", edits: edit(vmlinuz, zero)},
	"empty kernel":              {link: "kernel", files: file(vmlinuz, change{})},
	"kernel with a bit changed": {link: "kernel", status: "not pass", edits: edit(vmlinuz, flip(middle))},
	"kernel with a bit of its setup code changed": {link: "kernel", edits: edit(vmlinuz, flip(func(int) int { return 0x1000 }))},
	"kernel without its magic":                    {link: "kernel", edits: edit(vmlinuz, replace("HdrS", "HdrX"))},
	"default entry names no kernel":               {link: "kernel", edits: edit(grubCfg, replace(vmlinuz, vmlinuz+"x"))},

	"no initrd":                       {link: "initrd", files: file(initrdImg, gone)},
	"initrd of zeros":                 {link: "initrd", edits: edit(initrdImg, zero)},
	"empty initrd":                    {link: "initrd", files: file(initrdImg, change{})},
	"initrd cut in half":              {link: "initrd", edits: edit(initrdImg, cut(2))},
	"initrd with a bit changed":       {link: "initrd", edits: edit(initrdImg, flip(middle))},
	"initrd with zeros in the middle": {link: "initrd", edits: edit(initrdImg, func(s string) string { return s[:len(s)/2] + strings.Repeat("\x00", 512) + s[len(s)/2+512:] })},
	"initrd without init":             {link: "initrd", edits: edit(initrdImg, unpacked(replace("00000000init\x00", "00000000inix\x00")))},
	"initrd without its C library":    {link: "initrd", edits: edit(initrdImg, unpacked(replace("/libc.so.6\x00", "/libx.so.6\x00")))},
	"initrd without modprobe":         {link: "initrd", edits: edit(initrdImg, unpacked(replace("sbin/modprobe\x00", "sbin/modprobx\x00"))), opts: boot.Options{Target: "kvm"}},
	"initrd without modules.dep":      {link: "initrd", edits: edit(initrdImg, unpacked(replace("/modules.dep\x00", "/modules.dex\x00"))), opts: boot.Options{Target: "kvm"}},
	"initrd without its scripts":      {link: "initrd", edits: edit(initrdImg, unpacked(replace("scripts/local\x00", "scripts/locax\x00")))},
	"initrd of another kernel":        {link: "initrd", edits: edit(initrdImg, unpacked(replace("modules/6.1.0-56", "modules/6.1.0-55")))},
	"initrd without a trailer":        {link: "initrd", edits: edit(initrdImg, unpacked(func(s string) string { return s[:strings.LastIndex(s, "TRAILER!!!")-110] }))},
	"initrd without virtio for KVM": {
		link: "initrd", edits: edit(initrdImg, unpacked(replace("/virtio_pci.ko", "/virtio_xxx.ko"))), opts: boot.Options{Target: "kvm"},
	},
	"initrd without virtio for Amazon, which has NVMe": {
		link: "initrd", status: pass, edits: edit(initrdImg, unpacked(replace("/virtio_pci.ko", "/virtio_xxx.ko"))), opts: boot.Options{Target: "aws"},
	},
	"the first init is not in the initrd": {link: "initrd", edits: edit(grubCfg, replace("console=ttyS0", "rdinit=/gone"))},
	"initrd without run-init":             {link: "initrd", edits: edit(initrdImg, unpacked(replace("bin/run-init\x00", "bin/run-inix\x00")))},
	"initrd without udev":                 {link: "initrd", edits: edit(initrdImg, unpacked(replace("bin/udevadm\x00", "bin/udevadx\x00")))},
	"initrd without the start of udev":    {link: "initrd", edits: edit(initrdImg, unpacked(replace("init-top/udev\x00", "init-top/udex\x00")))},
	"initrd without the rules of udev":    {link: "initrd", edits: edit(initrdImg, unpacked(replace("/80-drivers.rules\x00", "/80-drivers.rulex\x00")))},
	"initrd with another init":            {link: "initrd", status: unknown, edits: edit(initrdImg, unpacked(replace("\nmountroot\n", "\nmountroox\n")))},

	"ext4 neither built in nor in the initrd": {link: "initrd", edits: edit(modules+"modules.builtin", replace("ext4", "extx"))},

	"root= of a loop device":                   {link: "root", edits: edit(grubCfg, replace("root=UUID="+rootUUID, "root=/dev/loop0"))},
	"root= of a partition of a loop device":    {link: "root", edits: edit(grubCfg, replace("root=UUID="+rootUUID, "root=/dev/loop0p2"))},
	"root= of a mapped loop device":            {link: "root", edits: edit(grubCfg, replace("root=UUID="+rootUUID, "root=/dev/mapper/loop0p2"))},
	"root= of a network block device":          {link: "root", edits: edit(grubCfg, replace("root=UUID="+rootUUID, "root=/dev/nbd0p2"))},
	"root= of a file system that is not there": {link: "root", edits: edit(grubCfg, replace("root=UUID="+rootUUID, "root=UUID="+otherUUID))},
	"root= of another partition":               {link: "root", edits: edit(grubCfg, replace("root=UUID="+rootUUID, "root=/dev/vda1"))},
	"root= of a partition that is not there":   {link: "root", edits: edit(grubCfg, replace("root=UUID="+rootUUID, "root=PARTUUID="+otherUUID))},
	"root= of a volume group":                  {link: "root", status: unknown, edits: edit(grubCfg, replace("root=UUID="+rootUUID, "root=/dev/mapper/vg-root"))},
	"root= and an option that no kernel knows": {link: "root", status: unknown, edits: edit(grubCfg, replace("console=ttyS0", "rootflags=gone"))},
	"no root=":                              {link: "root", status: unknown, edits: edit(grubCfg, replace("root=UUID="+rootUUID, ""))},
	"root= by the name of a disk":           {link: "root", status: pass, edits: edit(grubCfg, replace("root=UUID="+rootUUID, "root=/dev/vda2"))},
	"file system larger than its partition": {link: "root", desc: func(d *filesys.Description) { d.Size *= 2 }},
	"file system with a damaged journal": {
		link: "root", status: unknown,
		desc: func(d *filesys.Description) { d.Problems = []filesys.Problem{{Message: "journal", Taints: true}} },
	},

	"file system with recorded errors": {
		link: "root", status: unknown, desc: func(d *filesys.Description) { d.Problems = []filesys.Problem{{Message: "errors"}} },
	},
	// QEMU: "Failed to mount early API filesystems. Freezing execution."
	"no /proc":                    {link: "root", files: file("/proc", gone)},
	"/dev is a file":              {link: "root", files: file("/dev", change{})},
	"the kernel is told the type": {link: "root", edits: edit(grubCfg, replace("console=ttyS0", "rootfstype=xfs"))},

	"no directory of modules": {link: "modules", files: file("/usr/lib/modules/"+release, gone)},
	"empty modules.dep":       {link: "modules", files: file(modules+"modules.dep", change{})},

	"init leads nowhere":                {link: "init", files: file("/usr/sbin/init", change{link: "/lib/systemd/gone"})},
	"init is a script":                  {link: "init", status: unknown, files: file("/usr/sbin/init", change{data: "#!/bin/sh\nexec /lib/systemd/systemd\n"})},
	"no init":                           {link: "init", files: file("/usr/sbin/init", gone)},
	"no C library":                      {link: "init", files: file(libc, gone)},
	"C library cut in half":             {link: "init", edits: edit(libc, cut(2))},
	"C library of zeros":                {link: "init", edits: edit(libc, zero)},
	"C library of another machine":      {link: "init", edits: edit(libc, func(s string) string { return s[:18] + "\xb7" + s[19:] })},
	"C library with a bit changed":      {link: "init", status: unknown, edits: edit(libc, flip(middle))},
	"no dynamic loader":                 {link: "init", files: file("/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", gone)},
	"systemd cut in half":               {link: "init", edits: edit(systemd, cut(2))},
	"empty systemd":                     {link: "init", files: file(systemd, change{})},
	"library of systemd is gone":        {link: "init", files: file("/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so", gone)},
	"journald may not be run":           {link: "init", edits: edit("/usr/lib/systemd/systemd-journald", func(s string) string { return s })},
	"no shell":                          {link: "init", files: file("/usr/bin/sh", gone)},
	"no udevadm":                        {link: "init", files: file("/usr/bin/udevadm", gone)},
	"no agetty":                         {link: "init", files: file("/usr/sbin/agetty", gone)},
	"login with a damaged header":       {link: "init", edits: edit("/usr/bin/login", func(s string) string { return "\x7fELX" + s[4:] })},
	"init= of the kernel leads nowhere": {link: "init", edits: edit(grubCfg, replace("console=ttyS0", "init=/bin/gone"))},

	"no generator of mounts": {link: "init", files: file("/usr/lib/systemd/system-generators/systemd-fstab-generator", gone)},

	"default target is masked":         {link: "target", files: file(units+"default.target", change{link: "/dev/null"})},
	"default target leads nowhere":     {link: "target", files: file(units+"default.target", change{link: "/lib/systemd/system/gone.target"})},
	"default target is empty":          {link: "target", files: file(units+"default.target", change{})},
	"default target turns it off":      {link: "target", files: file(units+"default.target", change{link: "/lib/systemd/system/poweroff.target"})},
	"the kernel is told emergency":     {link: "target", edits: edit(grubCfg, replace("console=ttyS0", "emergency"))},
	"sysinit.target is masked":         {link: "target", files: file(units+"sysinit.target", change{link: "/dev/null"})},
	"getty.target is masked":           {link: "target", files: file(units+"getty.target", change{link: "/dev/null"})},
	"udevd is masked":                  {link: "target", files: file(units+"systemd-udevd.service", change{link: "/dev/null"})},
	"no unit of terminals":             {link: "target", files: file("/usr/lib/systemd/system/getty@.service", gone)},
	"multi-user.target does not exist": {link: "target", files: file("/usr/lib/systemd/system/multi-user.target", gone)},

	"a target that requires what is not there": {link: "target", files: file(units+"multi-user.target", change{data: "[Unit]\nRequires=basic.target gone.service\n"})},
	"a target that requires what no package has": {
		link: "target", status: unknown, files: map[string]change{
			units + "multi-user.target": {data: "[Unit]\nRequires=basic.target own.service\n"}, units + "own.service": {data: "[Service]\nExecStart=/bin/false\n"},
		},
	},
	"a unit of zeros":                {link: "target", edits: edit("/usr/lib/systemd/system/multi-user.target", zero)},
	"a unit with a byte changed":     {link: "target", status: unknown, edits: edit("/usr/lib/systemd/system/sysinit.target", flip(middle))},
	"no unit of serial lines":        {link: "target", files: file("/usr/lib/systemd/system/serial-getty@.service", gone)},
	"udev tells systemd nothing":     {link: "target", files: file("/usr/lib/udev/rules.d/99-systemd.rules", gone)},
	"the rules of udev are of zeros": {link: "target", edits: edit("/usr/lib/udev/rules.d/99-systemd.rules", zero)},

	"fstab has another UUID for the root":  {link: "fstab", edits: edit("/etc/fstab", replace(rootUUID, otherUUID))},
	"fstab has a loop device for the root": {link: "fstab", edits: edit("/etc/fstab", replace("UUID="+rootUUID, "/dev/loop0p2"))},
	"fstab is gone":                        {link: "fstab", files: file("/etc/fstab", gone)},
	"fstab is empty":                       {link: "fstab", files: file("/etc/fstab", change{})},
	"fstab names a disk that is not there": {link: "fstab", files: file("/etc/fstab", change{data: firstLine + "UUID=" + otherUUID + " /srv ext4 defaults 0 2\n"})},
	"fstab names a disk that need not be there": {
		link: "fstab", status: pass, files: file("/etc/fstab", change{data: firstLine + "UUID=" + otherUUID + " /srv ext4 nofail 0 2\n"}),
	},
	"fstab has another type for the root's file system": {
		link: "fstab", files: file("/etc/fstab", change{data: firstLine + "UUID=" + rootUUID + " /srv xfs defaults 0 2\n"}),
	},
	"fstab binds what is not there": {link: "fstab", files: file("/etc/fstab", change{data: firstLine + "/gone /srv none bind 0 0\n"})},

	"fstab has an option for the root that no kernel knows": {link: "fstab", status: unknown, edits: edit("/etc/fstab", replace("remount-ro", "remount-ro,gone"))},
	"fstab has the root read-only":                          {link: "fstab", status: unknown, edits: edit("/etc/fstab", replace("errors=remount-ro", "ro"))},
	"fstab has an option that tmpfs lacks":                  {link: "fstab", status: unknown, files: file("/etc/fstab", change{data: firstLine + "tmpfs /srv tmpfs gone=1 0 0\n"})},
	"fstab mounts on a file":                                {link: "fstab", files: file("/etc/fstab", change{data: firstLine + "tmpfs /etc/hostname tmpfs defaults 0 0\n"})},
	"fstab has options that kernels know":                   {link: "fstab", status: pass, files: file("/etc/fstab", change{data: firstLine + "tmpfs /srv tmpfs size=1M,nosuid,x-systemd.after=a.service 0 0\n"})},

	"no group":                  {link: "accounts", files: file("/etc/group", gone)},
	"no passwd":                 {link: "accounts", files: file("/etc/passwd", gone)},
	"passwd without root":       {link: "accounts", files: file("/etc/passwd", change{data: "daemon:x:1:1::/:/bin/sh\n"})},
	"root has another id":       {link: "accounts", edits: edit("/etc/passwd", replace("root:x:0:", "root:x:7:"))},
	"root's shell is not there": {link: "accounts", edits: edit("/etc/passwd", replace("/bin/bash", "/bin/gone"))},
	"no shadow":                 {link: "accounts", files: file("/etc/shadow", gone)},

	"nothing is free": {link: "space", desc: func(d *filesys.Description) { d.Free = 0 }},

	"machine id of something else": {link: "identity", files: file("/etc/machine-id", change{data: "debian\n"})},
}
