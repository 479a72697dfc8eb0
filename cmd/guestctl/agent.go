package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/agent/store"
	"github.com/guestctl/guestctl/report"
)

func newAgentCommand() *cobra.Command {
	var f struct {
		store   storeFlags
		workers int
		format  string
	}
	cmd := &cobra.Command{
		Use:   "agent",
		Short: "Run jobs when they are due, until it is stopped",
		Long: `Run jobs when they are due, until it is stopped.

Any number of agents may share one store: with PostgreSQL on any number of machines. One of them schedules, all of them run, and what an
agent was at when it was killed is done by another. On SIGTERM or Ctrl-C what is running goes back into the queue. Under systemd
(Type=notify) it says when it is ready, and that it lives.`,
		Example: `  guestctl agent
  guestctl agent --store postgres://guestctl@db/guestctl --workers 4
  guestctl agent status`,
		Args: wantArgs(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			log := newLog(cmd, f.format)
			return f.store.with(cmd.Context(), log, func(s *store.Store) error {
				a, err := newAgent(cmd.Context(), s, f.workers, log)
				if err != nil {
					return err
				}
				log.Info("agent begins", "store", s.Place, "version", toolVersion())
				go watchdog(cmd.Context(), s, log)
				err = a.Serve(cmd.Context(), func() { tellSystemd(log, daemon.SdNotifyReady) })
				tellSystemd(log, daemon.SdNotifyStopping)
				log.Info("agent ends")
				return err
			})
		},
	}
	f.store.add(cmd)
	cmd.Flags().IntVar(&f.workers, "workers", 0, "how many runs at the same time (0: one for each processor)")
	cmd.Flags().StringVar(&f.format, "log-format", "text", "how the log on stderr is written: text, json")
	cmd.AddCommand(scheduleCommand("status", "Print the agents of the store, and what is waiting", 0, agentStatus))
	return cmd
}

// tellSystemd says how the agent is, where systemd wants to know.
func tellSystemd(log *slog.Logger, state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.Warn("systemd cannot be told", "state", state, "error", err)
	}
}

// watchdog tells systemd that the agent lives, as long as the store answers.
func watchdog(ctx context.Context, s *store.Store, log *slog.Logger) {
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil || every == 0 {
		return
	}
	tick := time.NewTicker(every / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := s.DB.PingContext(ctx); err == nil {
				tellSystemd(log, daemon.SdNotifyWatchdog)
			}
		}
	}
}

func agentStatus(cmd *cobra.Command, s *store.Store, _ []string) error {
	agents, err := s.Agents(cmd.Context())
	if err != nil {
		return err
	}
	open, err := s.Open(cmd.Context())
	if err != nil {
		return err
	}
	at := clockNow()
	var w strings.Builder
	fmt.Fprintf(&w, "HOST\tPID\tVERSION\tSINCE\tSEEN\tLEADS\n")
	for _, a := range agents {
		seen := at.Sub(a.Seen).Round(time.Second).String() + " ago"
		if at.Sub(a.Seen) > silent {
			seen += ", silent"
		}
		fmt.Fprintf(&w, "%s\t%d\t%s\t%s\t%s\t%t\n", report.Escape(a.Host), a.PID, report.Escape(a.Version), a.Started.Local().Format("2006-01-02 15:04"), seen, a.Leads)
	}
	if err := aligned(cmd.OutOrStdout(), w.String()); err != nil {
		return err
	}
	running := 0
	for _, r := range open {
		if r.State == store.Running {
			running++
		}
	}
	if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%d runs at work, %d waiting\n", running, len(open)-running); err != nil {
		return err
	}
	if len(living(agents, at)) == 0 {
		return notJudged(fmt.Errorf("no agent is running on %s", s.Place))
	}
	return nil
}
