// Package containers collects the domain "containers": which container engines keep something on the guest's disk, and
// which files start containers. It looks at names of directories and files only: what runs in them is not judged here.
package containers

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const maxNames = 10_000 // files of one kind

// Collector collects the domain "containers".
var Collector = facts.New("containers", "Container stores on the disk, and what starts containers", collect)

// stores are where engines keep their things. Containers and images are directories with one entry each; they are
// relative to the store.
var stores = []struct{ engine, path, containers, images string }{
	{"docker", "/var/lib/docker", "containers", "image/overlay2/imagedb/content/sha256"},
	{"podman", "/var/lib/containers/storage", "overlay-containers", "overlay-images"},
	{"containerd", "/var/lib/containerd", "", ""},
	{"cri-o", "/var/lib/crio", "", ""},
	{"kubernetes", "/var/lib/kubelet", "pods", ""},
	{"kubernetes", "/var/lib/etcd", "", ""},
	{"k3s", "/var/lib/rancher/k3s", "", ""},
	{"rke2", "/var/lib/rancher/rke2", "", ""},
	{"lxc", "/var/lib/lxc", ".", ""},
	{"lxd", "/var/lib/lxd", "containers", "images"},
	{"lxd", "/var/snap/lxd/common/lxd", "containers", "images"},
	{"incus", "/var/lib/incus", "containers", "images"},
	{"nspawn", "/var/lib/machines", ".", ""},
}

// quadletDirs hold podman's units (podman-systemd.unit(5)).
var quadletDirs = []string{
	"/etc/containers/systemd", "/etc/containers/systemd/users", "/usr/local/share/containers/systemd", "/usr/share/containers/systemd",
	"/usr/share/containers/systemd/users",
}

var quadletSuffixes = []string{".container", ".pod", ".kube", ".volume", ".network", ".image", ".build"}

var manifestDirs = []string{
	"/etc/kubernetes/manifests", "/var/lib/rancher/k3s/server/manifests", "/var/lib/rancher/k3s/agent/pod-manifests",
	"/var/lib/rancher/rke2/server/manifests", "/var/lib/rancher/rke2/agent/pod-manifests",
}

var configs = []string{
	"/etc/docker/daemon.json", "/etc/containers/containers.conf", "/etc/containers/registries.conf", "/etc/containers/policy.json",
	"/etc/containerd/config.toml", "/etc/crio/crio.conf", "/etc/rancher/k3s/config.yaml", "/etc/rancher/rke2/config.yaml",
	"/var/lib/kubelet/config.yaml", "/etc/kubernetes/kubelet.conf",
}

func collect(_ context.Context, s *facts.Scope) (*facts.Containers, error) {
	c := &facts.Containers{Stores: []facts.ContainerStore{}, Quadlets: []string{}, Manifests: []string{}, Configs: []string{}}
	for _, st := range stores {
		if !s.Exists(st.path) || st.engine == "nspawn" && *count(s, st.path, ".") == 0 { // systemd makes an empty one
			continue
		}
		c.Stores = append(c.Stores, facts.ContainerStore{
			Engine: st.engine, Path: st.path, Containers: count(s, st.path, st.containers), Images: count(s, st.path, st.images),
		})
	}
	c.Quadlets = files(s, quadletDirs, quadletSuffixes)
	c.Manifests = files(s, manifestDirs, []string{".yaml", ".yml", ".json"})
	for _, p := range configs {
		if s.Exists(p) {
			c.Configs = append(c.Configs, p)
		}
	}
	if len(c.Stores)+len(c.Quadlets)+len(c.Manifests)+len(c.Configs) == 0 {
		return nil, fmt.Errorf("no store or configuration of containers: %w", fs.ErrNotExist)
	}
	return c, nil
}

// count returns how many directories and images are in a part of a store: nil when the store has no such part.
func count(s *facts.Scope, store, part string) *int {
	if part == "" {
		return nil
	}
	n := 0
	for _, e := range s.ReadDir(path.Join(store, part)) {
		// Beside the entries lie indexes and locks; Docker's images are files named by a digest.
		if e.Type.IsDir() && !strings.HasPrefix(e.Name, ".") || e.Type.IsRegular() && len(e.Name) == 64 {
			n++
		}
	}
	return &n
}

// files returns the files in the directories whose names end in one of the suffixes.
func files(s *facts.Scope, dirs, suffixes []string) []string {
	all := []string{}
	for _, dir := range dirs {
		for _, e := range s.ReadDir(dir) {
			if e.Type.IsDir() || !slices.Contains(suffixes, path.Ext(e.Name)) {
				continue
			}
			if len(all) == maxNames {
				s.Problem(dir, 0, binread.Limit("more than %d files; the rest is left out", maxNames))
				return all
			}
			all = append(all, dir+"/"+e.Name)
		}
	}
	return all
}
