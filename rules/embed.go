// Package rules is data: the built-in checks in Rego, one file each with its test beside it.
package rules

import "embed"

// Rego has the checks and the library they share, below "rego".
//
//go:embed rego
var Rego embed.FS

// Index has the metadata of every check, so that a check is known without reading its Rego: see policy/rego. A test writes it.
//
//go:embed index.json
var Index []byte
