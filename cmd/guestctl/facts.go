package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/report"
)

func newFactsCommand() *cobra.Command {
	var f struct {
		only    []string
		files   []string
		digests []string
		format  string
		image   imageFlags
	}
	writers := map[string]func(io.Writer, any) error{"json": report.WriteJSON, "yaml": report.WriteYAML}
	cmd := &cobra.Command{
		Use:   "facts IMAGE",
		Short: "Print the facts about a guest, with the file and line each came from",
		Example: `  guestctl facts disk.qcow2
  guestctl facts --only os,selinux disk.qcow2
  guestctl facts --only files --file /etc/shadow --file '/etc/ssh/*_key' disk.qcow2`,
		Args: wantArgs(1, 1, "IMAGE"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			write, ok := writers[f.format]
			if !ok {
				return fmt.Errorf("no format %q, want json or yaml", f.format)
			}
			req, err := factsRequest(f.only, f.files, f.digests)
			if err != nil {
				return err
			}
			at, err := now()
			if err != nil {
				return err
			}
			m, err := f.image.open(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, m.Close()) }()
			guests, err := m.Select(f.image.root)
			if err != nil {
				return notJudged(fmt.Errorf("%s: %w", args[0], err))
			}
			if len(guests) > 1 {
				return fmt.Errorf("%s: %d operating systems, want one: choose it with --root DEVICE", args[0], len(guests))
			}
			doc, err := m.Facts(cmd.Context(), guests[0], req, at)
			if err != nil {
				return notJudged(err)
			}
			doc.Meta.Tool = toolVersion()
			return withCode(exitInternal, write(output(cmd), doc))
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.only, "only", nil, "collect just these `DOMAINS`, separated by commas")
	flags.StringArrayVar(&f.files, "file", nil, "describe this `PATH` or pattern of the guest; may be repeated")
	flags.StringSliceVar(&f.digests, "digest", nil, "`ALGORITHMS` for the digests of the files, separated by commas: sha256, sha512, blake2b, sha1, md5")
	flags.StringVar(&f.format, "format", "json", "how to write them: json, yaml")
	f.image.add(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{
		"format": carapace.ActionValues("json", "yaml"),
		"only":   carapace.ActionValues(domains()...).UniqueList(","),
	})
	carapace.Gen(cmd).PositionalCompletion(carapace.ActionFiles())
	return cmd
}

func domains() []string {
	var names []string
	for _, c := range engine.Collectors() {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return names
}

// factsRequest asks for the domains of --only, or for all but those of single files, and for the named files.
func factsRequest(only, files, digests []string) (facts.Request, error) {
	req := facts.Request{Domains: only, Files: map[string]facts.FileRequest{}}
	if len(only) == 0 {
		req.Domains = slices.DeleteFunc(domains(), func(name string) bool { return name == "files" || name == "globs" })
	}
	for _, name := range only {
		if !slices.Contains(domains(), name) {
			return req, fmt.Errorf("--only: no facts called %q, want some of %s", name, strings.Join(domains(), ", "))
		}
	}
	for _, path := range files {
		req.AddFile(path, facts.FileRequest{Digests: digests})
	}
	return req, nil
}
