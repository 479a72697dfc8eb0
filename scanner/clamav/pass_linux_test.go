package clamav

import (
	"io"
	"testing"
)

func TestNobodyChangesAFileThatClamdHas(t *testing.T) {
	f, err := memoryFile([]byte("content"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := io.ReadAll(f); string(b) != "content" || err != nil {
		t.Errorf("reads as %q, %v", b, err)
	}
	if _, err := f.WriteAt([]byte("C"), 0); err == nil {
		t.Error("it was written to")
	}
	if err := f.Truncate(0); err == nil {
		t.Error("it was cut off")
	}
}
