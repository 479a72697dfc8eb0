package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/guestctl/guestctl/agent"
	"github.com/guestctl/guestctl/agent/notify"
	"github.com/guestctl/guestctl/agent/store"
	"github.com/guestctl/guestctl/report"
)

// notifyFlags say whom a job tells what became of it.
type notifyFlags struct {
	channels []string
	on       []string
	ping     string
}

func (f *notifyFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.channels, "notify", nil, "with --schedule: tell this `CHANNEL` when something changed; may be repeated: "+strings.Join(notify.Examples(), ", "))
	flags.StringSliceVar(&f.on, "notify-on", nil, "with --notify: the `EVENTS` that are told, of "+notify.Words(notify.Events())+" (all of them)")
	flags.StringVar(&f.ping, "ping-url", "", "with --schedule: a watch that gets a sign of life at this `URL` from every run, and at /start and /fail below it; or env:NAME, file:PATH")
}

// set gives a job what the flags say.
func (f *notifyFlags) set(j *agent.Job) {
	j.Notify, j.PingURL = f.channels, f.ping
	for _, e := range f.on {
		j.NotifyOn = append(j.NotifyOn, notify.Event(strings.TrimSpace(e)))
	}
}

// testNotify sends a test from here, with the secrets as they are here.
func testNotify(cmd *cobra.Command, s *store.Store, args []string) error {
	stored, err := s.Job(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	j, _, err := agent.ReadJob(stored)
	if err != nil {
		return err
	}
	if len(j.Notify) == 0 {
		return withCode(exitUsage, fmt.Errorf("%s notifies nobody: give it --notify", j.Name))
	}
	sender := notify.Sender{Output: cmd.ErrOrStderr(), Now: clockNow}
	failed := 0
	for _, text := range j.Notify {
		c, err := notify.Parse(text)
		if err != nil {
			return err
		}
		said := "sent      " + report.Escape(c.Name)
		if err := sender.Send(cmd.Context(), c, j.TestNotice(clockNow())); err != nil {
			failed++
			said = "not sent  " + report.Escape(c.Name) + ": " + err.Error()
		}
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), said); err != nil {
			return err
		}
	}
	if failed > 0 {
		return notJudged(fmt.Errorf("%d of %d channels could not be told", failed, len(j.Notify)))
	}
	return nil
}

// noticeTable tells what became of the last notices of a job.
func noticeTable(cmd *cobra.Command, s *store.Store, j *agent.Job) error {
	list, err := s.Notices(cmd.Context(), j.Name, trend)
	if err != nil || len(list) == 0 {
		return err
	}
	var w strings.Builder
	fmt.Fprintf(&w, "\nTOLD\tRUN\tCHANNEL\tEVENTS\tTRIED\tSTATE\n")
	for _, n := range list {
		fmt.Fprintf(&w, "%s\t%d\t%s\t%s\t%d\t%s\n", n.Created.Local().Format("2006-01-02 15:04"), n.Run, report.Escape(n.Name), eventsOf(n), n.Attempts, report.Escape(stateOf(n)))
	}
	return aligned(cmd.OutOrStdout(), w.String())
}

// eventsOf are the events of a notice; a sign of life may have none.
func eventsOf(n store.Notice) string {
	var body notify.Notice
	if err := json.Unmarshal(n.Body, &body); err != nil || len(body.Events) == 0 {
		return "-"
	}
	return report.Escape(notify.Words(body.Events))
}

func stateOf(n store.Notice) string {
	switch {
	case !n.Sent.IsZero():
		return "sent " + n.Sent.Local().Format("2006-01-02 15:04")
	case !n.Waiting():
		return "given up: " + n.Error
	case n.Error != "":
		return fmt.Sprintf("again %s: %s", n.Next.Local().Format("2006-01-02 15:04"), n.Error)
	}
	return "waiting"
}
