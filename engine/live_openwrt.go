package engine

import (
	"github.com/guestctl/guestctl/engine/volume"
)

const (
	openwrtSign  = "/etc/openwrt_release"
	openwrtData  = "rootfs_data"
	openwrtAlign = 64 << 10 // bytes, ROOTDEV_OVERLAY_ALIGN of fstools
)

// addOpenWrt adds what OpenWrt writes behind its squashfs, on the same partition (libfstools/rootdisk.c of fstools). Where nothing is
// recognised there, nothing was written yet.
func (d *discovery) addOpenWrt(v Volume) {
	if !isOpenWrt(&v) {
		return
	}
	off := (v.FS.Description().Size + openwrtAlign - 1) / openwrtAlign * openwrtAlign
	if off >= v.Size {
		return
	}
	child := volume.Section(v.Volume, off, v.Size-off)
	child.Name, child.Label = v.Name+":"+openwrtData, openwrtData
	if recognised(child) && d.room(v, child) {
		d.add(child)
	}
}

func isOpenWrt(v *Volume) bool {
	if v.FS == nil || v.FS.Description().Type != "squashfs" {
		return false
	}
	node, err := walkTo(v.FS, openwrtSign)
	return node != 0 && err == nil
}

// recognised reports whether a volume begins like something that is known, or cannot be read.
func recognised(v *volume.Volume) bool {
	for _, f := range FileSystems() {
		if ok, err := f.Probe(v, v.Size); ok || err != nil {
			return true
		}
	}
	for _, s := range Signatures() {
		if ok, err := s.Probe(v, v.Size); ok || err != nil {
			return true
		}
	}
	return false
}

// openwrtRoot makes the root of OpenWrt: its squashfs, and over it what it wrote behind it or on a partition of that name.
func openwrtRoot(m *medium) layers {
	var l layers
	if !isOpenWrt(m.Volume) {
		return l
	}
	found := m.labelled(openwrtData)
	if len(found) == 0 {
		return l
	}
	l.lower = []*Volume{m.Volume}
	l.persistence(found, "upper")
	return l
}
