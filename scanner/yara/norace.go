//go:build linux && cgo && !noyara && !race

package yara

const raceDetector = false
