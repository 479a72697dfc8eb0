package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/evidence"
)

// maxPrivateKey is how large a file with a private key may be, in bytes.
const maxPrivateKey = 64 << 10

// evidenceFlags are the flags of every command that can sign what it found.
type evidenceFlags struct {
	file string
	key  string
}

func (f *evidenceFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "evidence", "", "write a signed statement of the verdicts to `FILE`, with the digests of the image and of all that they rest on")
	cmd.Flags().StringVar(&f.key, "sign-key", "", "ed25519 private key that signs the evidence, as `FILE|env:NAME`")
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"evidence": carapace.ActionFiles(), "sign-key": carapace.ActionFiles()})
}

// attestation is evidence that will be written.
type attestation struct {
	path string
	key  *evidence.PrivateKey

	statement *evidence.Statement
}

// begin reads the key. It returns nil when no evidence is asked for.
func (f *evidenceFlags) begin() (*attestation, error) {
	if err := paired(f.file, f.key); err != nil || f.file == "" {
		return nil, err
	}
	text, err := secret(f.key)
	if err != nil {
		return nil, fmt.Errorf("--sign-key: %w", err)
	}
	key, err := evidence.ReadPrivateKey(text)
	if err != nil {
		return nil, fmt.Errorf("--sign-key %s: %w", f.key, err)
	}
	return &attestation{path: f.file, key: key}, nil
}

// paired wants a file of evidence and a key that signs it, or neither.
func paired(file, key string) error {
	switch {
	case file == "" && key != "":
		return errors.New("--sign-key: nothing to sign, want --evidence FILE, too")
	case file != "" && key == "":
		return errors.New("--evidence: nobody to sign it, want --sign-key FILE or env:NAME, too")
	}
	return nil
}

// secret reads a file, or a variable of the environment named as env:NAME.
func secret(where string) ([]byte, error) {
	if name, ok := strings.CutPrefix(where, "env:"); ok {
		value := os.Getenv(name)
		if value == "" {
			return nil, fmt.Errorf("the variable %s is empty or not set", name)
		}
		return []byte(value), nil
	}
	f, err := os.Open(where)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxPrivateKey))
}

// write signs the statement.
func (a *attestation) write(w io.Writer, _ *audit.Result) error {
	b, err := a.key.Sign(a.statement)
	if err == nil {
		_, err = w.Write(b)
	}
	return err
}

// state makes the statement. That there is nothing to make it of is an error of kind evidence.ErrNoSubject.
func (a *attestation) state(cmd *cobra.Command, job *audit.Job, r *audit.Result) (err error) {
	a.statement, err = evidence.New(r, evidence.Run{
		Command: cmd.Name(), Options: verdictOptions(cmd), Snapshot: job.Engine.Snapshot, Time: job.Now,
	})
	return err
}

// silentFlags change what is shown, kept or written, and no verdict.
func silentFlags() []string {
	return []string{
		"evidence", "sign-key", "disk", "format", "report", "exit-zero", "jobs", "no-cache", "no-color", "quiet", "workers", "allow-dir", "key",
		"header", "framework", "facts-out", agentDirFlag, "no-step-summary", "store",
	}
}

// verdictOptions are the flags that were given and can change a verdict, with their values.
func verdictOptions(cmd *cobra.Command) map[string][]string {
	options := map[string][]string{}
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		if slices.Contains(silentFlags(), flag.Name) {
			return
		}
		options[flag.Name] = []string{flag.Value.String()}
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			options[flag.Name] = list.GetSlice()
		}
	})
	return options
}
