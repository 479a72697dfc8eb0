package main

import "testing"

func TestModeString(t *testing.T) {
	for mode, want := range map[uint32]string{
		0o100644: "-rw-r--r--",
		0o104755: "-rwsr-xr-x",
		0o104644: "-rwSr--r--",
		0o102755: "-rwxr-sr-x",
		0o102745: "-rwxr-Sr-x",
		0o041777: "drwxrwxrwt",
		0o041776: "drwxrwxrwT",
		0o120777: "lrwxrwxrwx",
		0o020600: "crw-------",
		0o060660: "brw-rw----",
		0o010000: "p---------",
		0o140700: "srwx------",
		0o000400: "?r--------",
	} {
		if got := modeString(mode); got != want {
			t.Errorf("%#o: %s, want %s", mode, got, want)
		}
	}
}
