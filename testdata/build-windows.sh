#!/bin/bash
# Makes images/windows2022-small.qcow2 of guests/windows2022: a disk as Windows Server 2022 lays one out, as far as guestctl looks, and a
# second volume. The hives are made of the texts by hivexregedit, the file systems by mkntfs and ntfs-3g, and what hivexml reads in the
# hives is beside the image. Needs libwin-hivex-perl, libhivex-bin, ntfs-3g, attr, gdisk, dosfstools, mtools, qemu-utils, python3, and a
# root that may mount with FUSE. Serial numbers and times of files are others every time. No Windows had a part in it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C TZ=UTC
guest=$here/guests/windows2022 images=$here/images
work=$(mktemp -d)
trap 'umount "$work/mnt" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir "$work/mnt"

uuid() { printf '1c0ffee0-0000-4000-9000-%012d' "$1"; }

# --- hives

python3 "$guest/accounts.py"
# hive NAME ROOT: the root key of the hive is ROOT to regedit
hive() {
	zcat "$here/../engine/hive/testdata/empty.hive.gz" >"$work/$1"
	python3 "$guest/regedit.py" "HKEY_LOCAL_MACHINE\\$1" <"$guest/$1.reg" >"$work/$1.regedit"
	hivexregedit --merge --prefix "HKEY_LOCAL_MACHINE\\$1" "$work/$1" "$work/$1.regedit"
}
for name in SYSTEM SOFTWARE SAM SECURITY DEFAULT NTUSER; do
	hive "$name"
done

# --- files

# task NAME COMMAND ENABLED: a scheduled task, as the Task Scheduler writes it
task() {
	iconv -f UTF-8 -t UTF-16 <<-END
		<?xml version="1.0" encoding="UTF-16"?>
		<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
		  <RegistrationInfo><URI>$1</URI></RegistrationInfo>
		  <Principals><Principal id="Author"><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel></Principal></Principals>
		  <Settings><Enabled>$3</Enabled></Settings>
		  <Actions Context="Author"><Exec><Command>${2%% *}</Command><Arguments>${2#* }</Arguments></Exec></Actions>
		</Task>
	END
}

# junction DIRECTORY TARGET NAME: a reparse point of tag 0xa0000003 (MS-FSCC 2.1.2.5)
junction() {
	mkdir -p "$1"
	setfattr -h -n system.ntfs_reparse_data -v "0x$(python3 -c '
import struct, sys
target, name = (s.encode("utf-16-le") for s in sys.argv[1:])
data = struct.pack("<HHHH", 0, len(target), len(target) + 2, len(name)) + target + b"\0\0" + name + b"\0\0"
print((struct.pack("<IHH", 0xA0000003, len(data), 0) + data).hex())' "$2" "$3")" "$1"
}

windows() {
	local c=$work/mnt
	mkdir -p "$c"/Windows/System32/{config,drivers,Tasks/Microsoft/Windows/Defrag,OpenSSH,winevt/Logs,Sysprep} \
		"$c"/Windows/{Panther,Minidump,ServiceProfiles/LocalService} "$c"/Users/{Administrator,Public} \
		"$c/Program Files"/{7-Zip,Backup\ Agent} \
		"$c/ProgramData/Microsoft/Windows/Start Menu/Programs/StartUp" "$c"/ProgramData/ssh \
		"$c/ProgramData/Microsoft/Group Policy/History/{1}/Machine/Preferences/Groups"
	for name in SYSTEM SOFTWARE SAM SECURITY DEFAULT; do
		cp "$work/$name" "$c/Windows/System32/config/$name"
	done
	cp "$work/NTUSER" "$c/Users/Administrator/NTUSER.DAT"
	for file in svchost.exe cmd.exe userinit.exe srvsvc.dll drivers/disk.sys drivers/viostor.sys OpenSSH/sshd.exe; do
		echo 'not a program' >"$c/Windows/System32/$file"
	done
	echo 'not a program' >"$c/Program Files/Backup Agent/agent.exe"
	echo 'not a log' >"$c/Windows/System32/winevt/Logs/Security.evtx"
	echo 'calc.exe' >"$c/ProgramData/Microsoft/Windows/Start Menu/Programs/StartUp/start.cmd"
	task '\Nightly' 'C:\Scripts\night.cmd --password=geheim' true >"$c/Windows/System32/Tasks/Nightly"
	task '\Microsoft\Windows\Defrag\ScheduledDefrag' '%windir%\system32\defrag.exe -c' false \
		>"$c/Windows/System32/Tasks/Microsoft/Windows/Defrag/ScheduledDefrag"
	cat >"$c/Windows/Panther/unattend.xml" <<-END
		<?xml version="1.0" encoding="utf-8"?>
		<unattend xmlns="urn:schemas-microsoft-com:unattend"><settings pass="oobeSystem"><component name="Microsoft-Windows-Shell-Setup">
		<UserAccounts><AdministratorPassword><Value>UwBlAGMAcgBlAHQA</Value><PlainText>false</PlainText></AdministratorPassword></UserAccounts>
		<AutoLogon><Password><Value>*SENSITIVE*DATA*DELETED*</Value></Password></AutoLogon>
		</component></settings></unattend>
	END
	cat >"$c/ProgramData/Microsoft/Group Policy/History/{1}/Machine/Preferences/Groups/Groups.xml" <<-END
		<?xml version="1.0" encoding="utf-8"?>
		<Groups><User name="local"><Properties action="U" cpassword="j1Uyj3Vx8TY9LtLZil2uAuZkFQA/4latT76ZwgdHdhw" userName="local"/></User></Groups>
	END
	junction "$c/Documents and Settings" '\??\C:\Users' 'C:\Users'
	junction "$c/Users/All Users" '\??\C:\ProgramData' 'C:\ProgramData'
	junction "$c/Mount" '\??\Volume{1c0ffee0-0000-4000-9000-000000000304}\' ''
}

# ntfs FILE SIZE LABEL FILL: FILL puts the files in
ntfs() {
	truncate -s "$2" "$1"
	mkntfs -F -Q -q -L "$3" "$1" >/dev/null 2>&1
	ntfs-3g -o windows_names=off "$1" "$work/mnt" 2>/dev/null || ntfs-3g "$1" "$work/mnt"
	"$4"
	umount "$work/mnt"
}

ntfs "$work/c.img" 12M System windows
truncate -s 2M "$work/d.img" # FAT: a second table of capital letters would be a third of the image
mkfs.fat -F 12 -n DATA -i c0ffee04 "$work/d.img" >/dev/null
echo 'on the second volume' >"$work/readme.txt"
mmd -i "$work/d.img" ::Data
mcopy -i "$work/d.img" "$work/readme.txt" ::Data
truncate -s 2M "$work/esp.img"
mkfs.fat -F 12 -n ESP -i c0ffee03 "$work/esp.img" >/dev/null
mmd -i "$work/esp.img" ::EFI ::EFI/Microsoft ::EFI/Microsoft/Boot

# --- disk

mib() { echo $(($1 * 2048)); }
put() { dd if="$3" of="$1" bs=512 seek="$2" conv=notrunc,sparse status=none; }
disk=$work/disk.img
truncate -s 19M "$disk"
sgdisk -U "$(uuid 300)" \
	-n "1:$(mib 1):+2M" -t 1:ef00 -u "1:$(uuid 301)" -c '1:EFI system partition' \
	-n "2:$(mib 3):+1M" -t 2:0c01 -u "2:$(uuid 302)" -c '2:Microsoft reserved partition' \
	-n "3:$(mib 4):+12M" -t 3:0700 -u "3:$(uuid 303)" -c '3:Basic data partition' \
	-n "4:$(mib 16):+2M" -t 4:0700 -u "4:$(uuid 304)" -c '4:Basic data partition' "$disk" >/dev/null
put "$disk" "$(mib 1)" "$work/esp.img"
put "$disk" "$(mib 4)" "$work/c.img"
put "$disk" "$(mib 16)" "$work/d.img"
qemu-img convert -O qcow2 -c -o cluster_size=4k,compat=1.1,compression_type=zstd "$disk" "$images/windows2022-small.qcow2"

truth=$images/windows2022-small.truth
mkdir -p "$truth"
for name in SYSTEM SOFTWARE SAM SECURITY DEFAULT NTUSER; do
	hivexml "$work/$name" | gzip -9n >"$truth/$name.xml.gz"
done
du -ab "$images"/windows*
