package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/agent"
	"github.com/guestctl/guestctl/agent/store"
	"github.com/guestctl/guestctl/report"
)

func agentStatusCommand() *cobra.Command {
	var f struct {
		store  storeFlags
		format string
	}
	formats := []string{"text", "json"}
	cmd := &cobra.Command{
		Use: "status", Short: "Print how the agents of the store are doing", Args: wantArgs(0, 0, ""),
		Long: `Print how the agents of the store are doing: who lives and who schedules, what each is working on, what is waiting, what is due next and what
is late.

The exit code is 0 when an agent lives and nothing is late, 1 when none lives or a job is late by more than five minutes or cannot be
read, and 4 when the store does not answer.`,
		Example: `  guestctl agent status
  guestctl agent status --format json | jq .problems`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !slices.Contains(formats, f.format) {
				return fmt.Errorf("no format %q, want one of %s", f.format, strings.Join(formats, ", "))
			}
			return f.store.with(cmd.Context(), quietLog(), func(s *store.Store) error {
				h, err := agent.Look(cmd.Context(), s, clockNow())
				if err != nil {
					return err
				}
				st := statusOf(s.Place, h)
				if f.format == "json" {
					err = report.WriteJSON(cmd.OutOrStdout(), st)
				} else {
					err = st.print(cmd.OutOrStdout())
				}
				if err != nil {
					return err
				}
				if st.Healthy {
					return nil
				}
				return withCode(exitFindings, errors.New(strings.Join(st.Problems, "\n")))
			})
		},
	}
	f.store.add(cmd)
	cmd.Flags().StringVar(&f.format, "format", "text", "how to write it: "+strings.Join(formats, ", "))
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"format": carapace.ActionValues(formats...)})
	return cmd
}

// status is what guestctl agent status prints.
type status struct {
	Store    string        `json:"store"`
	At       time.Time     `json:"at"`
	Healthy  bool          `json:"healthy"`
	Problems []string      `json:"problems"`
	Agents   []statusAgent `json:"agents"`
	Running  int           `json:"running"` // runs at work, those of agents that are gone, too
	Waiting  []statusRun   `json:"waiting"` // the oldest first
	Jobs     []statusJob   `json:"jobs"`    // what is due next first
}

type statusAgent struct {
	store.Agent
	Alive   bool        `json:"alive"`
	Working []statusRun `json:"working"`
}

type statusRun struct {
	Job     string    `json:"job"`
	Run     int64     `json:"run"`
	Due     time.Time `json:"due"`
	Started time.Time `json:"started,omitzero"`
	Attempt int       `json:"attempt"`
	worker  string
}

type statusJob struct {
	Job    string    `json:"job"`
	Next   time.Time `json:"next,omitzero"`
	Paused bool      `json:"paused"`
	Lag    float64   `json:"lag"` // seconds
	Late   bool      `json:"late"`
	Missed int       `json:"missed"` // in the last day
}

func statusOf(place string, h *agent.Health) *status {
	st := &status{Store: place, At: h.At, Problems: []string{}, Agents: []statusAgent{}, Running: len(h.Running), Waiting: runsOf(h.Waiting), Jobs: []statusJob{}}
	alive := h.Alive()
	if len(alive) == 0 {
		st.Problems = append(st.Problems, "no agent is running on "+place)
	}
	working := runsOf(h.Running)
	for _, a := range h.Agents {
		st.Agents = append(st.Agents, statusAgent{
			Agent: a, Alive: slices.Contains(alive, a),
			Working: slices.DeleteFunc(slices.Clone(working), func(r statusRun) bool { return r.worker != a.ID }),
		})
	}
	for i := range h.Jobs {
		j := &h.Jobs[i]
		st.Jobs = append(st.Jobs, statusJob{j.Name, j.Stored.NextDue, j.Stored.Paused, j.Lag.Seconds(), j.Late(), j.Missed})
		switch {
		case j.Problem != nil:
			st.Problems = append(st.Problems, j.Problem.Error())
		case j.Late():
			st.Problems = append(st.Problems, fmt.Sprintf("job %s has been due for %s", j.Name, j.Lag.Round(time.Second)))
		}
	}
	slices.SortStableFunc(st.Jobs, func(a, b statusJob) int { return a.Next.Compare(b.Next) })
	st.Healthy = len(st.Problems) == 0
	return st
}

func runsOf(runs []store.Run) []statusRun {
	all := []statusRun{}
	for _, r := range runs {
		all = append(all, statusRun{r.Job, r.Number, r.Due, r.Started, r.Attempt, r.Worker})
	}
	return all
}

// soonest is how many of the jobs that are due next are printed.
const soonest = 5

func (st *status) print(out io.Writer) error {
	var w strings.Builder
	if len(st.Agents) > 0 {
		w.WriteString("HOST\tPID\tVERSION\tSINCE\tSEEN\tLEADS\tAT WORK\n")
	}
	for _, a := range st.Agents {
		seen := st.At.Sub(a.Seen).Round(time.Second).String() + " ago"
		if !a.Alive {
			seen += ", silent"
		}
		leads := "no"
		if a.Leads && a.Alive {
			leads = "yes"
		}
		fmt.Fprintf(&w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", report.Escape(a.Host), a.PID, report.Escape(a.Version), shortTime(a.Started), seen, leads,
			workOf(a.Working, st.At))
	}
	if err := aligned(out, w.String()); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d runs at work, %d waiting", st.Running, len(st.Waiting))
	if len(st.Waiting) > 0 {
		oldest := st.Waiting[0]
		fmt.Fprintf(&b, ", the oldest of %s, due %s", report.Escape(oldest.Job), shortTime(oldest.Due))
	}
	b.WriteString("\n")
	var coming []string
	for _, j := range st.Jobs {
		if !j.Paused && !j.Next.IsZero() && len(coming) < soonest {
			coming = append(coming, fmt.Sprintf("  %s  %s\n", shortTime(j.Next), report.Escape(j.Job)))
		}
	}
	if len(coming) > 0 {
		b.WriteString("due next:\n" + strings.Join(coming, ""))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func workOf(runs []statusRun, at time.Time) string {
	texts := []string{}
	for _, r := range runs {
		texts = append(texts, fmt.Sprintf("%s run %d for %s", report.Escape(r.Job), r.Run, at.Sub(r.Started).Round(time.Second)))
	}
	if len(texts) == 0 {
		return "-"
	}
	return strings.Join(texts, ", ")
}

func shortTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }
