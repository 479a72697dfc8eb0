package guestctl.hygiene.build_credentials_test

import data.guestctl.hygiene.build_credentials

entry(name, size) := {"path": concat("/", ["/root", name]), "name": name, "type": "file", "mode": "0600", "uid": 0, "gid": 0, "size": size}

homes(exists, entries) := [{
	"user": "root", "uid": 0, "path": "/root", "exists": exists, "mode": "0700", "owner_uid": 0, "owner": "root", "group": "root",
	"entries": entries,
}]

kube := "/etc/kubernetes/*.conf"

pass := {
	"homes": homes(true, [entry(".netrc", 0), entry(".profile", 161), entry(".aws/config", 30)]),
	"ssh_keys": {"host": [], "authorized": [], "private": []},
	"globs": {kube: {"paths": [], "files": []}},
}

fail := {
	"homes": homes(true, [entry(".netrc", 60), entry(".gnupg/private-keys-v1.d/a.key", 900)]),
	"ssh_keys": {"private": [{"path": "/root/.ssh/id_rsa", "user": "root", "type": "rsa", "mode": "0600", "uid": 0, "gid": 0}]},
	"globs": {kube: {"files": [{"path": "/etc/kubernetes/admin.conf", "type": "file", "size": 5600}]}},
}

test_pass if count(build_credentials.deny) == 0 with input as pass

test_fail if {
	found := build_credentials.deny with input as fail
	{finding.msg | some finding in found} == {
		"/root/.netrc has 60 bytes",
		"/root/.gnupg/private-keys-v1.d/a.key has 900 bytes",
		"/root/.ssh/id_rsa is a private key",
		"/etc/kubernetes/admin.conf has 5600 bytes",
	}
	{finding.key | some finding in found} == {finding.evidence[0] | some finding in found}
}

test_what_is_allowed if {
	found := build_credentials.deny with input as fail
		with data.guestctl.params["hygiene-build-credentials"].allowed as ["/root/**", "/etc/kubernetes/admin.conf"]
	count(found) == 0
}

test_clouds if {
	every name in [".azure/accessTokens.json", ".azure/msal_token_cache.bin", ".config/gcloud/application_default_credentials.json", ".ssh/build.pem"] {
		count(build_credentials.deny) == 1 with input as object.union(pass, {"homes": homes(true, [entry(name, 1)])})
	}
}

test_unread_home if {
	some reason in build_credentials.unknown with input as object.union(pass, {"homes": homes(null, [])})
	reason.msg == "/root may be on a volume that was not read"
}

test_a_finding_is_one_whatever_was_not_read if {
	count(build_credentials.unknown) == 0 with input as object.union(fail, {"homes": homes(null, [])})
}
