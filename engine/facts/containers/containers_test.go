package containers

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func collectContainers(t testing.TB, files map[string]memfs.File) (*facts.Containers, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.Containers](t, factstest.Guest(t, files), facts.Request{}, Collector)
}

func TestContainers(t *testing.T) {
	id := strings.Repeat("a", 64)
	c, status := collectContainers(t, map[string]memfs.File{
		"/var/lib/docker/containers/" + id + "/config.v2.json":           {},
		"/var/lib/docker/image/overlay2/imagedb/content/sha256/" + id:    {},
		"/var/lib/docker/image/overlay2/imagedb/content/sha256/lock":     {},
		"/var/lib/containers/storage/overlay-containers/containers.json": {},
		"/var/lib/machines": memfs.Dir(), "/var/lib/lxc/web/config": {},
		"/etc/containers/systemd/web.container": {}, "/etc/containers/systemd/note.txt": {},
		"/etc/kubernetes/manifests/etcd.yaml": {}, "/etc/docker/daemon.json": {},
	})
	if c == nil || status.State != facts.OK {
		t.Fatal(status)
	}
	var got []string
	for _, s := range c.Stores {
		line := s.Engine + " " + s.Path
		for _, n := range []*int{s.Containers, s.Images} {
			if n != nil {
				line += fmt.Sprintf(" %d", *n)
			}
		}
		got = append(got, line)
	}
	text := fmt.Sprint(strings.Join(got, ", "), c.Quadlets, c.Manifests, c.Configs)
	want := "docker /var/lib/docker 1 1, podman /var/lib/containers/storage 0 0, lxc /var/lib/lxc 1[/etc/containers/systemd/web.container] [/etc/kubernetes/manifests/etcd.yaml] [/etc/docker/daemon.json]"
	if text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestHostile(t *testing.T) {
	many := map[string]memfs.File{}
	for i := range maxNames + 1 {
		many[fmt.Sprintf("/etc/containers/systemd/%d.container", i)] = memfs.File{}
	}
	for name, files := range map[string]map[string]memfs.File{
		"too many quadlets":  many,
		"store is no listed": {"/var/lib/lxc": {Mode: filesys.ModeDir | 0o755, Err: errors.New("sector 9")}},
		"store is a file":    {"/var/lib/docker": {Link: "docker"}, "/etc/docker/daemon.json": {}},
	} {
		if _, status := collectContainers(t, files); status.State != facts.Partial {
			t.Errorf("%s: %+v", name, status)
		}
	}
	if _, status := collectContainers(t, nil); status.State != facts.Absent {
		t.Errorf("without containers: %+v", status)
	}
}
