#!/bin/bash
# Makes the archives of this directory with tar, qemu-img and openssl: one machine of two disks, as OVA in each format of tar that tools
# write. Everything is small, and the same tools give the same bytes, but for the identifier that qemu-img gives to a VMDK and the number of
# tar's process in the name of a sparse member. truth has what sha256sum says of the members.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -f ./*.ova truth

seq 1 2000 | head -c 8192 >"$work/data disk.raw"
qemu-img convert -f raw -O qcow2 -c -o cluster_size=512 "$work/data disk.raw" "$work/web-disk1.qcow2"
size() { stat -c %s "$work/$1"; }
cat >"$work/web.ovf" <<OVF
<?xml version="1.0" encoding="UTF-8"?>
<!-- as VMware's tools write it: the second disk comes first in the list, and the hardware says which is which -->
<Envelope vmw:buildId="build-1" xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData" xmlns:vmw="http://www.vmware.com/schema/ovf">
  <References>
    <File ovf:href="data%20disk.raw" ovf:id="file2" ovf:size="$(size 'data disk.raw')"/>
    <File ovf:href="web-disk1.qcow2" ovf:id="file1" ovf:size="$(size web-disk1.qcow2)"/>
  </References>
  <DiskSection>
    <Info>Virtual disk information</Info>
    <Disk ovf:capacity="8" ovf:capacityAllocationUnits="byte * 2^10" ovf:diskId="vmdisk2" ovf:fileRef="file2" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
    <Disk ovf:capacity="8192" ovf:diskId="vmdisk1" ovf:fileRef="file1"/>
    <Disk ovf:capacity="1" ovf:capacityAllocationUnits="byte * 2^30" ovf:diskId="scratch"/>
  </DiskSection>
  <VirtualSystem ovf:id="web">
    <Info>A virtual machine</Info>
    <Name>web01</Name>
    <VirtualHardwareSection>
      <Info>Virtual hardware requirements</Info>
      <Item><rasd:Address>1</rasd:Address><rasd:ElementName>SCSI controller 1</rasd:ElementName><rasd:InstanceID>4</rasd:InstanceID><rasd:ResourceType>6</rasd:ResourceType></Item>
      <Item><rasd:Address>0</rasd:Address><rasd:ElementName>SCSI controller 0</rasd:ElementName><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceType>6</rasd:ResourceType></Item>
      <Item ovf:required="false"><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:ElementName>CD/DVD drive 1</rasd:ElementName><rasd:InstanceID>8</rasd:InstanceID><rasd:ResourceType>15</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:ElementName>Hard disk 2</rasd:ElementName><rasd:HostResource>ovf:/disk/vmdisk2</rasd:HostResource><rasd:InstanceID>10</rasd:InstanceID><rasd:Parent>4</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>1</rasd:AddressOnParent><rasd:ElementName>Hard disk 3</rasd:ElementName><rasd:HostResource>ovf:/disk/scratch</rasd:HostResource><rasd:InstanceID>11</rasd:InstanceID><rasd:Parent>4</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:ElementName>Hard disk 1</rasd:ElementName><rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource><rasd:InstanceID>9</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
OVF
manifest() { (cd "$work" && for f in web.ovf web-disk1.qcow2 'data disk.raw'; do openssl dgst "-$1" "$f"; done); }
pack() { # FORMAT NAME MEMBER...
	local options=()
	[[ $2 != sparse-* ]] || options+=(--sparse)
	[[ $1 != pax ]] || options+=(--pax-option='exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime')
	tar --format="$1" "${options[@]}" --owner=0 --group=0 --numeric-owner --mtime=@1761955200 --mode=0644 -C "$work" -cf "$2" "${@:3}"
}
members=(web.ovf web.mf web-disk1.qcow2 'data disk.raw')
manifest sha256 >"$work/web.mf"
for format in ustar gnu pax v7; do pack "$format" "$format.ova" "${members[@]}"; done
manifest sha1 >"$work/web.mf" && pack ustar sha1.ova "${members[@]}"
manifest sha512 >"$work/web.mf"
echo 'no certificate at all' >"$work/web.cert"
pack ustar sha512.ova web.ovf web.mf web.cert "${members[@]:2}"
pack ustar bare.ova web.ovf "${members[@]:2}"
truncate -s 1M "$work/data disk.raw" # its holes become those of a sparse member
pack gnu sparse-gnu.ova web.ovf 'data disk.raw'
pack pax sparse-pax.ova web.ovf 'data disk.raw'
truncate -s 8192 "$work/data disk.raw"
(cd "$work" && sha256sum web.ovf web-disk1.qcow2 'data disk.raw') >truth

# The Debian guest of testdata/images, as an appliance whose disk is the one kind of VMDK that appliances have.
qemu-img convert -O vmdk -o subformat=streamOptimized ../../../testdata/images/debian12-small.qcow2 "$work/debian.vmdk"
cat >"$work/debian.ovf" <<OVF
<?xml version="1.0"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
  <References><File ovf:href="debian.vmdk" ovf:id="file1" ovf:size="$(size debian.vmdk)"/></References>
  <DiskSection><Disk ovf:capacity="25" ovf:capacityAllocationUnits="byte * 2^20" ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/></DiskSection>
  <VirtualSystem ovf:id="debian"><Name>debian</Name></VirtualSystem>
</Envelope>
OVF
(cd "$work" && sha256sum --tag debian.ovf debian.vmdk | sed 's/ (/(/; s/) = /)= /') >"$work/debian.mf"
pack ustar debian.ova debian.ovf debian.mf debian.vmdk
gzip -9nf debian.ova
