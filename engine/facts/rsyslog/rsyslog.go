// Package rsyslog collects the domain "rsyslog": what rsyslogd listens on, where it sends logs, and with which modes it
// makes its files.
//
// All three syntaxes of rsyslog.conf(5) are read: selectors of sysklogd, $directives, and RainerScript objects. Conditions
// are not evaluated: a statement in one counts. Templates are not expanded.
package rsyslog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	main        = "/etc/rsyslog.conf"
	maxFiles    = 1_000
	maxNesting  = 10
	maxEntries  = 20_000
	maxText     = 4 << 20 // bytes of one file
	defaultMode = "0644"
)

// Collector collects the domain "rsyslog".
var Collector = facts.New("rsyslog", "Listeners, remote hosts and file modes of rsyslog", collect)

// reader runs through the files with the settings that hold at the point it is at.
type reader struct {
	s        *facts.Scope
	out      *facts.Rsyslog
	depth    int
	entries  int
	stopped  bool
	mode     string // $FileCreateMode
	modeNew  string // of action objects
	umask    string // $Umask
	tls      bool
	selector string // of the last rule, for &
}

func collect(_ context.Context, s *facts.Scope) (*facts.Rsyslog, error) {
	r := &reader{s: s, mode: defaultMode, modeNew: defaultMode, out: &facts.Rsyslog{
		Files: []string{}, FileCreateMode: []facts.RsyslogSetting{}, DirCreateMode: []facts.RsyslogSetting{}, Modules: []facts.RsyslogSetting{},
		Listeners: []facts.RsyslogListener{}, Remote: []facts.RsyslogRemote{}, Outputs: []facts.RsyslogOutput{},
	}}
	if err := r.file(main); err != nil {
		return nil, err
	}
	for i := range r.out.Listeners {
		l := &r.out.Listeners[i]
		for _, m := range r.out.Modules {
			l.Loaded = l.Loaded || strings.EqualFold(m.Value, l.Module)
		}
	}
	return r.out, nil
}

// file reads one file in its place.
func (r *reader) file(name string) error {
	switch {
	case r.stopped:
		return nil
	case len(r.out.Files) >= maxFiles || r.depth == maxNesting:
		r.stopped = true
		return binread.Limit("more than %d files, or includes more than %d deep", maxFiles, maxNesting)
	}
	b, err := r.s.ReadFile(name)
	if err != nil {
		return err
	}
	if len(b) > maxText {
		return binread.Limit("%s: %d bytes, want at most %d", name, len(b), maxText)
	}
	r.out.Files = append(r.out.Files, name)
	r.depth++
	defer func() { r.depth-- }()
	for _, st := range statements(string(b), func(line int, err error) { r.s.Problem(name, line, err) }) {
		at := facts.At(name, st.line, facts.Redact(st.text))
		if err := r.statement(st, at); err != nil {
			r.s.Problem(name, st.line, err)
		}
		if r.stopped {
			return nil
		}
	}
	return nil
}

func (r *reader) statement(st statement, at facts.Source) error {
	if r.entries++; r.entries > maxEntries {
		r.stopped = true
		return binread.Limit("more than %d statements", maxEntries)
	}
	switch {
	case st.object != "":
		return r.object(st, at)
	case st.text[0] == '$':
		return r.directive(st.text, at)
	}
	r.rule(st.text, at)
	return nil
}

func (r *reader) directive(text string, at facts.Source) error {
	words := strings.Fields(text)
	if len(words) < 2 {
		return nil
	}
	value := words[1]
	set := facts.RsyslogSetting{Value: value, Source: at}
	switch strings.ToLower(words[0]) {
	case "$filecreatemode":
		r.mode = value
		r.out.FileCreateMode = append(r.out.FileCreateMode, set)
	case "$dircreatemode":
		r.out.DirCreateMode = append(r.out.DirCreateMode, set)
	case "$umask":
		r.umask = value
	case "$modload":
		set.Value = strings.TrimSuffix(path.Base(value), ".so")
		r.out.Modules = append(r.out.Modules, set)
	case "$includeconfig":
		return r.include(value, false)
	case "$inputtcpserverrun":
		r.listen("imtcp", value, at)
	case "$udpserverrun":
		r.listen("imudp", value, at)
	case "$inputptcpserverrun":
		r.listen("imptcp", value, at)
	case "$inputrelpserverrun":
		r.listen("imrelp", value, at)
	case "$actionsendstreamdrivermode":
		r.tls = value == "1"
	case "$resetconfigvariables":
		r.mode, r.tls = defaultMode, false
	}
	return nil
}

func (r *reader) listen(module, port string, at facts.Source) {
	r.out.Listeners = append(r.out.Listeners, facts.RsyslogListener{Module: module, Port: port, Source: at})
}

func (r *reader) object(st statement, at facts.Source) error {
	p := st.params
	kind := strings.ToLower(p["type"])
	switch st.object {
	case "module":
		name := strings.TrimSuffix(path.Base(p["load"]), ".so")
		r.out.Modules = append(r.out.Modules, facts.RsyslogSetting{Value: name, Source: at})
		if mode := p["filecreatemode"]; mode != "" && strings.EqualFold(name, "builtin:omfile") {
			r.modeNew = mode
			r.out.FileCreateMode = append(r.out.FileCreateMode, facts.RsyslogSetting{Value: mode, Source: at})
		}
	case "include":
		if p["file"] == "" {
			return nil // text="…" has statements in a string
		}
		return r.include(p["file"], strings.EqualFold(p["mode"], "optional"))
	case "input":
		if p["port"] != "" || kind == "imtcp" || kind == "imudp" || kind == "imrelp" || kind == "imptcp" {
			r.listen(kind, p["port"], at)
		}
	case "action":
		r.action(kind, p, st.selector, at)
	}
	return nil
}

func (r *reader) action(kind string, p map[string]string, selector string, at facts.Source) {
	switch kind {
	case "omfwd", "omrelp":
		remote := facts.RsyslogRemote{
			Selector: selector, Host: p["target"], Port: p["port"], Protocol: strings.ToLower(p["protocol"]), Source: at,
			TLS: p["streamdrivermode"] == "1" || strings.EqualFold(p["tls"], "on"),
		}
		if kind == "omrelp" {
			remote.Protocol = "relp"
		}
		if remote.Protocol == "" {
			remote.Protocol = "udp"
		}
		if remote.Port == "" {
			remote.Port = "514"
		}
		r.out.Remote = append(r.out.Remote, remote)
	case "omfile":
		mode := r.modeNew
		if m := p["filecreatemode"]; m != "" {
			mode = m
			r.out.FileCreateMode = append(r.out.FileCreateMode, facts.RsyslogSetting{Value: m, Source: at})
		}
		file := p["file"]
		if file == "" {
			file = "?" + p["dynafile"]
		}
		r.output(selector, file, mode, at)
	}
}

// include reads what a pattern matches, in the order of names. A directory stands for all files in it.
func (r *reader) include(pattern string, optional bool) error {
	if strings.HasSuffix(pattern, "/") {
		pattern += "*"
	}
	paths := r.s.Glob(pattern)
	for _, p := range paths {
		if base := path.Base(p); strings.HasPrefix(base, ".") && !strings.HasPrefix(path.Base(pattern), ".") {
			continue
		}
		if o, err := r.s.Guest.Stat(p); err == nil && o.IsDir() {
			continue
		}
		if err := r.file(p); err != nil && (!optional || !errors.Is(err, fs.ErrNotExist)) {
			r.s.Problem(p, 0, err)
		}
	}
	if len(paths) == 0 && !optional && !strings.ContainsAny(pattern, "*?[") {
		return fmt.Errorf("%s is included and does not exist", pattern)
	}
	return nil
}
