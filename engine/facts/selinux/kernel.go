package selinux

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// kernel is what the default boot entry says about SELinux.
type kernel struct {
	release  string
	settings []facts.KernelSetting // selinux, enforcing, security and lsm, in order
	args     []facts.BootArg
	entry    facts.Source
}

// newKernel looks at the default boot entry. That it is not known is a problem; a guest without a boot loader is started
// by something outside of it, with arguments that are not in the image.
func newKernel(s *facts.Scope) *kernel {
	k := &kernel{}
	b, ok := facts.Of[facts.Boot](s, "boot")
	if !ok {
		return k // the status of boot says why
	}
	e, ok := b.DefaultEntry()
	if !ok {
		if b.Loader != "none" {
			s.Problem("/boot", 0, errors.New("arguments of the kernel are not known: "+b.Why))
		}
		return k
	}
	k.args, k.entry = e.Args, e.Source
	k.release = strings.TrimPrefix(path.Base(e.Kernel), "vmlinuz-")
	for _, a := range e.Args {
		if slices.Contains([]string{"selinux", "enforcing", "security", "lsm"}, a.Key) {
			k.settings = append(k.settings, facts.KernelSetting{Key: a.Key, Value: a.Value, Source: *k.source(a)})
		}
	}
	return k
}

func (k *kernel) source(a facts.BootArg) *facts.Source {
	if a.Source != nil {
		return a.Source
	}
	return &k.entry
}

// last returns the last argument called key, the one that counts for the kernel.
func (k *kernel) last(key string) (facts.BootArg, bool) {
	for _, a := range slices.Backward(k.args) {
		if a.Key == key {
			return a, true
		}
	}
	return facts.BootArg{}, false
}

// enforcing returns the mode that enforcing= asks for. libselinux, which sets the mode when it loads the policy, takes
// the first place where the word stands, and only when that is the start of an argument.
func (k *kernel) enforcing() (string, *facts.Source) {
	for _, a := range k.args {
		if !strings.HasSuffix(a.Key, "enforcing") && !strings.Contains(a.Value, "enforcing=") {
			continue
		}
		n, err := strconv.Atoi(a.Value)
		switch {
		case a.Key != "enforcing" || n < 0:
			return "", nil
		case err != nil || n == 0: // atoi(3) makes 0 of a word
			return permissive, k.source(a)
		}
		return enforcing, k.source(a)
	}
	return "", nil
}

// off returns what keeps the kernel from running SELinux, or nil when it runs it (security/security.c of Linux).
func (k *kernel) off(s *facts.Scope) *facts.Source {
	build := readBuild(s, k.release)
	if b, ok := build["CONFIG_SECURITY_SELINUX"]; len(build) > 0 && !ok {
		return &facts.Source{Path: build[""].Path}
	} else if ok && b.Value != "y" {
		return &b.Source
	}
	switched, isSwitched := k.last("selinux")
	if isSwitched && isZero(switched.Value) {
		return k.source(switched)
	}
	if v, ok := build["CONFIG_SECURITY_SELINUX_BOOTPARAM_VALUE"]; ok && v.Value == "0" && !isSwitched {
		return &v.Source
	}
	if lsm, ok := k.last("lsm"); ok {
		if !k.first(strings.Split(lsm.Value, ","), build) {
			return k.source(lsm)
		}
		return nil // security= is ignored beside it
	}
	if security, ok := k.last("security"); ok {
		if security.Value != "selinux" {
			return k.source(security)
		}
		return nil
	}
	return k.offByBuild(s, build)
}

// offByBuild is for a kernel that is told nothing: its build configuration says which module it starts.
func (k *kernel) offByBuild(s *facts.Scope, build map[string]buildOption) *facts.Source {
	if list, ok := build["CONFIG_LSM"]; ok {
		if !k.first(strings.Split(strings.Trim(list.Value, `"`), ","), build) {
			return &list.Source
		}
		return nil
	}
	if one, ok := build["CONFIG_DEFAULT_SECURITY"]; ok { // before Linux 5.1
		if strings.Trim(one.Value, `"`) != "selinux" {
			return &one.Source
		}
		return nil
	}
	if s.Exists("/etc/debian_version") {
		// Kernels of that family start AppArmor unless told otherwise.
		s.Problem("/boot", 0, errors.New("whether the kernel starts SELinux is not known: it is not told to, and its configuration is not in the image"))
	}
	return nil
}

// exclusive are the modules of which the kernel runs only the first, each with the argument that switches it off.
var exclusive = []string{"apparmor", "smack"}

// first reports whether SELinux is in the list of modules and none before it keeps it from running.
func (k *kernel) first(list []string, build map[string]buildOption) bool {
	for _, name := range list {
		if name == "selinux" {
			return true
		}
		if !slices.Contains(exclusive, name) {
			continue
		}
		if a, ok := k.last(name); ok && isZero(a.Value) {
			continue
		}
		if o := build["CONFIG_SECURITY_"+strings.ToUpper(name)]; len(build) == 0 || o.Value == "y" {
			return false
		}
	}
	return false
}

func isZero(value string) bool {
	n, err := strconv.ParseUint(value, 0, 64)
	return err == nil && n == 0
}

// buildOption is one line of a kernel's build configuration.
type buildOption struct {
	facts.Source
	Value string
}

// readBuild returns the options about security modules of the kernel's build configuration, and its path under "". It is
// empty where the guest has no such file.
func readBuild(s *facts.Scope, release string) map[string]buildOption {
	if release == "" || strings.ContainsAny(release, "/ ") {
		return nil
	}
	for _, p := range []string{"/boot/config-" + release, "/usr/lib/modules/" + release + "/config", "/lib/modules/" + release + "/config"} {
		build := map[string]buildOption{"": {Source: facts.Source{Path: p}}}
		err := s.Lines(p, func(n int, text string) {
			key, v, ok := strings.Cut(text, "=")
			if ok && (strings.HasPrefix(key, "CONFIG_SECURITY_") || key == "CONFIG_LSM" || key == "CONFIG_DEFAULT_SECURITY") {
				build[key] = buildOption{facts.Source{Path: p, Line: n, Text: text}, v}
			}
		})
		switch {
		case err == nil && len(build) > 1:
			return build
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			s.Problem(p, 0, err)
		}
	}
	return nil
}
