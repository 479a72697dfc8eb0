package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/guestctl/guestctl/internal/fakeqemu"
)

// TestABootFitsTheSchema validates what a real boot adds to a result.
func TestABootFitsTheSchema(t *testing.T) {
	if _, err := exec.LookPath("mke2fs"); err != nil {
		t.Skip("without mke2fs")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	disk, qemu := filepath.Join(dir, "disk.img"), filepath.Join(dir, "qemu-boots") // under this name the test binary plays QEMU
	if err := os.Symlink(self, qemu); err != nil {
		t.Fatal(err)
	}
	if err := fakeqemu.Disk(disk, fakeqemu.Before(), fakeqemu.Booted()); err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", parse(t, printed(t, "schema", "result"))); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	out := parse(t, printed(t, "verify-backup", "--boot", "--boot-stall", "8s", "--qemu", qemu, "--format", "json", disk))
	if err := schema.Validate(out); err != nil {
		t.Error(err)
	}
	target, _ := out.(map[string]any)["targets"].([]any)[0].(map[string]any)
	if run, ok := target["boot_run"].(map[string]any); !ok || run["outcome"] != "booted" {
		t.Errorf("got %v", target["boot_run"])
	}
}
