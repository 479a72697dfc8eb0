package sshd

import (
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// constant are the settings that no version since 7.4 changed.
const constant = `addressfamily any
x11displayoffset 10
maxauthtries 6
maxsessions 10
logingracetime 120
clientaliveinterval 0
clientalivecountmax 3
streamlocalbindmask 0177
ignoreuserknownhosts no
hostbasedauthentication no
hostbasedusesnamefrompacketonly no
pubkeyauthentication yes
kerberosauthentication no
kerberosorlocalpasswd yes
kerberosticketcleanup yes
gssapiauthentication no
gssapicleanupcredentials yes
gssapistrictacceptorcheck yes
passwordauthentication yes
kbdinteractiveauthentication yes
permitrootlogin without-password
printmotd yes
printlastlog yes
x11forwarding no
x11uselocalhost yes
permittty yes
permituserrc yes
strictmodes yes
tcpkeepalive yes
permitemptypasswords no
compression yes
gatewayports no
usedns no
usepam no
allowtcpforwarding yes
allowagentforwarding yes
allowstreamlocalforwarding yes
disableforwarding no
streamlocalbindunlink no
fingerprinthash SHA256
exposeauthinfo no
banner none
forcecommand none
chrootdirectory none
trustedusercakeys none
revokedkeys none
authorizedprincipalsfile none
versionaddendum none
authorizedkeyscommand none
authorizedkeyscommanduser none
authorizedprincipalscommand none
authorizedprincipalscommanduser none
hostkeyagent none
loglevel INFO
syslogfacility AUTH
maxstartups 10:30:100
permittunnel no
rekeylimit 0 0
permituserenvironment no
ignorerhosts yes`

// lists are the same for keywords with several values.
var lists = map[string][]any{
	"port":                  {"22"},
	"hostkey":               {"/etc/ssh/ssh_host_rsa_key", "/etc/ssh/ssh_host_ecdsa_key", "/etc/ssh/ssh_host_ed25519_key"},
	"authorizedkeysfile":    {".ssh/authorized_keys", ".ssh/authorized_keys2"},
	"authenticationmethods": {"any"},
	"permitopen":            {"any"},
	"allowusers":            {},
	"denyusers":             {},
	"allowgroups":           {},
	"denygroups":            {},
	"acceptenv":             {},
	"setenv":                {},
	"hostcertificate":       {},
	"subsystem":             {},
}

// changed are defaults that came with a version.
var changed = []struct {
	since       version
	name, value string
}{
	{version{7, 8}, "permitlisten", "any"},
	{version{8, 2}, "pubkeyauthoptions", "none"},
	{version{8, 2}, "securitykeyprovider", "internal"},
	{version{8, 5}, "persourcemaxstartups", "none"},
	{version{8, 5}, "persourcenetblocksize", "32:128"},
	{version{8, 7}, "modulifile", "/etc/ssh/moduli"},
	{version{9, 1}, "requiredrsasize", "1024"},
	{version{9, 2}, "unusedconnectiontimeout", "none"},
	{version{9, 9}, "refuseconnection", "no"},
}

// defaults returns what the server takes for keywords that nobody wrote, as values of the document.
func defaults(s *facts.Scope, v version, known bool) map[string]any {
	all := map[string]any{}
	for line := range strings.Lines(constant) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		all[name] = value
	}
	for name, value := range lists {
		all[name] = value
	}
	if !known {
		return all
	}
	if v.before(version{7, 0}) {
		all["permitrootlogin"] = "yes"
	}
	for _, c := range changed {
		if v.before(c.since) {
			continue
		}
		all[c.name] = c.value
		if k, _ := keywords(c.name); k.form == list {
			all[c.name] = []any{c.value}
		}
	}
	if os, ok := facts.Of[facts.OS](s, "os"); ok && os.Family == "debian" {
		all["ipqos"] = "lowdelay throughput" // Debian's patch, against upstream's af21 cs1
		all["pidfile"] = "/run/sshd.pid"
		all["xauthlocation"] = "/usr/bin/xauth"
		all["gssapikeyexchange"] = "no" // of its patch too
		all["gssapistorecredentialsonrekey"] = "no"
	} else if !v.before(version{7, 8}) {
		all["ipqos"] = "af21 cs1"
	}
	for name, value := range algorithms(s, v, known) {
		all[name] = value
	}
	return all
}
