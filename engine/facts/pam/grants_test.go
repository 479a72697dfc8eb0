package pam

import (
	"strings"
	"testing"

	"github.com/guestctl/guestctl/internal/factstest"
)

// TestGrants: who can prove nothing gets in by the module at the line, or by none. The order in which Linux-PAM takes up the results is
// that of pam_dispatch.c, which TestReachableIsWhatLinuxPAMRuns compares with.
func TestGrants(t *testing.T) {
	const debian = "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\nauth required pam_permit.so\n"
	for name, c := range map[string]struct {
		text string
		want int // line; 0 is none
	}{
		"Debian":                             {debian, 0},
		"Red Hat":                            {"auth required pam_env.so\nauth sufficient pam_unix.so\nauth required pam_deny.so\n", 0},
		"sufficient at the top":              {"auth sufficient pam_permit.so\n" + debian, 1},
		"in place of the password":           {strings.Replace(debian, "pam_unix.so", "pam_permit.so", 1), 1},
		"required, and nothing that refuses": {"auth required pam_permit.so\nauth sufficient pam_unix.so\n", 1},
		"required before what refuses":       {"auth required pam_permit.so\nauth required pam_unix.so\n", 0},
		"requisite password before it":       {"auth requisite pam_unix.so\nauth required pam_permit.so\n", 0},
		"optional password before it":        {"auth optional pam_unix.so\nauth required pam_permit.so\n", 2},
		"jumped over":                        {"auth [default=1] pam_unix.so\nauth sufficient pam_permit.so\nauth required pam_deny.so\n", 0},
		"ignored":                            {"auth [success=ignore default=bad] pam_permit.so\nauth required pam_unix.so\n", 0},
		"an account that is locked":          {"auth required pam_faillock.so preauth\nauth [success=1 default=ignore] pam_unix.so\nauth [default=die] pam_faillock.so authfail\nauth required pam_permit.so\n", 0},
		"root needs no password":             {"auth sufficient pam_rootok.so\nauth required pam_unix.so\n", 0},
		"behind what only looks around":      {"auth requisite pam_nologin.so\nauth sufficient pam_permit.so\nauth required pam_unix.so\n", 2},
		"the module for tests":               {"auth sufficient pam_debug.so\nauth required pam_unix.so\n", 1},
		"in a substack":                      {"auth substack more\nauth required pam_deny.so\n", 0},
		"in a substack that is all":          {"auth substack more\n", 1},
		"alone":                              {"auth required pam_permit.so\n", 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := collectIn(t, factstest.Text(map[string]string{"/etc/pam.d/sshd": c.text, "/etc/pam.d/more": "auth sufficient pam_permit.so\n"}))
			line := 0
			for _, r := range got.Services["sshd"].Auth {
				if r.Grants && line == 0 {
					line = r.Source.Line
				}
			}
			if line != c.want {
				t.Errorf("line %d, want %d", line, c.want)
			}
		})
	}
}

func TestPathsOfModules(t *testing.T) {
	got, _ := collectIn(t, factstest.Text(map[string]string{"/etc/pam.d/sshd": "auth required /tmp/pam_unix.so\nauth required pam_deny.so\n"}))
	auth := got.Services["sshd"].Auth
	if auth[0].Path != "/tmp/pam_unix.so" || auth[0].Module != "pam_unix.so" || auth[1].Path != "pam_deny.so" {
		t.Errorf("%+v", auth)
	}
}
