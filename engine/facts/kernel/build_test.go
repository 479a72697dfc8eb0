package kernel

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

const modules = "/lib/modules/6.1/"

func collectOne(t *testing.T, files map[string]memfs.File) (facts.Kernel, facts.Status) {
	t.Helper()
	got, status := factstest.Collect[facts.Kernels](t, factstest.Guest(t, files), facts.Request{}, Collector)
	if len(got.Installed) != 1 {
		t.Fatalf("%d kernels, want 1: %v", len(got.Installed), status)
	}
	return got.Installed[0], status
}

func TestBuildConfiguration(t *testing.T) {
	const text = "#\n# Automatically generated\n#\nCONFIG_BUG=y\nCONFIG_USB=m\n# CONFIG_KEXEC is not set\n" +
		"CONFIG_LSM=\"landlock,apparmor\"\nCONFIG_HZ=250\n#CONFIG_X=y\nCONFIG_LAST=y\n# CONFIG_LAST is not set\nnonsense\n"
	want := map[string]string{
		"CONFIG_BUG": "y", "CONFIG_USB": "m", "CONFIG_KEXEC": "n", "CONFIG_LSM": "landlock,apparmor", "CONFIG_HZ": "250", "CONFIG_LAST": "n",
	}
	for name, c := range map[string]struct{ path, image string }{
		"Debian":                   {"/boot/config-6.1", "/boot/vmlinuz-6.1"},
		"Fedora":                   {"/lib/modules/6.1/config", "/boot/vmlinuz-6.1"},
		"Alpine, by flavour":       {"/boot/config-lts", "/boot/vmlinuz-lts"},
		"modules and no own image": {"/boot/config-6.1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]memfs.File{c.path: {Data: text}, modules + "modules.dep": {}}
			if c.image != "" {
				files[c.image] = bzImage("6.1 #1")
			}
			got, status := collectOne(t, files)
			if diff := cmp.Diff(want, got.Config); diff != "" || got.ConfigPath != c.path || status.State != facts.OK {
				t.Errorf("%s from %s (-want +got):\n%s", status.State, got.ConfigPath, diff)
			}
		})
	}
}

func TestModuleLists(t *testing.T) {
	got, status := collectOne(t, map[string]memfs.File{
		modules + "modules.dep":     {Data: "kernel/drivers/usb/storage/usb-storage.ko.xz: kernel/drivers/usb/core/usbcore.ko.xz\nkernel/fs/cramfs/cramfs.ko:\n"},
		modules + "modules.builtin": {Data: "kernel/fs/ext4/ext4.ko\n"},
	})
	if status.State != facts.OK {
		t.Fatal(status)
	}
	k := facts.Kernels{Installed: []facts.Kernel{got}}
	for module, want := range map[string]string{"usb-storage": "module", "usb_storage": "module", "cramfs": "module", "ext4": "builtin", "usbcore": "absent", "hfs": "absent"} {
		if p := k.Presence(module); p != want {
			t.Errorf("%s is %q, want %q", module, p, want)
		}
	}
}

func TestPresenceIsUnknownWithoutLists(t *testing.T) {
	for name, files := range map[string]map[string]memfs.File{
		"no modules.builtin":     {modules + "modules.dep": {}},
		"no modules.dep":         {modules + "modules.builtin": {}, modules + "modules.order": {}},
		"modules.dep is damaged": {modules + "modules.dep": {Data: "x", Err: errors.New("sector 9")}, modules + "modules.builtin": {}},
	} {
		t.Run(name, func(t *testing.T) {
			one, _ := collectOne(t, files)
			if p := (&facts.Kernels{Installed: []facts.Kernel{one}}).Presence("hfs"); p != "" {
				t.Errorf("hfs is %q, want unknown", p)
			}
		})
	}
	if p := (&facts.Kernels{}).Presence("hfs"); p != "" {
		t.Errorf("without a kernel hfs is %q, want unknown", p)
	}
}

func FuzzBuild(f *testing.F) {
	f.Add("CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=\"x y\"\n", "kernel/a-b.ko.zst: kernel/c.ko\n")
	f.Fuzz(func(t *testing.T, config, dep string) {
		one, status := collectOne(t, map[string]memfs.File{"/boot/config-6.1": {Data: config}, modules + "modules.dep": {Data: dep}})
		if status.State != facts.OK || one.Loadable == nil {
			t.Error(status)
		}
	})
}
