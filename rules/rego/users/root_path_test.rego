package guestctl.users.root_path_test

import data.guestctl.users.root_path

dir(fields) := object.union(
	{
		"dir": "/usr/local/bin",
		"exists": true,
		"type": "dir",
		"mode": "0755",
		"uid": 0,
		"gid": 0,
		"owner": "root",
		"group": "root",
	},
	fields,
)

nothing := {"exists": null, "type": "", "mode": ""}

guest(dirs) := {"profile": {
	"root_path": [{"entries": array.concat([d.dir | some d in dirs], ["$PATH"]), "source": {"path": "/etc/profile", "line": 5}}],
	"path_dirs": dirs,
}}

pass := guest([dir({})])

fail := guest([dir({}), dir({"dir": "/opt/tools", "mode": "0775"})])

test_pass if {
	count(root_path.deny) == 0 with input as pass
	count(root_path.unknown) == 0 with input as pass
}

test_fail if {
	some finding in root_path.deny with input as fail
	finding.msg == "/opt/tools in PATH may be written by others than its owner (mode 0775)"
	finding.evidence == [{"path": "/etc/profile", "line": 5}, {"path": "/opt/tools"}]
}

test_the_current_directory if {
	every name in ["", ".", "bin", "./bin", "../bin"] {
		some finding in root_path.deny with input as guest([dir(object.union(nothing, {"dir": name}))])
		finding.msg == sprintf("PATH has %q, which is looked for in the current directory", [name])
		finding.evidence == [{"path": "/etc/profile", "line": 5}]
	}
}

test_modes if {
	every mode in ["0757", "0722", "0702", "1777", "2775"] {
		count(root_path.deny) == 1 with input as guest([dir({"mode": mode})])
	}
	every mode in ["0755", "2755", "0711", "0500"] {
		count(root_path.deny) == 0 with input as guest([dir({"mode": mode})])
	}
}

test_a_directory_of_somebody_else if {
	some finding in root_path.deny with input as guest([dir({"uid": 1001, "owner": "bob"})])
	finding.msg == "/usr/local/bin in PATH belongs to uid 1001"
}

test_a_directory_that_does_not_exist if {
	count(root_path.deny) == 0 with input as guest([dir({"exists": false, "type": "", "mode": ""})])
	count(root_path.unknown) == 0 with input as guest([dir({"exists": false, "type": "", "mode": ""})])
}

test_what_is_not_known if {
	every name in ["$JAVA_HOME/bin", "/on/another/volume"] {
		some reason in root_path.unknown with input as guest([dir(object.union(nothing, {"dir": name}))])
		reason.msg == sprintf("PATH has %s, of which the files do not tell what it is", [name])
	}
}

test_a_fault_that_is_known_goes_before if {
	count(root_path.unknown) == 0 with input as guest([dir(object.union(nothing, {"dir": "$X"})), dir({"mode": "0777"})])
}

test_a_file_in_the_place_of_a_directory if {
	count(root_path.deny) == 0 with input as guest([dir({"type": "file", "mode": "0777"})])
}

test_only_the_assignments_that_have_it_are_told if {
	other := {"root_path": [{"entries": ["/bin"], "source": {"path": "/etc/environment", "line": 1}}]}
	both := {"profile": object.union(fail.profile, {"root_path": array.concat(other.root_path, fail.profile.root_path)})}
	some finding in root_path.deny with input as both
	finding.evidence == [{"path": "/etc/profile", "line": 5}, {"path": "/opt/tools"}]
}

test_a_path_that_nobody_sets if count(root_path.deny) == 0 with input as {"profile": {"root_path": [], "path_dirs": []}}
