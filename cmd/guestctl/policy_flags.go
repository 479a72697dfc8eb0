package main

import (
	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/policy"
)

// policyFlags are the flags of every command that judges.
type policyFlags struct {
	baselines  []string
	waivers    []string
	policies   []string
	labels     []string
	key        string
	allowEmpty bool
}

func (f *policyFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.baselines, "baseline", nil, "baseline `FILE`, or builtin:NAME[@LEVEL]; may be repeated, later files override earlier ones")
	flags.StringArrayVar(&f.waivers, "waivers", nil, "`FILE` of accepted exceptions, beside those in the baselines; may be repeated")
	flags.StringArrayVar(&f.policies, "policy", nil, "`DIR|FILE|BUNDLE` with checks in Rego; may be repeated")
	flags.StringVar(&f.key, "policy-key", "", "PEM `FILE` with the public key that every --policy must be signed for, as a bundle")
	flags.StringArrayVar(&f.labels, "label", nil, "label of the images, as `KEY=VALUE`, for conditions of baselines; may be repeated")
	flags.BoolVar(&f.allowEmpty, "allow-empty", false, "accept a baseline without a check")
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{
		"baseline":   carapace.Batch(carapace.ActionFiles(".toml"), carapace.ActionValues(policy.Builtins()...)).ToA(),
		"waivers":    carapace.ActionFiles(".toml"),
		"policy":     carapace.ActionFiles(),
		"policy-key": carapace.ActionFiles(".pem"),
	})
}

// load reads the policy that the flags name.
func (f *policyFlags) load() (*policy.Policy, error) {
	if len(f.baselines)+len(f.policies) == 0 {
		return nil, errNoBaseline
	}
	return f.read(policy.Options{AllowEmpty: f.allowEmpty})
}

// loadOptional reads the policy that the flags name, where a command judges something without one, too.
func (f *policyFlags) loadOptional() (*policy.Policy, error) {
	none := len(f.baselines)+len(f.policies) == 0
	return f.read(policy.Options{AllowEmpty: f.allowEmpty || none, Optional: none})
}

func (f *policyFlags) read(opts policy.Options) (*policy.Policy, error) {
	labels, err := parseLabels(f.labels)
	if err != nil {
		return nil, err
	}
	at, err := now()
	if err != nil {
		return nil, err
	}
	opts.Waivers, opts.Policies, opts.PolicyKey, opts.Labels, opts.Now = f.waivers, f.policies, f.key, labels, at
	return policy.Load(f.baselines, opts)
}
