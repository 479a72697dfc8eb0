package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

func scheduleInstallCommand() *cobra.Command {
	var f storeFlags
	var systemd, cron bool
	cmd := &cobra.Command{
		Use: "install", Short: "Have the system run what is due", Args: wantArgs(0, 0, ""),
		Long: `Have the system run what is due.

--systemd-user writes a user service that runs guestctl agent, and says how to start it. --cron prints a line for crontab that runs what
is due every five minutes.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if systemd == cron {
				return errors.New("want one of --systemd-user and --cron")
			}
			program, err := os.Executable()
			if err != nil {
				return withCode(exitInternal, err)
			}
			place, err := f.where()
			if err != nil {
				return err
			}
			if cron {
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "*/5 * * * * %s schedule run-due --quiet --store %s\n", quoted(program), quoted(place))
				return err
			}
			return installService(cmd, program, place)
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&systemd, "systemd-user", false, "write a user service of systemd")
	cmd.Flags().BoolVar(&cron, "cron", false, "print a line for crontab")
	return cmd
}

// quoted is a word for a shell; in crontab a % would be an end of line.
func quoted(s string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s, "'", `'\''`), "%", `\%`) + "'"
}

const service = `[Unit]
Description=guestctl: scheduled checks of disk images

[Service]
Type=notify
ExecStart=%s agent --store %s
Restart=on-failure
RestartSec=30
WatchdogSec=120
NoNewPrivileges=yes

[Install]
WantedBy=default.target
`

func installService(cmd *cobra.Command, program, place string) error {
	config, err := os.UserConfigDir()
	if err != nil {
		return err
	}
	dir := filepath.Join(config, "systemd", "user")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return withCode(exitInternal, err)
	}
	path := filepath.Join(dir, "guestctl.service")
	if err := os.WriteFile(path, fmt.Appendf(nil, service, unitWord(program), unitWord(place)), 0o600); err != nil {
		return withCode(exitInternal, err)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s written. Start it with:\n  systemctl --user daemon-reload\n  systemctl --user enable --now guestctl.service\n"+
		"  loginctl enable-linger   # so that it runs while you are not logged in\n", path)
	return err
}

// unitWord is a word of ExecStart= (systemd.service(5), command lines).
func unitWord(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%", "$", "$$").Replace(s) + `"`
}
