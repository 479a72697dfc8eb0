package cloudinit

import (
	"fmt"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func collectCloud(t testing.TB, files map[string]memfs.File) (*facts.CloudInit, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.CloudInit](t, factstest.Guest(t, files), facts.Request{}, Collector)
}

func TestCloudInit(t *testing.T) {
	c, status := collectCloud(t, map[string]memfs.File{
		"/usr/bin/cloud-init": {}, "/etc/cloud/cloud.cfg": {}, "/etc/cloud/cloud.cfg.d/90.cfg": {}, "/etc/cloud/cloud.cfg.d/README": {},
		disabled: {}, "/var/lib/cloud/instance": {Link: "/var/lib/cloud/instances/i-1"}, "/var/lib/cloud/data/instance-id": {Data: "i-1\n"},
		"/var/lib/cloud/instances/i-1/datasource":    {Data: "DataSourceNoCloud: DataSourceNoCloud [seed=/dev/vdb][token=hunter2]\n"},
		"/var/lib/cloud/instances/i-1/user-data.txt": {Data: "password: hunter2"}, "/var/lib/cloud/instances/i-1/vendor-data.txt": {},
		"/var/lib/cloud/seed/nocloud/user-data": {},
	})
	got := fmt.Sprintln(c.Installed, c.Disabled != nil, c.Configs, c.Datasource.Value, c.InstanceID.Value, c.Instances, c.Seeds, c.Data)
	want := "true true [/etc/cloud/cloud.cfg /etc/cloud/cloud.cfg.d/90.cfg] DataSourceNoCloud i-1 [/var/lib/cloud/instances/i-1] [/var/lib/cloud/seed/nocloud] [/var/lib/cloud/instances/i-1/user-data.txt]\n"
	if got != want || status.State != facts.OK {
		t.Errorf("got  %s\nwant %s\n%+v", got, want, status)
	}
	if strings.Contains(fmt.Sprintf("%+v", *c.Datasource.Source), "hunter2") {
		t.Error("a secret is in the document")
	}
}

func TestHostile(t *testing.T) {
	many := map[string]memfs.File{}
	for i := range maxInstances + 1 {
		many[fmt.Sprintf("/var/lib/cloud/instances/%d", i)] = memfs.Dir()
	}
	for name, files := range map[string]map[string]memfs.File{
		"id is a FIFO":       {"/var/lib/cloud/data/instance-id": {Mode: filesys.ModeFIFO}},
		"id of 1 MB":         {"/var/lib/cloud/data/instance-id": {Data: strings.Repeat("x", 1<<20)}},
		"empty id":           {"/var/lib/cloud/data/instance-id": {}},
		"links in a circle":  {"/usr/bin/cloud-init": {}, "/var/lib/cloud/instance": {Link: "instance"}},
		"too many instances": many,
	} {
		if _, status := collectCloud(t, files); status.State != facts.Partial {
			t.Errorf("%s: %+v", name, status)
		}
	}
	if _, status := collectCloud(t, nil); status.State != facts.Absent {
		t.Errorf("not installed: %+v", status)
	}
}
