package guestctl.ssh.banner_test

import data.guestctl.lib.sshd_test
import data.guestctl.ssh.banner

texts := {"banners": {"/etc/issue.net": {"size": 20, "sha256": "", "os_escapes": [], "names_os": false}}}

with_banner(path) := object.union(sshd_test.server({"banner": path}), texts)

pass := with_banner("/etc/issue.net")

fail := with_banner("none")

test_pass if count(banner.deny) == 0 with input as pass

test_fail if {
	some finding in banner.deny with input as fail
	finding.msg == "Banner is none, so that nothing is shown (/etc/ssh/sshd_config line 3)"
	finding.evidence == [sshd_test.source]
}

test_default_fails if {
	some finding in banner.deny with input as object.union(sshd_test.defaults({"banner": "none"}), texts)
	finding.msg == "Banner is none, so that nothing is shown (the default)"
}

test_missing_file_fails if {
	some finding in banner.deny with input as with_banner("/etc/banner")
	finding.msg == "Banner is /etc/banner, which does not exist (/etc/ssh/sshd_config line 3)"
}

test_guest_without_any_text_fails if count(banner.deny) == 1 with input as sshd_test.server({"banner": "/etc/issue.net"})

test_empty_file_fails if {
	empty := object.union(pass, {"banners": {"/etc/issue.net": {"size": 0}}})
	some finding in banner.deny with input as empty
	finding.msg == "Banner is /etc/issue.net, which is empty (/etc/ssh/sshd_config line 3)"
}

test_match_block_fails if {
	some finding in banner.deny with input as sshd_test.matching(pass, {"banner": "none"})
	finding.msg == "Banner is none for Match user bob, so that nothing is shown (/etc/ssh/sshd_config line 9)"
	finding.evidence == [sshd_test.block_source, sshd_test.setting_source]
}
