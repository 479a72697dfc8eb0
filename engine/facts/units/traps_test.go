package units

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

const (
	etc = "/etc/systemd/system/"
	usr = "/usr/lib/systemd/system/"
)

// line puts what a trap is about on one line.
func line(u *facts.Unit) string {
	if u == nil {
		return "none"
	}
	var exec, conditions []string
	for _, l := range u.ExecStart {
		exec = append(exec, l.Value)
	}
	for _, l := range u.Conditions {
		conditions = append(conditions, l.Value)
	}
	return fmt.Sprintf("%s starts=%s wanted=%v triggered=%v exec=%q conditions=%q sysv=%v",
		u.State, u.Starts, slices.Concat(u.WantedBy, u.RequiredBy), u.TriggeredBy, exec, conditions, u.SysV)
}

func TestTraps(t *testing.T) {
	const install = "[Install]\nWantedBy=multi-user.target\n"
	service := memfs.File{Data: "[Service]\nExecStart=/bin/a\n" + install}
	script := memfs.File{Data: "#!/bin/sh\n", Mode: 0o755}
	wants := func(name string) string { return etc + "multi-user.target.wants/" + name }
	base := map[string]memfs.File{
		usr + "default.target":      {Link: "multi-user.target"},
		usr + "multi-user.target":   {Data: "[Unit]\nRequires=basic.target\n"},
		usr + "basic.target":        {Data: "[Unit]\nWants=sockets.target timers.target\n"},
		usr + "sockets.target":      {Data: "[Unit]\n"},
		usr + "timers.target":       {Data: "[Unit]\n"},
		"/usr/lib/systemd/systemd":  {},
		"/etc/rc3.d/S20unmarked":    {Link: "../init.d/unmarked"},
		"/etc/init.d/unmarked":      {Data: "#!/bin/sh\n"},
		usr + "getty@.service":      {Data: "[Service]\nExecStart=-/sbin/agetty %I\n" + install},
		usr + "rpcbind.service":     {Data: "[Service]\nExecStart=/sbin/rpcbind\n[Install]\nAlso=rpcbind.socket\n"},
		usr + "rpcbind.socket":      {Data: "[Socket]\nListenStream=111\n[Install]\nWantedBy=sockets.target\n"},
		usr + "avahi-daemon.socket": {Data: "[Socket]\nService=avahi.service\n[Install]\nWantedBy=sockets.target\n"},
	}
	for name, c := range map[string]struct {
		files map[string]memfs.File
		unit  string
		want  string
	}{
		"absolute target of a link points into the image": {
			map[string]memfs.File{usr + "a.service": service, wants("a.service"): {Link: usr + "a.service"}},
			"a.service",
			`enabled starts=boot wanted=[multi-user.target] triggered=[] exec=["/bin/a"] conditions=[] sysv=false`,
		},
		"mask beats the wants link that stays behind": {
			map[string]memfs.File{usr + "a.service": service, wants("a.service"): {Link: usr + "a.service"}, etc + "a.service": {}},
			"a.service",
			`masked starts= wanted=[multi-user.target] triggered=[] exec=[] conditions=[] sysv=false`,
		},
		"systemd before 254 knows nothing of UpheldBy": {
			map[string]memfs.File{
				usr + "a.service": {Data: "[Service]\nExecStart=/bin/a\n[Install]\nUpheldBy=multi-user.target\n"}, etc + "multi-user.target.upholds/a.service": {Link: usr + "a.service"},
				"/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so": {},
			},
			"a.service",
			`static starts= wanted=[] triggered=[] exec=["/bin/a"] conditions=[] sysv=false`,
		},
		"systemd since 254 upholds": {
			map[string]memfs.File{
				usr + "a.service": {Data: "[Service]\nExecStart=/bin/a\n[Install]\nUpheldBy=multi-user.target\n"}, etc + "multi-user.target.upholds/a.service": {Link: usr + "a.service"},
				"/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-257.7-1.so": {},
			},
			"a.service",
			`enabled starts=boot wanted=[] triggered=[] exec=["/bin/a"] conditions=[] sysv=false`,
		},
		"link to a missing unit is not enabled": {
			map[string]memfs.File{wants("nope.service"): {Link: usr + "nope.service"}},
			"nope.service",
			`not-found starts= wanted=[multi-user.target] triggered=[] exec=[] conditions=[] sysv=false`,
		},
		"link to /dev/null among the wants takes the vendor's out of force": {
			map[string]memfs.File{usr + "a.service": service, usr + "multi-user.target.wants/a.service": {Link: "../a.service"}, wants("a.service"): {Link: "/dev/null"}},
			"a.service",
			`enabled starts= wanted=[] triggered=[] exec=["/bin/a"] conditions=[] sysv=false`, // to systemctl any link of the name counts
		},
		"wanted by its alias": {
			map[string]memfs.File{usr + "a.service": service, usr + "b.service": {Link: "a.service"}, wants("b.service"): {Link: usr + "b.service"}},
			"a.service",
			`disabled starts=boot wanted=[multi-user.target] triggered=[] exec=["/bin/a"] conditions=[] sysv=false`,
		},
		"another default target than one that requires basic.target": {
			map[string]memfs.File{
				etc + "default.target": {Link: usr + "rescue.target"}, usr + "rescue.target": {Data: "[Unit]\nRequires=sysinit.target\n"},
				usr + "a.service": service, usr + "basic.target.wants/a.service": {Link: "../a.service"},
			},
			"a.service",
			`disabled starts= wanted=[basic.target] triggered=[] exec=["/bin/a"] conditions=[] sysv=false`,
		},
		"sysinit.target is required by every service": {
			map[string]memfs.File{
				etc + "default.target": {Link: usr + "x.target"}, usr + "x.target": {Data: "[Unit]\nRequires=b.service\n"}, usr + "b.service": service,
				usr + "sysinit.target": {Data: "[Unit]\nWants=a.service\n"}, usr + "a.service": {Data: "[Service]\nExecStart=/bin/a\n"},
			},
			"a.service",
			`static starts=boot wanted=[] triggered=[] exec=["/bin/a"] conditions=[] sysv=false`,
		},
		"sysinit.target is not required without default dependencies": {
			map[string]memfs.File{
				etc + "default.target": {Link: usr + "x.target"}, usr + "x.target": {Data: "[Unit]\nRequires=b.service\n"},
				usr + "b.service":      {Data: "[Unit]\nDefaultDependencies=off\n[Service]\nExecStart=/bin/b\n"},
				usr + "sysinit.target": {Data: "[Unit]\nWants=a.service\n"}, usr + "a.service": {Data: "[Service]\nExecStart=/bin/a\n"},
			},
			"a.service",
			`static starts= wanted=[] triggered=[] exec=["/bin/a"] conditions=[] sysv=false`,
		},
		"socket that a started service takes over": {
			map[string]memfs.File{
				usr + "a.service": {Data: "[Service]\nExecStart=/bin/a\nSockets=rpcbind.socket\n" + install}, wants("a.service"): {Link: usr + "a.service"},
			},
			"rpcbind.socket",
			`disabled starts=boot wanted=[] triggered=[] exec=[] conditions=[] sysv=false`,
		},
		"started by its socket although it is disabled": {
			map[string]memfs.File{etc + "sockets.target.wants/rpcbind.socket": {Link: usr + "rpcbind.socket"}},
			"rpcbind.service",
			`indirect starts=trigger wanted=[] triggered=[rpcbind.socket] exec=["/sbin/rpcbind"] conditions=[] sysv=false`,
		},
		"socket that nothing starts": {
			nil, "rpcbind.service",
			`indirect starts= wanted=[] triggered=[rpcbind.socket] exec=["/sbin/rpcbind"] conditions=[] sysv=false`,
		},
		"socket names another service": {
			map[string]memfs.File{usr + "avahi.service": service},
			"avahi.service",
			`disabled starts= wanted=[] triggered=[avahi-daemon.socket] exec=["/bin/a"] conditions=[] sysv=false`,
		},
		"socket with Accept starts instances": {
			map[string]memfs.File{usr + "x.socket": {Data: "[Socket]\nAccept=YES\n"}, usr + "x@.service": {Data: "[Service]\nExecStart=/bin/x\n"}, usr + "sockets.target.wants/x.socket": {Link: "../x.socket"}},
			"x@.service",
			`static starts=trigger wanted=[] triggered=[x.socket] exec=["/bin/x"] conditions=[] sysv=false`,
		},
		"timer": {
			map[string]memfs.File{usr + "t.timer": {Data: "[Timer]\nUnit=a.service\n"}, usr + "a.service": {Data: "[Service]\nExecStart=/bin/a\n"}, usr + "timers.target.wants/t.timer": {Link: "../t.timer"}},
			"a.service",
			`static starts=trigger wanted=[] triggered=[t.timer] exec=["/bin/a"] conditions=[] sysv=false`,
		},
		"started by D-Bus": {
			map[string]memfs.File{usr + "a.service": service, "/usr/share/dbus-1/system-services/org.x.service": {Data: "[D-BUS Service]\nName=org.x\nExec=/bin/false\nSystemdService=a.service\n"}},
			"a.service",
			`disabled starts=trigger wanted=[] triggered=[dbus:org.x] exec=["/bin/a"] conditions=[] sysv=false`,
		},
		"drop-in resets ExecStart and adds a condition": {
			map[string]memfs.File{usr + "a.service": service, etc + "a.service.d/o.conf": {Data: "[Unit]\nConditionPathExists=/none\n[Service]\nExecStart=\nExecStart=/bin/b --password hunter2\n"}},
			"a.service",
			`disabled starts= wanted=[] triggered=[] exec=["/bin/b --password ***"] conditions=["ConditionPathExists=/none"] sysv=false`,
		},
		"drop-ins of the type, of the prefix and of the unit, in the order of their names": {
			map[string]memfs.File{
				usr + "a-b.service": service, etc + "service.d/30.conf": {Data: "[Service]\nExecStart=/t\n"}, etc + "a-.service.d/20.conf": {Data: "[Service]\nExecStart=/p\n"},
				usr + "a-b.service.d/10.conf": {Data: "[Service]\nExecStart=/u\n"}, etc + "service.d/10.conf": {Data: "[Service]\nExecStart=/hidden\n"},
			},
			"a-b.service",
			`disabled starts= wanted=[] triggered=[] exec=["/bin/a" "/u" "/p" "/t"] conditions=[] sysv=false`,
		},
		"masked drop-in": {
			map[string]memfs.File{usr + "a.service": service, usr + "a.service.d/x.conf": {Data: "[Service]\nExecStart=/x\n"}, etc + "a.service.d/x.conf": {Link: "/dev/null"}},
			"a.service",
			`disabled starts= wanted=[] triggered=[] exec=["/bin/a"] conditions=[] sysv=false`,
		},
		"instance has the template's file and drop-ins": {
			map[string]memfs.File{etc + "multi-user.target.wants/getty@tty1.service": {Link: usr + "getty@.service"}, etc + "getty@.service.d/a.conf": {Data: "[Service]\nExecStart=/x\n"}},
			"getty@tty1.service",
			`enabled starts=boot wanted=[multi-user.target] triggered=[] exec=["-/sbin/agetty %I" "/x"] conditions=[] sysv=false`,
		},
		"script of System V is an enabled unit": {
			map[string]memfs.File{"/etc/init.d/snmpd": script, "/etc/rc3.d/S01snmpd": {Link: "../init.d/snmpd"}, "/etc/rc0.d/K01snmpd": {Link: "../init.d/snmpd"}},
			"snmpd.service",
			`generated starts=boot wanted=[multi-user.target] triggered=[] exec=["/etc/init.d/snmpd start"] conditions=[] sysv=true`,
		},
		"script that only stops": {
			map[string]memfs.File{"/etc/init.d/snmpd": script, "/etc/rc3.d/K01snmpd": {Link: "../init.d/snmpd"}},
			"snmpd.service",
			`generated starts= wanted=[] triggered=[] exec=["/etc/init.d/snmpd start"] conditions=[] sysv=true`,
		},
		"script with a unit file beside it": {
			map[string]memfs.File{usr + "a.service": service, "/etc/init.d/a": script, "/etc/rc3.d/S01a": {Link: "../init.d/a"}},
			"a.service",
			`disabled starts= wanted=[] triggered=[] exec=["/bin/a"] conditions=[] sysv=false`,
		},
		"script with a mask beside it": {
			map[string]memfs.File{etc + "a.service": {Link: "/dev/null"}, "/etc/init.d/a.sh": script, "/etc/rc3.d/S01a.sh": {Link: "../init.d/a.sh"}},
			"a.service",
			`masked starts= wanted=[] triggered=[] exec=[] conditions=[] sysv=false`,
		},
		"script that may not be run": {nil, "unmarked.service", "none"},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]memfs.File{}
			for _, m := range []map[string]memfs.File{base, c.files} {
				for path, f := range m {
					files[path] = f
				}
			}
			units, status := collectUnits(t, files)
			if got := line(units[c.unit]); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if status.State != facts.OK {
				t.Errorf("status is %s: %v", status.State, status.Problems)
			}
		})
	}
}

func TestOtherInits(t *testing.T) {
	script := memfs.File{Data: "#!/sbin/openrc-run\n", Mode: 0o755}
	units, status := collectUnits(t, map[string]memfs.File{
		"/etc/init.d/sshd": script, "/etc/init.d/crond": script, "/etc/init.d/off": script,
		"/etc/runlevels/default/sshd": {Link: "/etc/init.d/sshd"}, "/etc/runlevels/boot/gone": {Link: "/etc/init.d/gone"},
		"/etc/runlevels/nonetwork/crond": {Link: "/etc/init.d/crond"}, "/sbin/openrc": {},
	})
	for name, want := range map[string]string{
		"sshd": "enabled starts=boot wanted=[default]", "crond": "enabled starts= wanted=[nonetwork]",
		"off": "disabled starts= wanted=[]", "gone": "not-found starts= wanted=[boot]",
	} {
		if got := line(units[name]); !strings.HasPrefix(got, want) || units[name].Init != "openrc" {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	if status.State != facts.OK {
		t.Errorf("status is %+v", status)
	}
	units, _ = collectUnits(t, map[string]memfs.File{
		"/etc/init.d/a": script, "/etc/init.d/b": script, "/etc/rc.d/rc3.d/S10a": {Link: "../init.d/a"}, "/etc/rc.d/rc3.d/K10b": {Link: "../init.d/b"},
	})
	if units["a"].State != "enabled" || units["b"].State != "disabled" || units["a"].Init != "sysvinit" {
		t.Errorf("System V: got %s, %s", line(units["a"]), line(units["b"]))
	}
}

func TestHostile(t *testing.T) {
	many := map[string]memfs.File{usr + "a.service": {Data: "[Service]\nExecStart=/bin/a\n"}}
	for i := range 100_000 {
		many[fmt.Sprintf("%sa.service.d/%06d.conf", etc, i)] = memfs.File{}
	}
	for name, c := range map[string]struct {
		files map[string]memfs.File
		state facts.State
		path  string // of the problem
	}{
		"nothing of an init":         {nil, facts.Absent, ""},
		"unit file that is a FIFO":   {map[string]memfs.File{usr + "a.service": {Mode: filesys.ModeFIFO | 0o644}}, facts.Partial, usr + "a.service"},
		"unit file is a directory":   {map[string]memfs.File{usr + "a.service/x": {}}, facts.Partial, usr + "a.service"},
		"unit file cannot be read":   {map[string]memfs.File{usr + "a.service": {Data: "x", Err: errors.New("sector 9")}}, facts.Partial, usr + "a.service"},
		"directory cannot be listed": {map[string]memfs.File{usr: {Mode: filesys.ModeDir | 0o755, Err: errors.New("sector 9")}}, facts.Partial, usr[:len(usr)-1]},
		"drop-in is a FIFO":          {map[string]memfs.File{usr + "a.service": {Data: "[Unit]\n"}, etc + "a.service.d/x.conf": {Mode: filesys.ModeFIFO}}, facts.Partial, etc + "a.service.d/x.conf"},
		"100,000 drop-ins":           {many, facts.Partial, etc + "a.service.d/001000.conf"},
		"links in a circle":          {map[string]memfs.File{etc + "a.service": {Link: "b.service"}, etc + "b.service": {Link: "a.service"}}, facts.OK, ""},
		"search path is a link loop": {map[string]memfs.File{"/etc/systemd/system": {Link: "system"}}, facts.Error, "/etc/systemd/system"},
		"names that are no names":    {map[string]memfs.File{usr + "\xff\x00.service": {}, usr + "@.service": {}, usr + ".service": {}, usr + strings.Repeat("a", 260) + ".service": {}}, facts.OK, ""},
		"NUL and 1 MB lines":         {map[string]memfs.File{usr + "a.service": {Data: "[Service]\nExecStart=/a\x00" + strings.Repeat("x", 1<<20)}}, facts.OK, ""},
		"preset without an action":   {map[string]memfs.File{usr + "a.service": {Data: "[Install]\nWantedBy=x.target\n"}, "/etc/systemd/system-preset/a.preset": {Data: "enable\n"}}, facts.Partial, "/etc/systemd/system-preset/a.preset"},
	} {
		t.Run(name, func(t *testing.T) {
			_, status := collectUnits(t, c.files)
			if status.State != c.state || c.path != "" && !slices.ContainsFunc(status.Problems, func(p facts.Problem) bool { return p.Path == c.path }) {
				t.Errorf("got %s %v, want %s and a problem of %s", status.State, status.Problems, c.state, c.path)
			}
		})
	}
}

func FuzzUnits(f *testing.F) {
	f.Add("[Unit]\nWants=b.service\n[Service]\nExecStart=\nExecStart=/bin/a\n[Install]\nAlias=c.service %i\nAlso=d.socket", "../a.service", "enable *\ndisable [a")
	f.Add("[Socket]\nAccept=1\n", "/dev/null", "ignore x@.service 1 2")
	f.Fuzz(func(t *testing.T, unit, target, presets string) {
		files := map[string]memfs.File{
			usr + "a-b@.service": {Data: unit}, usr + "a.socket": {Data: unit}, etc + "x@1.service": {Link: target}, etc + "service.d/x.conf": {Data: unit},
			etc + "default.target.wants/a-b@2.service": {Link: target}, "/etc/systemd/system-preset/a.preset": {Data: presets},
		}
		units, status := collectUnits(t, files)
		for name, u := range units {
			if u.State == "" {
				t.Errorf("%q has no state, %v", name, status)
			}
		}
	})
}

func TestPresetIgnore(t *testing.T) {
	units, _ := collectUnits(t, factstest.Text(map[string]string{
		usr + "a.service": "[Install]\nWantedBy=x.target\n", usr + "system-preset": "", "/usr/lib/systemd/system-preset/1.preset": "ignore a.*\n",
	}))
	if p := units["a.service"].Preset; p == nil || *p != "ignore" {
		t.Errorf("preset is %v, want ignore", p)
	}
}
