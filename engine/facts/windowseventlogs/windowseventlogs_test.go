package windowseventlogs

import (
	"fmt"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestLogs(t *testing.T) {
	const own, policy = "[ControlSet001\\Services\\EventLog\\Security]\n", "[Policies\\Microsoft\\Windows\\EventLog\\Security]\n"
	for name, c := range map[string]struct{ system, software, want string }{
		"as set":                 {own + "\"MaxSize\"=dword:01400000\n\"Retention\"=dword:0\n", "", "20971520 0"},
		"policy counts in KiB":   {own + "\"MaxSize\"=dword:01400000\n", policy + "\"MaxSize\"=dword:00030000\n", "201326592 nil"},
		"nothing is overwritten": {own + "\"Retention\"=dword:ffffffff\n", "", "nil -1"},
		"that by policy":         {own + "\"Retention\"=dword:0\n", policy + "\"Retention\"=\"1\"\n", "nil -1"},
		"nothing is set":         {own, "", "nil nil"},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.WindowsEventLogs](t, factstest.Windows(t, map[string]string{"SYSTEM": c.system, "SOFTWARE": c.software}, nil), facts.Request{}, Collector)
			log := (*got)["Security"]
			text := ""
			for _, v := range []*facts.Value[int]{log.MaxSize, log.Retention} {
				if v == nil {
					text += "nil "
				} else {
					text += fmt.Sprint(v.Value, " ")
				}
			}
			if text != c.want+" " || status.State != facts.OK {
				t.Errorf("got %s, %s %v, want %s", text, status.State, status.Problems, c.want)
			}
		})
	}
}

func TestChannelsAndFiles(t *testing.T) {
	const channels = "[Microsoft\\Windows\\CurrentVersion\\WINEVT\\Channels\\"
	g := factstest.Windows(t, map[string]string{
		"SOFTWARE": channels + "A/Operational]\n\"Enabled\"=dword:1\n" + channels + "B/Operational]\n\"Enabled\"=dword:0\n" + channels + "C]\n",
		"SYSTEM":   "[ControlSet001\\Services\\EventLog\\System]\n\"File\"=expand:\"%SystemRoot%\\\\logs\\\\s.evtx\"\n",
	}, map[string]memfs.File{"/Windows/System32/winevt/Logs/A%4Operational.evtx": {Data: "123"}})
	got, _ := factstest.Collect[facts.WindowsEventLogs](t, g, facts.Request{}, Collector)
	a := (*got)["A/Operational"]
	if len(*got) != 2 || a.FileSize == nil || *a.FileSize != 3 || (*got)["System"].File != "/Windows/logs/s.evtx" || (*got)["System"].FileSize != nil {
		t.Errorf("got %+v", *got)
	}
}
