package policy

import (
	"fmt"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// repository is one place that packages come from.
type repository struct {
	name   string // of dnf, zypper and pacman
	urls   []string
	source facts.Source
}

// repositoryDomains are those of the package managers. A guest has some of them.
func repositoryDomains() []string { return []string{"apk", "apt", "dnf", "pacman", "zypper"} }

// allowedRepositories reads names of repositories and URLs, with * for any text.
func allowedRepositories(c *compiler, n *node) {
	v, o, ok := c.shortOrLong(n, "repos")
	if !ok {
		return
	}
	before := c.failures
	allowed := textsOf(c.texts(v))
	for _, a := range allowed {
		if _, err := path.Match(a, ""); err != nil {
			c.fail(v.at, "%s has %q, which is no pattern: a [ without its ]", n.path, a)
		}
	}
	if c.failures > before {
		return
	}
	c.add(n, Check{
		ID: n.path, Title: "Packages come from allowed repositories", Severity: finding.High,
		Needs: facts.Request{Domains: repositoryDomains()}, Absent: repositoryDomains(),
		Eval: func(doc *facts.Document) Outcome { return judgeRepositories(repositories(doc), allowed) },
	}, o)
}

func judgeRepositories(repos []repository, allowed []string) Outcome {
	if len(repos) == 0 {
		return Outcome{Status: finding.NotApplicable, Message: "the guest has no repository that is switched on"}
	}
	o := Outcome{Status: finding.Pass, Expected: "only allowed repositories", Actual: fmt.Sprintf("%d, all allowed", len(repos))}
	var wrong []string
	for _, r := range repos {
		if why := r.outside(allowed); why != "" {
			wrong = append(wrong, why)
			o.Where = append(o.Where, location(r.source, why))
		}
	}
	o.Message = o.Actual
	if len(wrong) > 0 {
		o.Status, o.Actual = finding.Fail, strings.Join(wrong[:min(len(wrong), maxProblems)], ", ")
		o.Message = fmt.Sprintf("want %s, is %s", o.Expected, o.Actual)
		o.Fix = "remove or switch off the repositories above"
	}
	o.Where = o.Where[:min(len(o.Where), maxShown)]
	return o
}

// outside names what of a repository is not allowed, or "". The name is enough; without it every URL must be allowed.
func (r repository) outside(allowed []string) string {
	for _, a := range allowed {
		if r.name != "" && anyText(a, r.name) {
			return ""
		}
	}
	for _, url := range r.urls {
		ok := false
		for _, a := range allowed {
			ok = ok || anyText(strings.TrimSuffix(a, "/"), strings.TrimSuffix(url, "/"))
		}
		if !ok {
			return strings.TrimSpace(r.name + " " + url)
		}
	}
	if len(r.urls) == 0 {
		return r.name
	}
	return ""
}

// anyText matches a pattern in which * is any text, slashes too.
func anyText(pattern, text string) bool {
	ok, err := path.Match(strings.ReplaceAll(pattern, "/", "\x00"), strings.ReplaceAll(text, "/", "\x00"))
	return ok && err == nil || pattern == text
}

// repositories are those that are switched on, of all package managers.
func repositories(doc *facts.Document) []repository {
	var all []repository
	if a, ok := facts.Get[facts.Apt](doc, "apt"); ok {
		for _, s := range a.Sources {
			if s.Enabled {
				all = append(all, repository{"", s.URIs, s.Source})
			}
		}
	}
	var repos []facts.Repo
	if d, ok := facts.Get[facts.Dnf](doc, "dnf"); ok {
		repos = append(repos, d.Repos...)
	}
	if z, ok := facts.Get[facts.Zypper](doc, "zypper"); ok {
		repos = append(repos, z.Repos...)
	}
	for _, r := range repos {
		if r.Enabled == nil || r.Enabled.Value {
			all = append(all, repository{r.ID, r.URLs, r.Source})
		}
	}
	if a, ok := facts.Get[facts.Apk](doc, "apk"); ok {
		for _, r := range a.Repositories {
			all = append(all, repository{"", []string{r.URL}, r.Source})
		}
	}
	if p, ok := facts.Get[facts.Pacman](doc, "pacman"); ok {
		for _, r := range p.Repos {
			all = append(all, repository{r.Name, r.Servers, r.Source})
		}
	}
	return all
}
