package sshd

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestHostileConfigurations(t *testing.T) {
	const main = "/etc/ssh/sshd_config"
	many := map[string]memfs.File{main: {Data: "Include /etc/ssh/d/*\n"}}
	for i := range 10_000 {
		many[fmt.Sprintf("/etc/ssh/d/%d", i)] = memfs.File{Data: "AllowUsers a\n"}
	}
	for name, c := range map[string]struct {
		files map[string]memfs.File
		state facts.State
	}{
		"a FIFO in its place":           {map[string]memfs.File{main: {Mode: 0o010644}}, facts.Error},
		"a directory in its place":      {map[string]memfs.File{main: memfs.Dir()}, facts.Error},
		"a link that leads to itself":   {map[string]memfs.File{main: {Link: main}}, facts.Error},
		"cannot be read":                {map[string]memfs.File{main: {Data: "x", Err: errors.New("bad sector")}}, facts.Error},
		"a directory that is included":  {map[string]memfs.File{main: {Data: "Include /etc/ssh/d"}, "/etc/ssh/d/x": {}}, facts.Error},
		"a dangling link included":      {map[string]memfs.File{main: {Data: "Include /etc/ssh/x"}, "/etc/ssh/x": {Link: "y"}}, facts.Error},
		"includes that double":          {map[string]memfs.File{main: {Data: strings.Repeat("Include "+main+"\n", 50)}}, facts.Error},
		"a pattern that is none":        {map[string]memfs.File{main: {Data: "Include [a"}}, facts.Partial},
		"ten thousand drop-ins":         {many, facts.Partial},
		"a line of 1 MB":                {map[string]memfs.File{main: {Data: "AllowUsers " + strings.Repeat("a ", 1<<19)}}, facts.Partial},
		"a million lines":               {map[string]memfs.File{main: {Data: strings.Repeat("Port 1\n", 1<<20)}}, facts.Partial},
		"ports times addresses":         {map[string]memfs.File{main: {Data: strings.Repeat("Port 1\nListenAddress ::\n", 9000)}}, facts.Partial},
		"a million bad lines":           {map[string]memfs.File{main: {Data: strings.Repeat("P\n", 1<<20)}}, facts.Error},
		"NUL bytes":                     {map[string]memfs.File{main: {Data: "PermitRootLogin no\x00 yes\n"}}, facts.Partial},
		"not UTF-8":                     {map[string]memfs.File{main: {Data: "Banner \xff\xfe\n"}}, facts.OK},
		"no server and no file":         {map[string]memfs.File{"/usr/sbin/sshd": {Link: "nowhere"}}, facts.Absent},
		"the server is gone":            {map[string]memfs.File{"/usr/sbin/sshd": {Link: "nowhere"}, main: {}}, facts.Partial},
		"the file is gone":              {nil, facts.Absent},
		"the file of -f is gone":        {map[string]memfs.File{main: {}, "/etc/default/ssh": {Data: "SSHD_OPTS=-f/etc/x"}}, facts.Error},
		"a unit that includes itself":   {map[string]memfs.File{main: {}, "/etc/systemd/system/ssh.service": {Data: "[Service]\nExecStart=/usr/sbin/sshd ${A} $A\nEnvironment=A=${A}$A"}}, facts.OK},
		"a keyword newer than sshd":     {map[string]memfs.File{main: {Data: "RefuseConnection yes"}}, facts.Partial},
		"an option that is no keyword":  {map[string]memfs.File{main: {}, "/etc/default/ssh": {Data: "SSHD_OPTS=-oFoo=1"}}, facts.Error},
		"a match in the command line":   {map[string]memfs.File{main: {}, "/etc/default/ssh": {Data: "SSHD_OPTS='-o Match=all'"}}, facts.OK},
		"algorithms by unknown pattern": {map[string]memfs.File{main: {Data: "Ciphers +*-cbc"}}, facts.Partial},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, server(c.files, recordedVersion))
			if status.State != c.state {
				t.Errorf("state %s %.300v, want %s", status.State, status.Problems, c.state)
			}
			if len(status.Problems) > maxProblems+20 {
				t.Errorf("%d problems", len(status.Problems))
			}
			if got != nil && status.State == facts.Error {
				t.Error("settings of a server that does not start")
			}
		})
	}
}

func FuzzConfig(f *testing.F) {
	for _, files := range factstest.Trees(f, "testdata/trees.txtar") {
		f.Add(files["/etc/ssh/sshd_config"].Data, "SSHD_OPTS='-p 22 -oPort=1'")
	}
	f.Fuzz(func(t *testing.T, config, options string) {
		got, status := collectIn(t, server(factstest.Text(map[string]string{"/etc/ssh/sshd_config": config, "/etc/default/ssh": options}), recordedVersion))
		if (got == nil) != (status.State == facts.Error || status.State == facts.Absent) {
			t.Errorf("%s with settings %v", status.State, got)
		}
	})
}
