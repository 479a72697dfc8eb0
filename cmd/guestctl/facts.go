package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/report"
)

func newFactsCommand() *cobra.Command {
	var f factsFlags
	cmd := &cobra.Command{
		Use:   "facts IMAGE...",
		Short: "Print the facts about guests, with the file and line each came from",
		Long: `Print the facts about guests, with the file and line each came from.

In place of an image stands also a document that --facts-out stored, or what the history keeps of a machine
(history:web01@118). Of several images each gives a document of its own, in the order they are named; an image that cannot be read is told on stderr and does not stop the others.`,
		Example: `  guestctl facts disk.qcow2
  guestctl facts --only os,selinux disk.qcow2
  guestctl facts --only files --file /etc/shadow --file '/etc/ssh/*_key' disk.qcow2
  guestctl facts --facts-out web01.facts disk.qcow2`,
		Args: wantArgs(1, -1, "IMAGE..."),
		RunE: func(cmd *cobra.Command, images []string) error { return f.run(cmd, images) },
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.only, "only", nil, "collect just these `DOMAINS`, separated by commas")
	flags.StringArrayVar(&f.files, "file", nil, "describe this `PATH` or pattern of the guest; may be repeated")
	flags.StringSliceVar(&f.digests, "digest", nil, "`ALGORITHMS` for the digests of the files, separated by commas: sha256, sha512, blake2b, sha1, md5")
	flags.BoolVar(&f.packages, "package", false, "name the package that owns each --file")
	flags.StringVar(&f.format, "format", report.DocumentFormats()[0].Name, "how to write them: "+strings.Join(report.DocumentNames(), ", "))
	flags.StringVar(&f.out, "facts-out", "", "store the facts in `FILE` and print nothing; a stored document stands in for its image")
	flags.IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "how many images are read at the same time")
	f.image.add(cmd)
	f.history.add(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{
		"format":    carapace.ActionValues(report.DocumentNames()...),
		"only":      carapace.ActionValues(domains()...).UniqueList(","),
		"facts-out": carapace.ActionFiles(),
	})
	carapace.Gen(cmd).PositionalAnyCompletion(carapace.ActionFiles())
	cmd.AddCommand(factsDiffCommand(), &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of the document", Args: wantArgs(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return printSchema(cmd, "facts") },
	})
	return cmd
}

type factsFlags struct {
	only     []string
	files    []string
	digests  []string
	packages bool
	format   string
	out      string
	jobs     int
	image    imageFlags
	history  storeFlags
}

func (f *factsFlags) run(cmd *cobra.Command, images []string) error {
	format, err := report.FindDocument(f.format)
	if err != nil {
		return err
	}
	req, err := factsRequest(f.only, f.files, facts.FileRequest{Digests: f.digests, Package: f.packages})
	if err != nil {
		return err
	}
	if f.jobs < 1 {
		return fmt.Errorf("--jobs %d, want at least 1", f.jobs)
	}
	history := pastOf(cmd)
	defer history.done()
	if images, err = history.names(cmd.Context(), images); err != nil {
		return err
	}
	if err := f.image.one(images); err != nil {
		return err
	}
	if f.out != "" && len(images) > 1 {
		return fmt.Errorf("--facts-out stores the facts of one image, not of %d", len(images))
	}
	at, err := now()
	if err != nil {
		return err
	}
	gather := f.image.gather(req, at)
	gather.Documents = history.read
	if f.out != "" {
		return f.store(cmd.Context(), gather, images[0])
	}
	return f.print(cmd, gather, images, format)
}

// print writes the documents in the order of the images, each as soon as those before it are written.
func (f *factsFlags) print(cmd *cobra.Command, gather audit.Gather, images []string, format report.DocumentFormat) error {
	bar := newProgress(cmd, int64(len(images)))
	defer bar.Close()
	type result struct {
		text []byte
		err  error
	}
	results := make([]chan result, len(images))
	for i := range results {
		results[i] = make(chan result, 1)
	}
	slots := make(chan struct{}, f.jobs)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i, image := range images {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				docs, err := gather.Image(cmd.Context(), image)
				var b bytes.Buffer
				for _, d := range docs {
					err = errors.Join(err, withCode(exitInternal, format.Write(&b, d)))
				}
				if b.Len() > 0 {
					results[i] <- result{facts.Unaligned(b.Bytes()), err}
					return
				}
				results[i] <- result{nil, err}
			})
		}
	})
	defer wg.Wait()
	var errs []error
	for i := range images {
		r := <-results[i]
		bar.Add(1)
		_, err := cmd.OutOrStdout().Write(r.text)
		errs = append(errs, factsError(r.err), withCode(exitInternal, err))
	}
	return errors.Join(errs...)
}

// store writes the facts of one image to a file, whole or not at all.
func (f *factsFlags) store(ctx context.Context, gather audit.Gather, image string) error {
	docs, err := gather.Image(ctx, image)
	if err != nil {
		return factsError(err)
	}
	if len(docs) != 1 {
		return fmt.Errorf("%s: %d operating systems, want one: choose it with --root DEVICE", image, len(docs))
	}
	return withCode(exitUsage, writeWhole(f.out, func(w io.Writer) error { return writeFacts(w, f.out, docs[0]) }))
}

// writeFacts stores a document in the form that the name of its file asks for.
func writeFacts(w io.Writer, path string, doc *facts.Document) error {
	if strings.HasSuffix(path, ".zst") {
		return facts.WriteZstd(w, doc)
	}
	return facts.Write(w, doc)
}

// factsError gives an error about an image its exit code, if it has none.
func factsError(err error) error {
	if coded := (*codeError)(nil); err == nil || errors.As(err, &coded) {
		return err
	}
	return runError(err)
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
func factsRequest(only, files []string, want facts.FileRequest) (facts.Request, error) {
	req := facts.Request{Domains: only, Files: map[string]facts.FileRequest{}}
	if len(only) == 0 {
		req.Domains = slices.Sorted(slices.Values(audit.WholeDomains()))
	}
	for _, name := range only {
		if !slices.Contains(domains(), name) {
			return req, fmt.Errorf("--only: no facts called %q, want some of %s", name, strings.Join(domains(), ", "))
		}
	}
	for _, path := range files {
		req.AddFile(path, want)
	}
	return req, nil
}

// remove removes a temporary file, if it still has its name: after a rename there is nothing to do.
func remove(name string) { _ = os.Remove(name) }

// writeWhole writes a file that nobody ever sees half of.
func writeWhole(path string, write func(io.Writer) error) error {
	temp, err := createBeside(path)
	if err != nil {
		return err
	}
	defer remove(temp.Name())
	if err := write(temp); err != nil {
		return errors.Join(err, temp.Close())
	}
	return finish(temp, path)
}
