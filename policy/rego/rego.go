// Package rego judges the facts of a guest by policies that are written in Rego, the language of the Open Policy Agent.
//
// # The convention
//
// One check is one package, in one file, with its metadata at package scope:
//
//	# METADATA
//	# title: SSH root login is disabled
//	# description: PermitRootLogin is "no", and no Match block loosens it.
//	# custom:
//	#   id: ssh-root-login
//	#   severity: high
//	#   facts: [sshd.effective.permitrootlogin]
//	#   levels: [cis-l1, anssi-intermediary]
//	#   controls: {cis_debian12: ["5.1.20"]}
//	#   params: {allowed: {type: array, default: ["no"]}}
//	#   remediation: Write "PermitRootLogin no" into a drop-in that sorts first.
//	package guestctl.ssh.root_login
//
//	import data.guestctl.params
//
//	deny contains finding if {
//		v := input.sshd.effective.permitrootlogin
//		not v.value in params["ssh-root-login"].allowed
//		finding := {"msg": sprintf("PermitRootLogin is %q", [v.value]), "actual": v.value, "expected": "no", "evidence": [v.source]}
//	}
//
// deny is a set of objects with msg, and of actual, expected, evidence, fix and key what is known; a plain string is a msg.
// "applicable" (true when it is not there) and "skip_reason" say for which guests a check is meant, "unknown" is a set of
// sentences about what the facts do not tell. There is no rule for a pass: that is an applicable check whose facts are all
// there and whose deny is empty.
//
// Undefined is Rego's silent pass, so the facts are gated here and not in the policy: a check whose domains were not read is
// unknown, and so is one of whose facts a path is missing. A policy that reads a domain it does not declare, or a field that
// the document does not have, is refused when it is loaded.
//
// Packages without metadata are read as conftest reads them: each deny, violation or warn, and each rule whose name begins
// with one of these words and an underscore, is a check of its own, "main/deny".
//
// # What a policy may do
//
// It sees the facts as input, its parameters as data.guestctl.params and the baseline as data.baseline. It has no network, no
// clock, no environment, no randomness and no files; each check has a limit of time and of memory, and a check that breaks is
// unknown while the others go on. guest.offenders looks for wrong modes and owners in lists of files.
package rego

import (
	"time"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// The limits of one check.
const (
	maxTime   = 5 * time.Second
	maxMemory = 256 << 20 // bytes that the heap may grow by
)

// Check is one check as its metadata describe it. Nothing is compiled to know this much; of the built-in checks it stands in an index.
type Check struct {
	ID          string              `json:"id"`
	Title       string              `json:"title"`
	Description string              `json:"description,omitempty"`
	Severity    finding.Severity    `json:"severity"`
	Scope       string              `json:"scope"` // "full", or "persisted": what files say and a running system may have changed
	Levels      []string            `json:"levels,omitempty"`
	Controls    map[string][]string `json:"controls,omitempty"`
	References  []string            `json:"references,omitempty"`
	Params      map[string]Param    `json:"params,omitempty"`
	Fix         string              `json:"fix,omitempty"`
	Position    finding.Position    `json:"position"`
	// Needs are the facts it is judged by, and Absent those of them that a guest need not have.
	Needs  facts.Request `json:"needs"`
	Absent []string      `json:"absent,omitempty"`
	// Paths are the facts that must be there for the check to be judged, each by its names: sshd, effective, permitrootlogin.
	Paths [][]string `json:"paths,omitempty"`

	// Applies are the domains by which the check tells whether it is for a guest. When these were read, the others need not be for it
	// to be not applicable.
	Applies []string `json:"applies,omitempty"`

	Package []string `json:"package"` // below data
	Names   []string `json:"names"`   // of the rules in its package
	Rules   []string `json:"rules"`   // those whose values are findings
}

// Param is a value that a baseline may set for a check.
type Param struct {
	Type    string `json:"type"` // "array", "string", "number" or "boolean"
	Default any    `json:"default"`
	Doc     string `json:"doc,omitempty"`
}
