package boot

import (
	"bytes"
	"path"
	"strings"
)

// initramfsTools is where the package of that name has what its initrds are made of.
const initramfsTools = "/usr/share/initramfs-tools/"

// asTools holds an initrd of initramfs-tools(7) against the guest that made it: its scripts are copies of the package's, and what they
// run has to be there. An archive that is whole to its last checksum may have been made of what was damaged already.
func (p *prover) asTools(v *verdict, i *initrd, c *closure, tell func(string, error)) {
	where := strings.Join(p.proof.Initrds, ", ")
	for _, name := range []string{"/bin/mount", "/bin/run-init", "/sbin/modprobe", "/bin/udevadm"} {
		switch {
		case name == "/bin/run-init" && !bytes.Contains(i.files["init"], []byte("run-init")): // another way to the root
			continue
		case i.finds(name) == "":
			v.fail(where, "has no %s, which its scripts run", name)
			v.repair("make the initrd again: update-initramfs -u -k %s", p.release)
			continue
		}
		c.add(i.finds(name), tell)
	}
	scripts := []string{"init", "scripts/functions", "scripts/local"}
	for _, dir := range []string{"init-top", "init-premount", "local-top", "local-premount", "local-bottom", "init-bottom"} {
		for _, file := range p.names(initramfsTools+"scripts/"+dir, "") {
			scripts = append(scripts, "scripts/"+dir+"/"+path.Base(file))
		}
	}
	for _, name := range scripts {
		p.sameScript(v, i, name, where)
	}
	p.rules(v, i, where)
}

// sameScript tells whether a script of the initrd is the one that the package has.
func (p *prover) sameScript(v *verdict, i *initrd, name, where string) {
	want, err := p.ReadFile(initramfsTools+name, maxConf)
	got, ok := i.files[name]
	switch {
	case err != nil: // of another version, or the package was removed
	case !ok:
		v.fail(where, "has no %s", name)
		v.repair("make the initrd again: update-initramfs -u -k %s", p.release)
	case int64(len(want)) != i.sizes[name] || !bytes.HasPrefix(want, got):
		v.unknown(where, "%s is not the one of %s: damaged, or of another version", name, initramfsTools)
		v.repair("make the initrd again: update-initramfs -u -k %s", p.release)
	}
}

// rules tells whether udev loads modules in the initrd.
func (p *prover) rules(v *verdict, i *initrd, where string) {
	for _, dir := range []string{"usr/lib/", "lib/", "etc/"} {
		if b, ok := i.files[dir+"udev/rules.d/80-drivers.rules"]; ok && bytes.Contains(b, []byte("kmod load")) {
			return
		}
	}
	v.fail(where, "has no rules with which udev loads drivers: 80-drivers.rules")
	v.repair("make the initrd again: update-initramfs -u -k %s", p.release)
}

// finds is a program of the tree, in /bin or /sbin and the same below /usr; "" is none.
func (i *initrd) finds(name string) string {
	for _, dir := range []string{"", "/usr"} {
		if _, _, _, err := i.open(dir + name); err == nil {
			return dir + name
		}
	}
	return ""
}
