// Package rules is data: the built-in checks in Rego, one file each with its test beside it.
package rules

import "embed"

// Rego has the checks and the library they share, below "rego".
//
//go:embed rego
var Rego embed.FS
