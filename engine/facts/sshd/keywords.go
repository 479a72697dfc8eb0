package sshd

import (
	"strings"
)

// form is how the values of a keyword are read.
type form int

const (
	word       form = iota // one argument
	choice                 // one of some words, in any case
	number                 // decimal
	octal                  // of file modes
	duration               // 1h30m, printed in seconds
	spec                   // one argument with its own form, see normalise
	rest                   // the rest of the line as it stands
	list                   // all arguments of the first line
	grow                   // all arguments of all lines
	algorithm              // names between commas, or + - ^ and an edit of the default
	deprecated             // is taken and does nothing
)

// keyword is one keyword of sshd_config(5).
type keyword struct {
	form    form
	match   bool    // may stand in a Match block
	since   version // the first to know it; zero: all that matter
	choices string  // the words of a choice
}

const (
	yesNo   = "yes no"
	tunnels = "yes no point-to-point ethernet"
	levels  = "quiet fatal error info verbose debug debug1 debug2 debug3"
)

// keywords has sshd's keywords in lower case (the table in OpenSSH's servconf.c up to 10.0, and Debian's and Red Hat's
// own).
func keywords(name string) (keyword, bool) {
	k, ok := byName[name]
	return k, ok
}

// byName is the table by single names.
var byName = func() map[string]keyword {
	all := map[string]keyword{}
	for _, k := range table {
		for name := range strings.FieldsSeq(k.names) {
			all[name] = k.keyword
		}
	}
	return all
}()

// synonym returns the name under which sshd -T prints a keyword.
func synonym(name string) string {
	for _, s := range synonyms {
		if s[0] == name {
			return s[1]
		}
	}
	return name
}

var synonyms = [][2]string{
	{"hostdsakey", "hostkey"},
	{"challengeresponseauthentication", "kbdinteractiveauthentication"},
	{"skeyauthentication", "kbdinteractiveauthentication"},
	{"pubkeyacceptedkeytypes", "pubkeyacceptedalgorithms"},
	{"hostbasedacceptedkeytypes", "hostbasedacceptedalgorithms"},
	{"dsaauthentication", "pubkeyauthentication"},
	{"gssapicleanupcreds", "gssapicleanupcredentials"},
	{"keepalive", "tcpkeepalive"},
	{"rsaminsize", "requiredrsasize"},
}

var table = []struct {
	names string
	keyword
}{
	{"port hostkey hostdsakey hostcertificate listenaddress", keyword{form: grow}},
	{"subsystem", keyword{form: grow, match: true}},
	{"acceptenv allowusers denyusers allowgroups denygroups", keyword{form: grow, match: true}},
	{"authorizedkeysfile permitopen authenticationmethods ipqos", keyword{form: list, match: true}},
	{"permitlisten setenv", keyword{form: list, match: true, since: version{7, 8}}},
	{"pubkeyauthoptions", keyword{form: list, match: true, since: version{8, 2}}},
	{"logverbose", keyword{form: list, match: true, since: version{8, 5}}},
	{"channeltimeout", keyword{form: list, match: true, since: version{9, 2}}},
	{"persourcepenalties", keyword{form: list, since: version{9, 8}}},
	{"persourcepenaltyexemptlist", keyword{form: word, since: version{9, 8}}},
	{"sshdsessionpath", keyword{form: word, since: version{9, 8}}},
	{"sshdauthpath", keyword{form: word, since: version{10, 0}}},

	{"gatewayports", keyword{form: choice, match: true, choices: "yes no clientspecified"}},
	{"allowtcpforwarding allowstreamlocalforwarding", keyword{form: choice, match: true, choices: "yes no all local remote"}},
	{"permitrootlogin", keyword{form: choice, match: true, choices: "yes no without-password prohibit-password forced-commands-only"}},
	{"permittunnel", keyword{form: choice, match: true, choices: tunnels}},
	{"loglevel", keyword{form: choice, match: true, choices: levels}},
	{"syslogfacility", keyword{form: choice, choices: "daemon user auth authpriv local0 local1 local2 local3 local4 local5 local6 local7"}},
	{"compression", keyword{form: choice, choices: "yes no delayed"}},
	{"addressfamily", keyword{form: choice, choices: "any inet inet6"}},
	{"fingerprinthash", keyword{form: choice, choices: "md5 sha256"}},
	{"ignorerhosts", keyword{form: choice, match: true, choices: "yes no shosts-only"}},

	{"pubkeyauthentication passwordauthentication kbdinteractiveauthentication hostbasedauthentication", yesOrNo},
	{"hostbasedusesnamefrompacketonly kerberosauthentication gssapiauthentication", yesOrNo},
	{"permitemptypasswords permittty permituserrc x11forwarding x11uselocalhost allowagentforwarding", yesOrNo},
	{"streamlocalbindunlink exposeauthinfo disableforwarding", yesOrNo},
	{"challengeresponseauthentication skeyauthentication dsaauthentication", yesOrNo},
	{"refuseconnection", keyword{form: choice, match: true, choices: yesNo, since: version{9, 9}}},
	{"kerberosorlocalpasswd kerberosticketcleanup kerberosgetafstoken gssapicleanupcredentials gssapicleanupcreds", flag},
	{"gssapistrictacceptorcheck gssapikeyexchange gssapistorecredentialsonrekey gssapienablek5users kerberosuniqueccache", flag},
	{"kerberosusekuserok debianbanner", flag},
	{"usepam printmotd printlastlog strictmodes tcpkeepalive keepalive usedns ignoreuserknownhosts", flag},

	{"maxauthtries maxsessions x11displayoffset clientalivecountmax", keyword{form: number, match: true}},
	{"requiredrsasize rsaminsize", keyword{form: number, match: true}},
	{"streamlocalbindmask", keyword{form: octal, match: true}},
	{"logingracetime", keyword{form: duration}},
	{"clientaliveinterval", keyword{form: duration, match: true}},
	{"unusedconnectiontimeout", keyword{form: duration, match: true, since: version{9, 2}}},

	{"permituserenvironment maxstartups", keyword{form: spec}},
	{"persourcemaxstartups persourcenetblocksize", keyword{form: spec, since: version{8, 5}}},
	{"rekeylimit", keyword{form: list, match: true}},

	{"banner chrootdirectory trustedusercakeys revokedkeys authorizedprincipalsfile", keyword{form: word, match: true}},
	{"authorizedkeyscommanduser authorizedprincipalscommanduser rdomain", keyword{form: word, match: true}},
	{"pidfile xauthlocation hostkeyagent", keyword{form: word}},
	{"modulifile", keyword{form: word, since: version{8, 7}}},
	{"securitykeyprovider", keyword{form: word, since: version{8, 2}}},
	{"authorizedkeyscommand authorizedprincipalscommand forcecommand", keyword{form: rest, match: true}},
	{"versionaddendum", keyword{form: rest}},

	{"ciphers macs kexalgorithms hostkeyalgorithms gssapikexalgorithms", keyword{form: algorithm}},
	{"pubkeyacceptedalgorithms pubkeyacceptedkeytypes", keyword{form: algorithm, match: true}},
	{"hostbasedacceptedalgorithms hostbasedacceptedkeytypes", keyword{form: algorithm, match: true}},
	{"casignaturealgorithms", keyword{form: algorithm, match: true, since: version{7, 9}}},

	{"serverkeybits keyregenerationinterval protocol uselogin useprivilegeseparation rsaauthentication", keyword{form: deprecated, match: true}},
	{"rhostsauthentication rhostsrsaauthentication checkmail verifyreversemapping reversemappingcheck", keyword{form: deprecated, match: true}},
	{"authorizedkeysfile2 permitblacklistedkeys afstokenpassing kerberostgtpassing gssusesessionccache", keyword{form: deprecated, match: true}},
	{"gssapiusesessioncredcache pamauthenticationviakbdint", keyword{form: deprecated, match: true}},
}

var (
	yesOrNo = keyword{form: choice, match: true, choices: yesNo} // may stand in a Match block
	flag    = keyword{form: choice, choices: yesNo}
)
