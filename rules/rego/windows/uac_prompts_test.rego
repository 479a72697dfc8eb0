package guestctl.windows.uac_prompts_test

import data.guestctl.windows.uac_prompts

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SOFTWARE"}}

pass := {"windows_security": {"uac": {"consent_prompt_admin": setting(2), "consent_prompt_user": setting(0)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/uac/consent_prompt_admin", "value": setting(5)}])

test_pass if count(uac_prompts.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"uac/consent_prompt_admin": 5, "uac/consent_prompt_user": 3} {
		count(uac_prompts.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_fail if {
	some finding in uac_prompts.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SOFTWARE"}]
	contains(finding.msg, "(/Windows/System32/config/SOFTWARE)")
}
