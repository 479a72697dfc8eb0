package sshd

import (
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// The lists of OpenSSH's myproposal.h. Those of before 7.4 are not known here.
const (
	ciphers74 = "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com"
	ciphers10 = "chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr"
	macs      = "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com," +
		"hmac-sha1-etm@openssh.com,umac-64@openssh.com,umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1"

	curves   = "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521"
	groups   = ",diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group14-sha256"
	sntrup   = "sntrup761x25519-sha512@openssh.com,"
	sntrup99 = "sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,"
	mlkem    = "mlkem768x25519-sha256,"

	ed25519Cert  = "ssh-ed25519-cert-v01@openssh.com,"
	ecdsaCert    = "ecdsa-sha2-nistp256-cert-v01@openssh.com,ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521-cert-v01@openssh.com,"
	skEd25519Crt = "sk-ssh-ed25519-cert-v01@openssh.com,"
	skECDSACert  = "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com,"
	rsaCert      = "rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,"
	ecdsa        = "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
	rsa          = "rsa-sha2-512,rsa-sha2-256"

	certs82 = ecdsaCert + skECDSACert + ed25519Cert + skEd25519Crt + rsaCert
	plain82 = ecdsa + "sk-ecdsa-sha2-nistp256@openssh.com,ssh-ed25519,sk-ssh-ed25519@openssh.com," + rsa
	certs85 = ed25519Cert + ecdsaCert + skEd25519Crt + skECDSACert + rsaCert
	plain85 = "ssh-ed25519," + ecdsa + "sk-ssh-ed25519@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com," + rsa

	rsa1Cert = "ssh-rsa-cert-v01@openssh.com," // with SHA-1, until 8.8
	rsa1     = ",ssh-rsa"
)

// algorithms returns the default lists of a version that are known.
func algorithms(s *facts.Scope, v version, known bool) map[string]string {
	if !known || v.before(version{7, 4}) {
		return nil
	}
	all := map[string]string{"ciphers": ciphers74, "macs": macs, "kexalgorithms": exchanges(s, v)}
	if !v.before(version{10, 0}) {
		all["ciphers"] = ciphers10
	}
	var keys, signatures string
	switch {
	case !v.before(version{8, 8}):
		keys, signatures = certs85+plain85, plain85
	case !v.before(version{8, 5}):
		keys, signatures = certs85+rsa1Cert+plain85+rsa1, plain85
	case !v.before(version{8, 2}):
		keys, signatures = certs82+rsa1Cert+plain82+rsa1, plain82
	default:
		return all
	}
	all["casignaturealgorithms"] = signatures
	for _, name := range []string{"hostkeyalgorithms", "pubkeyacceptedalgorithms", "hostbasedacceptedalgorithms"} {
		all[name] = keys
	}
	return all
}

func exchanges(s *facts.Scope, v version) string {
	switch {
	case !v.before(version{10, 0}):
		return mlkem + sntrup99 + curves
	case !v.before(version{9, 9}):
		return sntrup99 + mlkem + curves + groups
	case !v.before(version{9, 0}) && secondName(s):
		return sntrup99 + curves + groups
	case !v.before(version{9, 0}):
		return sntrup + curves + groups
	case !v.before(version{8, 2}):
		return curves + groups
	}
	return curves + groups + ",diffie-hellman-group14-sha1"
}

// secondName reports whether this is Debian 12's 9.2 from its update 4 on, which knows one exchange by two names.
func secondName(s *facts.Scope) bool {
	p, ok := facts.Of[facts.Packages](s, "packages")
	if !ok {
		return false
	}
	for _, pkg := range p.Installed["openssh-server"] {
		_, update, ok := strings.Cut(pkg.Version, "9.2p1-2+deb12u")
		if ok && (len(update) > 1 || update >= "4") {
			return true
		}
	}
	return false
}
