package timesync

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/chrony"
	"github.com/guestctl/guestctl/engine/facts/osrelease"
	"github.com/guestctl/guestctl/engine/facts/timesyncd"
	"github.com/guestctl/guestctl/engine/facts/units"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func collectTime(t testing.TB, files map[string]memfs.File) (*facts.Timesync, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.Timesync](t, factstest.Guest(t, files), facts.Request{},
		osrelease.Collector, units.Collector, chrony.Collector, timesyncd.Collector, Collector)
}

func TestTimesync(t *testing.T) {
	const usr, wants = "/usr/lib/systemd/system/", "/usr/lib/systemd/system/default.target.wants/"
	unit := memfs.File{Data: "[Service]\n"}
	for name, c := range map[string]struct {
		files map[string]memfs.File
		want  string
	}{
		"chrony": {map[string]memfs.File{
			usr + "chrony.service": unit, wants + "chrony.service": {Link: "../chrony.service"}, usr + "default.target": {Data: "[Unit]\n"},
			"/etc/chrony/chrony.conf": {Data: "server a\npool b\n"},
		}, "chrony true [chrony] servers=[a] pools=[b]"},
		"installed and not started": {map[string]memfs.File{usr + "chrony.service": unit, "/etc/chrony.conf": {Data: "server a\n"}}, "chrony false [] servers=[a] pools=[]"},
		"two at once": {map[string]memfs.File{
			usr + "chronyd.service": unit, wants + "chronyd.service": {Link: "../chronyd.service"}, usr + "default.target": {Data: "[Unit]\n"},
			usr + "systemd-timesyncd.service": unit, wants + "systemd-timesyncd.service": {Link: "../systemd-timesyncd.service"},
		}, "chrony true [chrony timesyncd] servers=[] pools=[]"},
		"timesyncd, fallback not used": {map[string]memfs.File{
			usr + "systemd-timesyncd.service": unit, wants + "systemd-timesyncd.service": {Link: "../systemd-timesyncd.service"}, usr + "default.target": {Data: "[Unit]\n"},
			"/etc/systemd/timesyncd.conf": {Data: "[Time]\nNTP=x y\nFallbackNTP=z\n"},
		}, "timesyncd true [timesyncd] servers=[x y] pools=[]"},
		"ntpd": {map[string]memfs.File{"/usr/sbin/ntpd": {}, "/etc/ntp.conf": {Data: "server 127.127.1.0\nserver -4 a iburst # c\npool p\n"}}, "ntp - [] servers=[a] pools=[p]"},
	} {
		got, status := collectTime(t, c.files)
		if got == nil {
			t.Errorf("%s: %+v", name, status)
			continue
		}
		enabled := "-"
		if got.Enabled != nil {
			enabled = strconv.FormatBool(*got.Enabled)
		}
		text := fmt.Sprintf("%s %s %v servers=%v pools=%v", got.Program, enabled, got.Started, names(got.Servers), names(got.Pools))
		if text != c.want || status.State != facts.OK {
			t.Errorf("%s: got %s, want %s (%v)", name, text, c.want, status.Problems)
		}
	}
	if got, status := collectTime(t, nil); got != nil || status.State != facts.Absent {
		t.Errorf("nothing installed: %+v", status)
	}
}

func names(list []facts.TimeServer) []string {
	all := []string{}
	for _, s := range list {
		all = append(all, s.Name)
	}
	return all
}

func TestHostileNTP(t *testing.T) {
	for name, text := range map[string]string{
		"include": "includefile /etc/x\n", "long line": "server " + strings.Repeat("x", 1<<20), "too many": strings.Repeat("server a\n", maxServers+1),
	} {
		if _, status := collectTime(t, factstest.Text(map[string]string{"/etc/ntp.conf": text})); status.State != facts.Partial {
			t.Errorf("%s: %+v", name, status)
		}
	}
}

func FuzzNTP(f *testing.F) {
	f.Add("server -4 a # x\npool b iburst\npeer")
	f.Fuzz(func(t *testing.T, text string) {
		if got, status := collectTime(t, factstest.Text(map[string]string{"/etc/ntp.conf": text})); got == nil {
			t.Errorf("%+v", status)
		}
	})
}
