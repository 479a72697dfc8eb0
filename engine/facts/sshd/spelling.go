package sshd

import (
	"slices"
	"strings"
)

// spelling has the keywords that still do something, as sshd_config(5) writes them.
const spelling = `AcceptEnv AddressFamily AllowAgentForwarding AllowGroups AllowStreamLocalForwarding AllowTcpForwarding
AllowUsers AuthenticationMethods AuthorizedKeysCommand AuthorizedKeysCommandUser AuthorizedKeysFile
AuthorizedPrincipalsCommand AuthorizedPrincipalsCommandUser AuthorizedPrincipalsFile Banner CASignatureAlgorithms
ChannelTimeout ChrootDirectory Ciphers ClientAliveCountMax ClientAliveInterval Compression DebianBanner DenyGroups
DenyUsers DisableForwarding ExposeAuthInfo FingerprintHash ForceCommand GatewayPorts GSSAPIAuthentication
GSSAPICleanupCredentials GSSAPIEnablek5users GSSAPIKexAlgorithms GSSAPIKeyExchange GSSAPIStoreCredentialsOnRekey
GSSAPIStrictAcceptorCheck HostbasedAcceptedAlgorithms HostbasedAuthentication HostbasedUsesNameFromPacketOnly
HostCertificate HostKey HostKeyAgent HostKeyAlgorithms IgnoreRhosts IgnoreUserKnownHosts IPQoS
KbdInteractiveAuthentication KerberosAuthentication KerberosGetAFSToken KerberosOrLocalPasswd KerberosTicketCleanup
KerberosUniqueCCache KerberosUseKuserok KexAlgorithms ListenAddress LoginGraceTime LogLevel LogVerbose MACs MaxAuthTries
MaxSessions MaxStartups ModuliFile PasswordAuthentication PermitEmptyPasswords PermitListen PermitOpen PermitRootLogin
PermitTTY PermitTunnel PermitUserEnvironment PermitUserRC PerSourceMaxStartups PerSourceNetBlockSize PerSourcePenalties
PerSourcePenaltyExemptList PidFile Port PrintLastLog PrintMotd PubkeyAcceptedAlgorithms PubkeyAuthentication
PubkeyAuthOptions RDomain RefuseConnection RekeyLimit RequiredRSASize RevokedKeys SecurityKeyProvider SetEnv
SshdAuthPath SshdSessionPath StreamLocalBindMask StreamLocalBindUnlink StrictModes Subsystem SyslogFacility TCPKeepAlive
TrustedUserCAKeys UnusedConnectionTimeout UseDNS UsePAM VersionAddendum X11DisplayOffset X11Forwarding X11UseLocalhost
XAuthLocation`

// Keywords lists the keywords that have an effect, as sshd_config(5) writes them.
func Keywords() []string { return strings.Fields(spelling) }

// Keyword returns how sshd_config(5) writes a keyword that is given in any case or by an elder name.
func Keyword(name string) (string, bool) {
	name = synonym(strings.ToLower(name))
	all := Keywords()
	i := slices.IndexFunc(all, func(k string) bool { return strings.EqualFold(k, name) })
	if i < 0 {
		return "", false
	}
	return all[i], true
}

// Normal returns a value of a keyword as the facts and "sshd -T" have it: "prohibit-password" is "without-password", and
// "2m" is "120". An error is a value with which sshd does not start.
func Normal(name, value string) (string, error) {
	name = synonym(strings.ToLower(name))
	k, ok := keywords(name)
	switch k.form {
	case choice, number, octal, duration, spec, word:
		if ok {
			v, err := single(name, k, value)
			if err != nil {
				return "", err
			}
			text, _ := v.(string)
			return text, nil
		}
	}
	return value, nil
}

// ElderNames lists names that keywords had before, in lower case. Keyword takes them too.
func ElderNames() []string {
	var all []string
	for _, s := range synonyms {
		all = append(all, s[0])
	}
	return all
}
