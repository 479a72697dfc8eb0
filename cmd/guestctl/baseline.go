package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/policy"
)

func newBaselineCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "baseline",
		Short: "Check, lay out, pin and learn baselines",
	}, baselineCheckCommand(), baselineFmtCommand(), baselinePinCommand(), baselineLearnCommand(), baselineSchemaCommand())
}

func baselineSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of baselines, for editors", Args: wantArgs(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := policy.Schema()
			if err == nil {
				_, err = cmd.OutOrStdout().Write(b)
			}
			return withCode(exitInternal, err)
		},
	}
}

// rewrite gives a file of the user another content, whole or not at all. A link stays one, and the mode stays.
func rewrite(path string, content []byte) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	temp, err := createBeside(path)
	if err != nil {
		return err
	}
	defer remove(temp.Name())
	_, err = temp.Write(content)
	if err := errors.Join(err, temp.Chmod(info.Mode().Perm()), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}
