package facts

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxRepoFiles = 10_000
	maxRepos     = 10_000
	maxRepoValue = 1 << 16 // bytes of one setting
)

// RepoFiles is how a package manager of the RPM family is configured: dnf.conf(5), yum.conf(5), zypp.conf.
type RepoFiles struct {
	Main     []string // the first one that is there counts
	Dirs     []string // of *.repo
	GPGCheck bool     // what is checked where nobody says
	RepoGPG  bool
}

// Repositories reads them. It is fs.ErrNotExist when there are none.
func (s *Scope) Repositories(files RepoFiles) (*Repositories, error) {
	r := &Repositories{Main: map[string]*Value[string]{}, Repos: []Repo{}}
	var all []Setting
	found := false
	for _, main := range files.Main {
		settings, err := s.RepoSettings(main)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all, found = settings, true
		break
	}
	names := s.DropIns(".repo", files.Dirs...)
	for i, file := range names {
		if i >= maxRepoFiles {
			s.Problem(file.Path, 0, binread.Limit("more than %d files of repositories; the rest is left out", maxRepoFiles))
			break
		}
		settings, err := s.RepoSettings(file.Path)
		if err != nil {
			s.Problem(file.Path, 0, err)
		}
		all, found = append(all, settings...), true
	}
	if !found {
		return nil, fmt.Errorf("repositories: %w", fs.ErrNotExist)
	}
	for _, set := range all {
		if set.Section == "main" && set.Key != "" {
			value := Redact(set.Value)
			if secretOf(set.Key) {
				value = "***"
			}
			r.Main[set.Key] = Override(r.Main[set.Key], value, set.Source)
		}
	}
	s.repos(r, all, files)
	return r, nil
}

// repos puts the settings of each section together; a section that comes again adds to the first.
func (s *Scope) repos(r *Repositories, all []Setting, files RepoFiles) {
	index := map[string]int{}
	for _, set := range all {
		if set.Section == "main" {
			continue
		}
		i, ok := index[set.Section]
		if !ok {
			if len(r.Repos) >= maxRepos {
				s.Problem(set.Source.Path, set.Source.Line, binread.Limit("more than %d repositories; the rest is left out", maxRepos))
				return
			}
			i = len(r.Repos)
			index[set.Section] = i
			r.Repos = append(r.Repos, Repo{
				ID: set.Section, URLs: []string{}, GPGKeys: []string{}, Settings: map[string]string{}, Source: set.Source,
				Enabled: Default(true), GPGCheck: s.mainFlag(r, "gpgcheck", files.GPGCheck),
				RepoGPGCheck: s.mainFlag(r, "repo_gpgcheck", files.RepoGPG), SSLVerify: s.mainFlag(r, "sslverify", true),
			})
		}
		s.repoSetting(&r.Repos[i], set)
	}
}

func (s *Scope) mainFlag(r *Repositories, key string, missing bool) *Value[bool] {
	v := Default(missing)
	if set := r.Main[key]; set != nil {
		s.flag(&v, *set.Source, set.Value)
	}
	return v
}

func (s *Scope) repoSetting(repo *Repo, set Setting) {
	if set.Key == "" {
		return // the section itself
	}
	if secretOf(set.Key) {
		repo.Settings[set.Key] = "***"
		return
	}
	repo.Settings[set.Key] = Redact(set.Value)
	words := strings.FieldsFunc(Redact(set.Value), func(r rune) bool { return r == ' ' || r == '\t' || r == ',' })
	switch set.Key {
	case "name":
		repo.Name = set.Value
	case "baseurl", "mirrorlist", "metalink":
		repo.URLs = append(repo.URLs, words...)
	case "gpgkey":
		repo.GPGKeys = append(repo.GPGKeys, words...)
	case "enabled":
		s.flag(&repo.Enabled, set.Source, set.Value)
	case "gpgcheck", "pkg_gpgcheck":
		s.flag(&repo.GPGCheck, set.Source, set.Value)
	case "repo_gpgcheck":
		s.flag(&repo.RepoGPGCheck, set.Source, set.Value)
	case "sslverify":
		s.flag(&repo.SSLVerify, set.Source, set.Value)
	}
}

func secretOf(key string) bool {
	return slices.Contains([]string{"password", "proxy_password", "username", "proxy_username", "sslclientkey"}, key)
}

// flag sets v where text is a yes or no.
func (s *Scope) flag(v **Value[bool], at Source, text string) {
	switch strings.ToLower(text) {
	case "1", "yes", "true", "on", "enabled", "always":
		*v = Override(*v, true, at)
	case "0", "no", "false", "off", "disabled", "never":
		*v = Override(*v, false, at)
	default:
		s.Problem(at.Path, at.Line, fmt.Errorf("%.40q is neither yes nor no", text))
	}
}

// RepoSettings reads one file of [sections] with key=value, where a line that begins with a blank continues the value above
// it. Values may hold secrets, and the texts of sources hold none. Each section comes first as a setting without a key.
// Errors are those of ReadFile.
func (s *Scope) RepoSettings(file string) ([]Setting, error) {
	var all []Setting
	section := ""
	err := s.Lines(file, func(n int, text string) {
		text = strings.TrimRight(text, " \t\r")
		trimmed := strings.TrimSpace(text)
		switch {
		case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
		case text[0] == ' ' || text[0] == '\t':
			if len(all) == 0 || all[len(all)-1].Key == "" {
				s.Problem(file, n, errors.New("line continues no setting"))
				return
			}
			last := &all[len(all)-1]
			if len(last.Value)+len(trimmed) > maxRepoValue {
				s.Problem(file, n, binread.Limit("setting of more than %d bytes; the rest is left out", maxRepoValue))
				return
			}
			last.Value = strings.TrimSpace(last.Value + " " + trimmed)
		case text[0] == '[':
			end := strings.IndexByte(text, ']')
			if end < 0 {
				s.Problem(file, n, errors.New("section header has no ]"))
				return
			}
			section = text[1:end]
			all = append(all, Setting{Section: section, Source: Source{file, n, text}})
		default:
			key, value, ok := strings.Cut(text, "=")
			if !ok || section == "" {
				s.Problem(file, n, errors.New("line is no section, comment or setting of a section"))
				return
			}
			key, value = strings.TrimSpace(key), strings.TrimSpace(value)
			at := Source{Path: file, Line: n, Text: Redact(text)}
			if secretOf(key) {
				at.Text = ""
			}
			all = append(all, Setting{section, key, value, at})
		}
	})
	return all, err
}

// OverrideRepos applies settings whose sections are patterns of repository ids, as dnf5 has them.
func (s *Scope) OverrideRepos(r *Repositories, settings []Setting) {
	for _, set := range settings {
		for i := range r.Repos {
			if ok, err := path.Match(set.Section, r.Repos[i].ID); ok && err == nil || set.Section == r.Repos[i].ID {
				s.repoSetting(&r.Repos[i], set)
			}
		}
	}
}
