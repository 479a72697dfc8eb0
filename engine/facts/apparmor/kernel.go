package apparmor

import (
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// decide says whether a boot runs AppArmor: the kernel first, then what loads the profiles.
func decide(s *facts.Scope, out *facts.AppArmor) {
	k := newKernel(s)
	out.Kernel = append(out.Kernel, k.settings...)
	why, source := k.off(s)
	switch {
	case !out.Installed: // other packages leave profiles all the same
		out.Mode, out.Why = facts.Value[string]{Value: absent}, "apparmor_parser is not installed, which loads the profiles"
		return
	case why != "":
	case out.Started == nil:
		s.Problem(dir, 0, errors.New("whether the unit of AppArmor is started is not known"))
	case !*out.Started:
		why = "apparmor.service is not started at boot"
		if units, ok := facts.Of[facts.Units](s, "units"); ok && (*units)["apparmor.service"] != nil {
			source = (*units)["apparmor.service"].Source
		}
	}
	out.Mode, out.Why = facts.Value[string]{Value: enabled, Explicit: source != nil, Source: source}, "the kernel runs it and its unit is started"
	if why != "" {
		out.Mode.Value, out.Why = disabled, why
	}
}

// kernel is what the default boot entry and its kernel's configuration say about security modules.
type kernel struct {
	args     []facts.BootArg
	entry    facts.Source
	settings []facts.KernelSetting
	build    map[string]string
	path     string // of the configuration
}

func newKernel(s *facts.Scope) *kernel {
	k := &kernel{}
	image := ""
	if b, ok := facts.Of[facts.Boot](s, "boot"); ok {
		e, ok := b.DefaultEntry()
		if ok {
			k.args, k.entry, image = e.Args, e.Source, e.Kernel
		} else if b.Loader != "none" {
			s.Problem("/boot", 0, errors.New("arguments of the kernel are not known: "+b.Why))
		}
	}
	for _, a := range k.args {
		if slices.Contains([]string{"apparmor", "security", "lsm"}, a.Key) {
			k.settings = append(k.settings, facts.KernelSetting{Key: a.Key, Value: a.Value, Source: *k.source(a)})
		}
	}
	kernels, ok := facts.Of[facts.Kernels](s, "kernel")
	if !ok {
		return k
	}
	release := strings.TrimPrefix(path.Base(image), "vmlinuz-")
	for _, one := range kernels.Installed {
		if one.Image == image || one.Release == release || len(kernels.Installed) == 1 {
			k.build, k.path = one.Config, one.ConfigPath
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

func (k *kernel) last(key string) (facts.BootArg, bool) {
	for _, a := range slices.Backward(k.args) {
		if a.Key == key {
			return a, true
		}
	}
	return facts.BootArg{}, false
}

// off says what keeps the kernel from running AppArmor, or "" (security/security.c of Linux).
func (k *kernel) off(s *facts.Scope) (string, *facts.Source) {
	config := &facts.Source{Path: k.path}
	if k.build != nil && k.build["CONFIG_SECURITY_APPARMOR"] != "y" {
		return "the kernel is built without AppArmor", config
	}
	own, told := k.last("apparmor")
	if told && isZero(own.Value) {
		return "the kernel is told apparmor=" + own.Value, k.source(own)
	}
	if !told && k.build["CONFIG_SECURITY_APPARMOR_BOOTPARAM_VALUE"] == "0" {
		return "the kernel is built with AppArmor switched off", config
	}
	if lsm, ok := k.last("lsm"); ok {
		return k.inList(lsm.Value, "the kernel is told lsm="+lsm.Value, k.source(lsm))
	}
	if security, ok := k.last("security"); ok {
		if security.Value != "apparmor" {
			return "the kernel is told security=" + security.Value, k.source(security)
		}
		return "", nil
	}
	if list, ok := k.build["CONFIG_LSM"]; ok {
		return k.inList(list, "the kernel is built with the modules "+list, config)
	}
	if one, ok := k.build["CONFIG_DEFAULT_SECURITY"]; ok && one != "apparmor" {
		return "the kernel is built to start " + one, config
	}
	if k.build == nil && !told && s.Exists("/etc/redhat-release") {
		s.Problem("/boot", 0, errors.New("whether the kernel runs AppArmor is not known: its configuration is not in the image"))
	}
	return "", nil
}

// inList looks for AppArmor in a list of modules, of which the kernel runs only the first exclusive one.
func (k *kernel) inList(list, why string, source *facts.Source) (string, *facts.Source) {
	for name := range strings.SplitSeq(list, ",") {
		switch name {
		case "apparmor":
			return "", nil
		case "selinux", "smack":
			if a, ok := k.last(name); ok && isZero(a.Value) {
				continue
			}
			if k.build == nil || k.build["CONFIG_SECURITY_"+strings.ToUpper(name)] == "y" {
				return why + ", where " + name + " goes before it", source
			}
		}
	}
	return why, source
}

func isZero(value string) bool {
	n, err := strconv.ParseUint(value, 0, 64)
	return err == nil && n == 0
}
