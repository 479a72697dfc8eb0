package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/rogpeppe/go-internal/testscript"
)

const packaging = "../../packaging"

// readYAML reads a file. A name that stands in it twice is an error.
func readYAML(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return yaml.Unmarshal(b, v)
}

// gitlabJob is the job that the template has.
type gitlabJob struct {
	Variables map[string]string
	Script    []string
	Kept      struct {
		When    string
		Paths   []string
		Reports map[string]string
	} `yaml:"artifacts"` //nolint:misspell // a key of GitLab
}

func gitlab() (gitlabJob, error) {
	var file map[string]gitlabJob
	err := readYAML(filepath.Join(packaging, "gitlab", "guestctl.gitlab-ci.yml"), &file)
	return file[".guestctl-gate"], err
}

// gitlabScript writes what a runner of GitLab would run: gitlab-script job.sh.
func gitlabScript(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: gitlab-script FILE")
	}
	job, err := gitlab()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte("set -eo pipefail\n"+strings.Join(job.Script, "\n")+"\n"), 0o600))
}

// TestPackagingUsesFlagsThatExist holds what pipelines call against the command.
func TestPackagingUsesFlagsThatExist(t *testing.T) {
	job, err := gitlab()
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(filepath.Join(packaging, "github", "gate.sh"))
	if err != nil {
		t.Fatal(err)
	}
	flags := newGateCommand().Flags()
	for name, text := range map[string]string{
		"packaging/gitlab": strings.Join(job.Script, "\n") + job.Variables["GUESTCTL_ARGUMENTS"], "packaging/github/gate.sh": string(script),
	} {
		used := regexp.MustCompile(`--[a-z][a-z-]+`).FindAllString(text, -1)
		if len(used) < 8 {
			t.Errorf("%s uses %q: looking in the wrong place", name, used)
		}
		for _, flag := range used {
			if flags.Lookup(strings.TrimPrefix(flag, "--")) == nil {
				t.Errorf("%s uses %s, which guestctl gate does not have", name, flag)
			}
		}
	}
	for _, v := range regexp.MustCompile(`GUESTCTL_[A-Z_]+`).FindAllString(strings.Join(job.Script, "\n"), -1) {
		if _, ok := job.Variables[v]; !ok {
			t.Errorf("the job of GitLab uses $%s, which has no default", v)
		}
	}
	for _, path := range append(slices.Clone(job.Kept.Paths), job.Kept.Reports["junit"]) {
		if !strings.Contains(job.Script[0], path) || job.Kept.When != "always" {
			t.Errorf("the artefact %q is written by nobody, or not always kept", path)
		}
	}
}

// TestEveryInputOfTheActionReachesTheGate follows the inputs of action.yml to the script that uses them.
func TestEveryInputOfTheActionReachesTheGate(t *testing.T) {
	var action struct {
		Name, Description string
		Inputs            map[string]struct {
			Description string
			Required    bool
			Default     *string
		}
		Runs struct {
			Using string
			Steps []struct {
				If, Uses, Shell, Run string
				Env, With            map[string]string
			}
		}
	}
	if err := readYAML("../../action.yml", &action); err != nil {
		t.Fatal(err)
	}
	if action.Runs.Using != "composite" || len(action.Runs.Steps) == 0 {
		t.Fatalf("runs using %q, %d steps", action.Runs.Using, len(action.Runs.Steps))
	}
	last := action.Runs.Steps[len(action.Runs.Steps)-1]
	script, err := os.ReadFile(filepath.Join(packaging, "github", "gate.sh"))
	if err != nil {
		t.Fatal(err)
	}
	variable := map[string]string{}
	for name, value := range last.Env {
		variable[value] = name
		if !strings.Contains(string(script), name) {
			t.Errorf("%s is set for a script that does not use it", name)
		}
	}
	for name, in := range action.Inputs {
		if variable["${{ inputs."+name+" }}"] == "" {
			t.Errorf("the input %s reaches nothing", name)
		}
		if in.Description == "" || in.Required == (in.Default != nil) {
			t.Errorf("the input %s wants a description, and is required or has a default", name)
		}
	}
	if len(last.Env) != len(action.Inputs) {
		t.Errorf("%d variables for %d inputs", len(last.Env), len(action.Inputs))
	}
	for i, step := range action.Runs.Steps {
		switch {
		case (step.Run == "") == (step.Uses == ""):
			t.Errorf("step %d: want either run or uses", i)
		case step.Run != "" && step.Shell == "":
			t.Errorf("step %d: run without a shell", i)
		case strings.Contains(step.Run, "${{"):
			t.Errorf("step %d: an expression in a script can be a command; pass it in env", i)
		}
	}
}
