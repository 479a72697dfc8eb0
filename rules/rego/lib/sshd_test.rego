# Facts of SSH servers, for the tests of the checks.
package guestctl.lib.sshd_test

source := {"path": "/etc/ssh/sshd_config", "line": 3}

block_source := {"path": "/etc/ssh/sshd_config", "line": 8}

setting_source := {"path": "/etc/ssh/sshd_config", "line": 9}

# server is one whose file has these settings.
server(settings) := {"sshd": {"match": [], "effective": {keyword: {"value": value, "explicit": true, "source": source} |
	some keyword, value in settings
}}}

# defaults is a server whose version has these settings by default.
defaults(settings) := {"sshd": {"match": [], "effective": {keyword: {"value": value, "explicit": false, "source": null} |
	some keyword, value in settings
}}}

# matching is a server that has other settings for one of its users.
matching(facts, settings) := object.union(facts, {"sshd": {"match": [{
	"criteria": "user bob",
	"conditions": [{"type": "user", "patterns": ["bob"]}],
	"settings": {keyword: {"value": value, "explicit": true, "source": setting_source} | some keyword, value in settings},
	"source": block_source,
}]}})
