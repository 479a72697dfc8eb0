package boot_test

import (
	"strings"

	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	noStub    = "search.fs_uuid " + otherUUID + " root hd0,gpt2 \nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n"
	efiMod    = "/boot/grub/x86_64-efi/"
	rightStub = "search.fs_uuid " + rootUUID + " root hd0,gpt2 \n"
)

// onESP is a damage of one file of the EFI system partition.
func onESP(path string, c change) espDamage { return espDamage{files: file(path, c)} }

func inESP(path string, f func(string) string) espDamage { return espDamage{edits: edit(path, f)} }

// ownGRUB puts the program on the removable path that grub-install makes where there is no signed one.
var ownGRUB = espDamage{root: map[string]string{efiBoot + "BOOTX64.EFI": efiMod + "core.efi"}}

// ofMachine makes a program one for another machine.
func ofMachine(machine string) func(string) string {
	return func(s string) string {
		at := strings.Index(s, "PE\x00\x00") + 4
		return s[:at] + machine + s[at+2:]
	}
}

// csv is a list of boot options.
func csv(file string) change {
	var b strings.Builder
	for _, r := range file + ",debian,,\n" {
		b.WriteRune(r)
		b.WriteByte(0)
	}
	return change{data: b.String()}
}

// uefiDamages are what a machine with UEFI does not start, or not for certain, beside some that it does. These were tried once, with QEMU
// 7.2 (q35, OVMF 2022.11 with new variables, virtio, emulation):
//
//	no BOOTX64.EFI; no directory BOOT                      firmware finds nothing to start
//	no directory EFI; partition without a file system      firmware finds nothing to start
//	BOOTX64.EFI cut in half; of zeros; for ARM             firmware finds nothing to start
//	boot sector of the partition of zeros                  firmware finds nothing to start
//	tables of the FAT of zeros                             firmware finds nothing to start
//	no protective MBR                                      firmware finds nothing to start
//	fallback of zeros                                      shim gives up
//	no list of boot options                                the fallback resets the machine
//	no GRUB of the vendor; GRUB cut in half                shim: "start_image() returned Not Found", "Invalid Parameter"
//	no stub; empty stub; stub for another file system      GRUB stops at "grub>"
//	fstab has another UUID for the EFI system partition    emergency mode
//	GRUB with a bit changed, in a module that is not used  GRUB starts: nothing looks at the digest without Secure Boot
//	no fallback                                            Linux starts
//	GRUB that is not signed                                GRUB starts
//	no first header of the GPT                             GRUB starts: this firmware reads the backup
//	partition of another type                              GRUB starts: this firmware looks at no type
var uefiDamages = map[string]damage{
	"nothing": {link: "uefi", status: pass},

	"no directory EFI":                      {link: "uefi", esp: onESP("/EFI", gone)},
	"EFI is a file":                         {link: "uefi", status: "not pass", esp: onESP("/EFI", change{})},
	"no directory BOOT":                     {link: "uefi", status: unknown, esp: onESP("/EFI/BOOT", gone)},
	"no BOOTX64.EFI":                        {link: "uefi", status: unknown, esp: onESP(efiBoot+"BOOTX64.EFI", gone)},
	"empty BOOTX64.EFI":                     {link: "uefi", esp: onESP(efiBoot+"BOOTX64.EFI", change{})},
	"BOOTX64.EFI cut in half":               {link: "uefi", esp: inESP(efiBoot+"BOOTX64.EFI", cut(2))},
	"BOOTX64.EFI without its last byte":     {link: "uefi", esp: inESP(efiBoot+"BOOTX64.EFI", func(s string) string { return s[:len(s)-1] })},
	"BOOTX64.EFI of zeros":                  {link: "uefi", esp: inESP(efiBoot+"BOOTX64.EFI", zero)},
	"BOOTX64.EFI with a bit changed":        {link: "uefi", esp: inESP(efiBoot+"BOOTX64.EFI", flip(middle))},
	"BOOTX64.EFI for ARM":                   {link: "uefi", esp: inESP(efiBoot+"BOOTX64.EFI", ofMachine("\x64\xaa"))},
	"BOOTX64.EFI for 32 bits":               {link: "uefi", esp: inESP(efiBoot+"BOOTX64.EFI", ofMachine("\x4c\x01"))},
	"BOOTX64.EFI is no boot loader":         {link: "uefi", status: unknown, esp: espDamage{copies: map[string]string{efiBoot + "BOOTX64.EFI": efiBoot + "mmx64.efi"}}},
	"BOOTX64.EFI is GRUB":                   {link: "uefi", status: pass, esp: espDamage{copies: map[string]string{efiBoot + "BOOTX64.EFI": efiBoot + "grubx64.efi"}}},
	"BOOTX64.EFI in small letters":          {link: "uefi", status: pass, esp: espDamage{copies: map[string]string{efiBoot + "bootx64.efi": efiBoot + "BOOTX64.EFI"}, files: file(efiBoot+"BOOTX64.EFI", gone)}},
	"fallback of zeros":                     {link: "uefi", esp: inESP(efiBoot+"fbx64.efi", zero)},
	"fallback with a bit changed":           {link: "uefi", esp: inESP(efiBoot+"fbx64.efi", flip(middle))},
	"no fallback, and GRUB beside shim":     {link: "uefi", status: pass, esp: onESP(efiBoot+"fbx64.efi", gone)},
	"no fallback, and no GRUB beside shim":  {link: "uefi", esp: espDamage{files: map[string]change{efiBoot + "fbx64.efi": gone, efiBoot + "grubx64.efi": gone}}},
	"no list of boot options":               {link: "uefi", esp: onESP(efiDebian+"BOOTX64.CSV", gone)},
	"empty list of boot options":            {link: "uefi", esp: onESP(efiDebian+"BOOTX64.CSV", change{})},
	"list of boot options of zeros":         {link: "uefi", esp: inESP(efiDebian+"BOOTX64.CSV", zero)},
	"boot option that is not there":         {link: "uefi", esp: onESP(efiDebian+"BOOTX64.CSV", csv("gone.efi"))},
	"boot option that is the fallback":      {link: "uefi", esp: onESP(efiDebian+"BOOTX64.CSV", csv("fbx64.efi"))},
	"boot option that is GRUB":              {link: "uefi", status: pass, esp: onESP(efiDebian+"BOOTX64.CSV", csv("grubx64.efi"))},
	"no shim of the vendor":                 {link: "uefi", esp: onESP(efiDebian+"shimx64.efi", gone)},
	"shim of the vendor cut in half":        {link: "uefi", esp: inESP(efiDebian+"shimx64.efi", cut(2))},
	"no GRUB of the vendor":                 {link: "uefi", esp: onESP(efiDebian+"grubx64.efi", gone)},
	"GRUB cut in half":                      {link: "uefi", esp: inESP(efiDebian+"grubx64.efi", cut(2))},
	"GRUB of zeros":                         {link: "uefi", esp: inESP(efiDebian+"grubx64.efi", zero)},
	"GRUB with a bit changed":               {link: "uefi", esp: inESP(efiDebian+"grubx64.efi", flip(middle))},
	"GRUB is the fallback":                  {link: "uefi", status: "not pass", esp: espDamage{copies: map[string]string{efiDebian + "grubx64.efi": efiDebian + "fbx64.efi"}}},
	"partition of another type":             {link: "uefi", status: unknown, esp: espDamage{kind: "Linux filesystem"}},
	"partition without a file system":       {link: "uefi", patches: zeros(espAt, 1<<20)},
	"boot sector of the partition of zeros": {link: "uefi", patches: zeros(espAt, 512)},
	"first directory of zeros":              {link: "uefi", patches: zeros(espAt+2050*512, 512)},
	"tables of the FAT of zeros":            {link: "uefi", status: "not pass", patches: zeros(espAt+32*512, 2018*512)},
	"file system in doubt": {
		link: "uefi", status: unknown,
		esp: espDamage{desc: func(d *filesys.Description) { d.Problems = []filesys.Problem{{Message: "tables differ", Taints: true}} }},
	},
	"file system that was not unmounted": {
		link: "uefi", status: pass,
		esp: espDamage{desc: func(d *filesys.Description) { d.Problems = []filesys.Problem{{Message: "not unmounted"}} }},
	},
	"file system that firmware does not read": {link: "uefi", esp: espDamage{desc: func(d *filesys.Description) { d.Type = "ext4" }}},
	"no protective MBR":                       {link: "uefi", patches: zeros(450, 1)},
	"no first header of the GPT":              {link: "uefi", status: unknown, patches: zeros(512, 512)},

	"GRUB that is not signed":                                   {link: "uefi-loader", status: pass, esp: ownGRUB},
	"GRUB that is not signed, and the guest has another":        {link: "uefi", status: unknown, edits: edit(efiMod+"core.efi", flip(middle)), esp: ownGRUB},
	"GRUB that is not signed, and no module normal":             {link: "uefi-loader", files: file(efiMod+"normal.mod", gone), esp: ownGRUB},
	"GRUB that is not signed, and a module of it changed":       {link: "uefi-loader", status: unknown, edits: edit(efiMod+"linux.mod", flip(middle)), esp: ownGRUB},
	"GRUB that is not signed, and no list of what modules need": {link: "uefi-loader", files: file(efiMod+"moddep.lst", gone), esp: ownGRUB},
	"GRUB that is not signed, and no grub.cfg":                  {link: "uefi-loader", files: file(grubCfg, gone), esp: ownGRUB},

	"no stub":                            {link: "uefi-loader", esp: onESP(stub, gone)},
	"empty stub":                         {link: "uefi-loader", esp: onESP(stub, change{})},
	"stub of zeros":                      {link: "uefi-loader", status: "not pass", esp: inESP(stub, zero)},
	"stub cut in half":                   {link: "uefi-loader", status: "not pass", esp: inESP(stub, cut(2))},
	"stub for another file system":       {link: "uefi-loader", esp: onESP(stub, change{data: noStub})},
	"stub for another directory":         {link: "uefi-loader", esp: inESP(stub, replace("/boot/grub'", "/boot/grub2'"))},
	"stub that comes to nothing":         {link: "uefi-loader", esp: onESP(stub, change{data: rightStub})},
	"stub that does something else":      {link: "uefi-loader", status: unknown, esp: onESP(stub, change{data: rightStub + "halt\n"})},
	"stub that comes to itself":          {link: "uefi-loader", status: unknown, esp: onESP(stub, change{data: "configfile /EFI/debian/grub.cfg\n"})},
	"stub for a partition by its number": {link: "uefi-loader", status: pass, esp: onESP(stub, change{data: "set root='hd0,gpt2'\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n"})},
	"stub for another partition":         {link: "uefi-loader", esp: onESP(stub, change{data: "set root=hd0,gpt1\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n"})},
	"stub with the other search": {
		link: "uefi-loader", status: pass,
		esp: onESP(stub, change{data: "search --no-floppy --fs-uuid --set=dev " + rootUUID + "\nset prefix=($dev)/boot/grub\nexport $prefix\nconfigfile $prefix/grub.cfg\n"}),
	},
	"no grub.cfg":       {link: "uefi-loader", files: file(grubCfg, gone)},
	"empty grub.cfg":    {link: "uefi-loader", files: file(grubCfg, change{})},
	"grub.cfg of zeros": {link: "uefi-loader", status: "not pass", edits: edit(grubCfg, zero)},
	"menu of the EFI system partition differs": {link: "config", status: "not pass", esp: onESP(efiBoot+"grub.cfg", change{data: "menuentry x { linux /vmlinuz root=/dev/sda1 }\n"})},

	"no kernel":                 {link: "kernel", files: file(vmlinuz, gone)},
	"kernel with a bit changed": {link: "kernel", edits: edit(vmlinuz, flip(middle))},
	"kernel for ARM":            {link: "kernel", edits: edit(vmlinuz, ofMachine("\x64\xaa"))},
	"kernel cut in half":        {link: "kernel", edits: edit(vmlinuz, cut(2))},
	"no initrd":                 {link: "initrd", files: file(initrdImg, gone)},

	"fstab has another UUID for the EFI system partition": {link: "fstab", edits: edit("/etc/fstab", replace("1C0F-FEE1", "1234-ABCD"))},
	"the EFI system partition was made again":             {link: "fstab", esp: espDamage{desc: func(d *filesys.Description) { d.UUID = "1234-abcd" }}},
	// That boots; what the menu would be from files that are not mounted is not known here.
	"fstab need not mount the EFI system partition, and does not": {
		link: "config", status: unknown, edits: edit("/etc/fstab", func(s string) string {
			return strings.ReplaceAll(strings.ReplaceAll(s, "1C0F-FEE1", "1234-ABCD"), "umask=0077", "nofail")
		}),
	},
}
