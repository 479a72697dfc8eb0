//go:build linux && cgo && !noyara && race

package yara

// raceDetector needs more addresses than a limit leaves.
const raceDetector = true
