package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/report"
	"github.com/guestctl/guestctl/scanner/taxii"
)

// fetchFlags are those of intel fetch.
type fetchFlags struct {
	server, collection, out, after, user, passwordEnv string
}

func intelFetchCommand() *cobra.Command {
	var f fetchFlags
	cmd := &cobra.Command{
		Use:   "fetch --taxii URL [--collection ID -o FILE]",
		Short: "Fetch a collection of a TAXII 2.1 server as a bundle of STIX",
		Long: `Fetch a collection of a TAXII 2.1 server as a bundle of STIX.

This is the only command that talks to a network. Without --collection it lists the collections of the server. The password stands in
a variable of the environment, and goes to no other host than the one in --taxii.`,
		Example: `  guestctl intel fetch --taxii https://taxii.example/taxii2/
  guestctl intel fetch --taxii https://taxii.example/taxii2/ --collection 6f2b... -o bundle.json --added-after 2026-11-01`,
		Args: wantArgs(0, 0, "--taxii URL [--collection ID -o FILE]"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, after, err := f.client()
			if err != nil {
				return withCode(exitUsage, err)
			}
			if f.collection == "" {
				return listCollections(cmd, client)
			}
			return f.fetch(cmd, client, after)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.server, "taxii", "", "ask the server at `URL`: the address of its discovery or of an API root")
	fl.StringVar(&f.collection, "collection", "", "fetch the collection with this `ID`")
	fl.StringVarP(&f.out, "output", "o", "", "write the bundle to `FILE`")
	fl.StringVar(&f.after, "added-after", "", "only what was added after `TIME` (2026-11-01 or 2026-11-01T12:00:00Z)")
	fl.StringVar(&f.user, "user", "", "log in as `NAME`")
	fl.StringVar(&f.passwordEnv, "password-env", "", "log in with the password in the variable `NAME`")
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"output": carapace.ActionFiles(".json")})
	return cmd
}

// client checks the flags.
func (f *fetchFlags) client() (c *taxii.Client, after time.Time, err error) {
	switch {
	case f.server == "":
		return nil, after, errors.New("no server, want --taxii URL")
	case (f.collection == "") != (f.out == ""):
		return nil, after, errors.New("--collection and -o go together")
	case f.user == "" && f.passwordEnv != "":
		return nil, after, errors.New("--password-env without --user")
	}
	if f.after != "" {
		if after, err = time.Parse(time.RFC3339, f.after); err != nil {
			after, err = time.Parse(time.DateOnly, f.after)
		}
		if err != nil {
			return nil, after, fmt.Errorf("--added-after %q, want 2026-11-01 or 2026-11-01T12:00:00Z", f.after)
		}
	}
	password := ""
	if f.passwordEnv != "" {
		var ok bool
		if password, ok = os.LookupEnv(f.passwordEnv); !ok {
			return nil, after, fmt.Errorf("--password-env: no variable %s", f.passwordEnv)
		}
	}
	c, err = taxii.New(f.server, f.user, password, nil)
	return c, after, err
}

func listCollections(cmd *cobra.Command, client *taxii.Client) error {
	all, err := client.Collections(cmd.Context())
	if err != nil {
		return notJudged(err)
	}
	var rows [][]string
	for _, c := range all {
		rows = append(rows, []string{c.ID, strconv.FormatBool(c.CanRead), c.Title, c.Root})
	}
	return withCode(exitInternal, report.WriteTable(cmd.OutOrStdout(), []string{"COLLECTION", "READABLE", "TITLE", "API ROOT"}, rows))
}

// fetch writes the bundle. Of one that breaks off nothing stays.
func (f *fetchFlags) fetch(cmd *cobra.Command, client *taxii.Client, after time.Time) error {
	n := 0
	err := writeWhole(f.out, func(w io.Writer) (err error) {
		n, err = client.Fetch(cmd.Context(), f.collection, after, w)
		return notJudged(err)
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d objects in %s\n", n, report.Escape(f.out))
	return withCode(exitInternal, err)
}
