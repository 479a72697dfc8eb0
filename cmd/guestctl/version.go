package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/appliance"
	"github.com/guestctl/guestctl/scanner/yara"
)

// version is set by the linker for releases.
var version = ""

// toolVersion is the version of this program, from the linker or from the module's build information.
func toolVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// yaraVersion says whether this build has YARA.
func yaraVersion() string {
	if yara.Version == "" {
		return "without YARA"
	}
	return "yara " + yara.Version
}

func newVersionCommand() *cobra.Command {
	var formats bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version, and what this version reads",
		Args:  wantArgs(0, 0, "[--formats]"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := cmd.OutOrStdout()
			if _, err := fmt.Fprintf(w, "guestctl %s %s %s/%s %s\n",
				toolVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH, yaraVersion()); err != nil || !formats {
				return withCode(exitInternal, err)
			}
			var images, machines, volumes, fileSystems []string
			for _, f := range engine.Images() {
				images = append(images, f.Name)
			}
			for _, f := range appliance.Formats() {
				machines = append(machines, f.Name)
			}
			for _, f := range engine.Volumes() {
				volumes = append(volumes, f.Name)
			}
			for _, f := range engine.FileSystems() {
				fileSystems = append(fileSystems, f.Name)
			}
			_, err := fmt.Fprintf(w, "images        %s\nmachines      %s\nvolumes       %s\nfile systems  %s\n",
				strings.Join(images, " "), strings.Join(machines, " "), strings.Join(volumes, " "), strings.Join(fileSystems, " "))
			return withCode(exitInternal, err)
		},
	}
	cmd.Flags().BoolVar(&formats, "formats", false, "list the formats this version reads")
	return cmd
}
