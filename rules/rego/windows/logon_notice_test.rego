package guestctl.windows.logon_notice_test

import data.guestctl.windows.logon_notice

setting(value) := {"value": value, "source": {"path": "/Windows/System32/config/SOFTWARE"}}

guest(text, caption) := {"windows_security": {"logon": {"legal_notice_text": setting(text), "legal_notice_caption": setting(caption)}}}

pass := guest("For members of Example alone.", "Notice")

fail := guest("", "Notice")

test_pass if count(logon_notice.deny) == 0 with input as pass

test_fail if {
	some finding in logon_notice.deny with input as fail
	finding.msg == "LegalNoticeText is empty (/Windows/System32/config/SOFTWARE)"
}

test_blanks if count(logon_notice.deny) == 2 with input as guest(" ", "")
