package boot

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

const twoEntries = "menuentry 'Debian' %s { linux /boot/vmlinuz ro }\nmenuentry 'Debian (recovery mode)' { linux /boot/vmlinuz single }\n"

func collectFiles(t *testing.T, files map[string]string) (*facts.Boot, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.Boot](t, factstest.Guest(t, factstest.Text(files)), facts.Request{}, Collector)
}

func TestWhoMayUseTheMenu(t *testing.T) {
	const hash = "grub.pbkdf2.sha512.10000.0123456789ABCDEF"
	const users = "set superusers=\"root,admin\"\npassword_pbkdf2 root " + hash + "\n"
	for name, c := range map[string]struct {
		config       string
		more         map[string]string
		superusers   string
		passwords    string
		unrestricted bool
	}{
		"nobody is asked":                   {fmt.Sprintf(twoEntries, ""), nil, "[]", "", true},
		"superuser with a password":         {users + fmt.Sprintf(twoEntries, ""), nil, "[root admin]", "root pbkdf2", false},
		"everybody may start ordinary ones": {users + fmt.Sprintf(twoEntries, "--unrestricted"), nil, "[root admin]", "root pbkdf2", true},
		"password in the clear":             {"set superusers=root\npassword root secret\n" + fmt.Sprintf(twoEntries, ""), nil, "[root]", "root plain", false},
		"no password":                       {"set superusers=root\npassword_pbkdf2 root $GRUB2_PASSWORD\n" + fmt.Sprintf(twoEntries, ""), nil, "[root]", "root empty", false},
		"Red Hat's user.cfg": {
			"if [ -f ${prefix}/user.cfg ]; then\n  source ${prefix}/user.cfg\n  if [ -n \"${GRUB2_PASSWORD}\" ]; then\n    set superusers=\"root\"\n" +
				"    export superusers\n    password_pbkdf2 root ${GRUB2_PASSWORD}\n  fi\nfi\n" + fmt.Sprintf(twoEntries, "--unrestricted"),
			map[string]string{"/boot/grub/user.cfg": "GRUB2_PASSWORD=" + hash + "\n"},
			"[root]", "root pbkdf2", true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"/boot/grub/grub.cfg": c.config}
			for path, text := range c.more {
				files[path] = text
			}
			got, status := collectFiles(t, files)
			if status.State != facts.OK || got.GRUB == nil {
				t.Fatal(status)
			}
			var passwords []string
			for _, u := range got.GRUB.PasswordUsers {
				passwords = append(passwords, u.Name+" "+u.Kind)
			}
			if s := fmt.Sprint(got.GRUB.Superusers); s != c.superusers || strings.Join(passwords, ",") != c.passwords || got.GRUB.Unrestricted != c.unrestricted {
				t.Errorf("superusers %s, passwords %v, unrestricted %v", s, passwords, got.GRUB.Unrestricted)
			}
			if s := fmt.Sprintf("%+v %+v", got, got.GRUB); strings.Contains(s, "secret") || strings.Contains(s, "0123456789ABCDEF") {
				t.Errorf("a password is in the facts: %s", s)
			}
		})
	}
}

func TestEntriesOfTheSpecificationNeedUsersToBeRestricted(t *testing.T) {
	for lines, want := range map[string]bool{"": true, "grub_users $grub_users\n": false, "grub_users $grub_users\ngrub_arg --unrestricted\n": true} {
		got, status := collectFiles(t, map[string]string{
			"/boot/grub2/grub.cfg":            "set superusers=root\nblscfg\n",
			"/boot/loader/entries/x-1-1.conf": "title x\nlinux /vmlinuz\noptions ro\n" + lines,
		})
		if status.State != facts.OK || got.GRUB.Unrestricted != want {
			t.Errorf("%q: %v, unrestricted %v, want %v", lines, status, got.GRUB.Unrestricted, want)
		}
	}
}

func TestPending(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
		state facts.State
	}{
		"none": {nil, "", facts.OK},
		"both variables": {
			map[string]string{"/etc/default/grub": "GRUB_CMDLINE_LINUX=\"audit=1\"\nGRUB_CMDLINE_LINUX_DEFAULT='quiet splash'\n"}, "audit=1 quiet splash", facts.OK,
		},
		"the last line counts": {map[string]string{"/etc/default/grub": "GRUB_CMDLINE_LINUX=a\nGRUB_CMDLINE_LINUX=b\n"}, "b", facts.OK},
		"grub.d comes behind and adds": {
			map[string]string{
				"/etc/default/grub":            "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\nGRUB_CMDLINE_LINUX=\"x\"\n",
				"/etc/default/grub.d/50-a.cfg": "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT audit=1\"\n",
				"/etc/default/grub.d/60-b.cfg": "GRUB_CMDLINE_LINUX=\"${GRUB_CMDLINE_LINUX} y\"\n# c\nGRUB_CMDLINE_LINUX+=\" z\"\n",
				"/etc/default/grub.d/README":   "GRUB_CMDLINE_LINUX=no\n",
			}, "x y z quiet audit=1", facts.OK,
		},
		"what a shell would say is not known": {map[string]string{"/etc/default/grub": "GRUB_CMDLINE_LINUX=\"$(cat /x)\"\n"}, "", facts.Partial},
		"an open quote":                       {map[string]string{"/etc/default/grub": "GRUB_CMDLINE_LINUX=\"a\n"}, "", facts.Partial},
		"kernel-install":                      {map[string]string{"/etc/kernel/cmdline": "root=UUID=0 ro audit=1\n"}, "root=UUID=0 ro audit=1", facts.OK},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectFiles(t, c.files)
			if status.State != c.state {
				t.Fatal(status)
			}
			var args []string
			if got.Pending != nil {
				for _, a := range got.Pending.Args {
					args = append(args, strings.TrimSuffix(a.Key+"="+a.Value, "="))
				}
			}
			if s := strings.Join(args, " "); s != c.want || (got.Pending == nil) != (name == "none") {
				t.Errorf("pending is %q, want %q", s, c.want)
			}
		})
	}
}

func TestPendingKeepsWhatCounts(t *testing.T) {
	got, _ := collectFiles(t, map[string]string{"/etc/default/grub": "GRUB_CMDLINE_LINUX=a\nGRUB_CMDLINE_LINUX=b\n"})
	want := &facts.Value[string]{
		Value: "b", Explicit: true, Source: &facts.Source{Path: "/etc/default/grub", Line: 2, Text: "GRUB_CMDLINE_LINUX=b"},
		Shadowed: []facts.Shadow[string]{{Source: facts.Source{Path: "/etc/default/grub", Line: 1, Text: "GRUB_CMDLINE_LINUX=a"}, Value: "a"}},
	}
	if diff := cmp.Diff(want, got.Pending.Linux); diff != "" {
		t.Errorf("linux (-want +got):\n%s", diff)
	}
}

func TestFirmware(t *testing.T) {
	got, _ := collectFiles(t, map[string]string{"/boot/grub/i386-pc/core.img": "", "/boot/efi/EFI/debian/shimx64.efi": "", "/boot/efi/EFI/BOOT/BOOTX64.EFI": ""})
	want := []facts.FirmwareLoader{{Kind: "bios", Path: "/boot/grub/i386-pc/core.img"}, {Kind: "uefi", Path: "/boot/efi/EFI/BOOT/BOOTX64.EFI"}}
	if diff := cmp.Diff(want, got.Firmware); diff != "" {
		t.Errorf("firmware (-want +got):\n%s", diff)
	}
}
