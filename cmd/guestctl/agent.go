package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/agent"
	"github.com/guestctl/guestctl/agent/metrics"
	"github.com/guestctl/guestctl/agent/store"
)

func newAgentCommand() *cobra.Command {
	var f struct {
		store   storeFlags
		log     logFlags
		workers int
		metrics string
	}
	cmd := &cobra.Command{
		Use:   "agent",
		Short: "Run jobs when they are due, until it is stopped",
		Long: `Run jobs when they are due, until it is stopped.

Any number of agents may share one store: with PostgreSQL on any number of machines. One of them schedules, all of them run, and what an
agent was at when it was killed is done by another. On SIGTERM or Ctrl-C what is running goes back into the queue. Under systemd
(Type=notify) it says when it is ready, and that it lives.`,
		Example: `  guestctl agent
  guestctl agent --store postgres://guestctl@db/guestctl --workers 4 --metrics :9464
  guestctl agent status`,
		Args: wantArgs(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := f.log.open(cmd)
			if err != nil {
				return err
			}
			return f.store.with(cmd.Context(), log, func(s *store.Store) error {
				opts := agentOptions(s, f.workers, log)
				served, err := serveMetrics(cmd.Context(), f.metrics, &opts)
				if err != nil {
					return err
				}
				a, err := agent.New(cmd.Context(), opts)
				if err != nil {
					return err
				}
				log.Info("agent begins", "store", s.Place, "version", toolVersion())
				go watchdog(cmd.Context(), s, log)
				err = a.Serve(cmd.Context(), func() { tellSystemd(log, daemon.SdNotifyReady) })
				tellSystemd(log, daemon.SdNotifyStopping)
				served()
				log.Info("agent ends")
				return err
			})
		},
	}
	f.store.add(cmd)
	cmd.Flags().IntVar(&f.workers, "workers", 0, "how many runs at the same time (0: one for each processor)")
	cmd.Flags().StringVar(&f.metrics, "metrics", "", "tell Prometheus at `ADDRESS` how jobs are doing, such as :9464; without a host it is 127.0.0.1")
	f.log.add(cmd)
	cmd.AddCommand(agentStatusCommand())
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

// serveMetrics answers Prometheus at an address, where there is one, about an agent with these options. What it returns waits for its end.
func serveMetrics(ctx context.Context, address string, opts *agent.Options) (wait func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	l, open, err := metrics.Listen(ctx, address)
	if err != nil {
		return nil, withCode(exitUsage, fmt.Errorf("--metrics: %w", err))
	}
	m := metrics.New(opts.Store, opts.Version, opts.Now)
	opts.Ended = m.Ended
	opts.Log.Info("metrics are served", "address", "http://"+l.Addr().String()+"/metrics")
	if open {
		opts.Log.Warn("the metrics can be read from other machines: they name jobs, and ask for no password", "address", l.Addr().String())
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := m.Serve(ctx, l, opts.Log); err != nil {
			opts.Log.Error("metrics are no longer served", "error", err)
		}
	}()
	return func() { <-ended }, nil
}
