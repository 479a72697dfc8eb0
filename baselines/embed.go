// Package baselines is data: the built-in baselines, which a file extends as "builtin:" and their name.
package baselines

import "embed"

// FS has one file for each baseline: linux-server.toml.
//
//go:embed *.toml
var FS embed.FS
