package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/guestctl/guestctl/agent"
	"github.com/guestctl/guestctl/agent/store"
	"github.com/guestctl/guestctl/finding"
)

// maxJobs is of how many jobs each is told, the first by name: so many series a server can take.
const maxJobs = 1000

// health is a collector that asks the store whenever it is asked.
type health struct {
	metrics *Metrics
	all     []*prometheus.Desc

	up, agents, queue, jobs, findings, recent                   *prometheus.Desc
	lag, missed, paused, lastRun, lastSuccess, nextRun, success *prometheus.Desc
	unverified                                                  *prometheus.Desc
}

func newHealth(m *Metrics) *health {
	h := &health{metrics: m}
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		d := prometheus.NewDesc("guestctl_"+name, help, labels, nil)
		h.all = append(h.all, d)
		return d
	}
	h.up = desc("store_up", "1 when the store answers; 0, and nothing else that is read from it, when it does not.")
	h.agents = desc("agents", "Agents that were heard of in the last minute.")
	h.queue = desc("queue_runs", "Runs that have not ended, by state (queued, running).", "state")
	h.jobs = desc("jobs", "Stored jobs. Each is told of the first thousand by name.")
	h.findings = desc("open_findings", "Findings of the last run of each job that came to a verdict.", "severity", "status")
	h.recent = desc("recent_runs", "Runs of all agents in the last 24 hours, by result (pass, fail, unknown, error, skipped).", "result")

	h.lag = desc("job_lag_seconds", "For how long a run of the job has been due without being worked on; 0 when none waits.", "job_name")
	h.missed = desc("job_missed_runs", "Runs of the job that were missed in the last 24 hours: left out, or made up for later.", "job_name")
	h.paused = desc("job_paused", "1 when the job is paused.", "job_name")
	h.lastRun = desc("job_last_run_timestamp_seconds", "When the last run of the job ended.", "job_name")
	h.lastSuccess = desc("job_last_success_timestamp_seconds", "When a run of the job last passed.", "job_name")
	h.nextRun = desc("job_next_run_timestamp_seconds", "When the job is due next.", "job_name")
	h.success = desc("job_last_run_success", "1 when the last run of the job passed, 0 when it did not.", "job_name", "command")
	h.unverified = desc("backup_unverified_seconds", "For how long no run of a verify-backup job has passed; since the job was made, when none ever has.",
		"job_name")
	return h
}

// Describe is of prometheus.Collector.
func (h *health) Describe(out chan<- *prometheus.Desc) {
	for _, d := range h.all {
		out <- d
	}
}

// Collect is of prometheus.Collector.
func (h *health) Collect(out chan<- prometheus.Metric) {
	var gauge gauge = func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	found, open, err := h.metrics.look()
	if err != nil {
		gauge(h.up, 0)
		return
	}
	gauge(h.up, 1)
	gauge(h.agents, float64(len(found.Alive())))
	gauge(h.queue, float64(len(found.Waiting)), string(store.Queued))
	gauge(h.queue, float64(len(found.Running)), string(store.Running))
	gauge(h.jobs, float64(len(found.Jobs)))
	for _, severity := range finding.Severities() {
		for _, status := range []finding.Status{finding.Fail, finding.Unknown} {
			gauge(h.findings, float64(open[store.Severity{Status: status, Severity: severity}]), string(severity), string(status))
		}
	}
	h.results(found, gauge)
	for i := range found.Jobs[:min(len(found.Jobs), maxJobs)] {
		h.job(found, &found.Jobs[i], gauge)
	}
}

type gauge func(d *prometheus.Desc, value float64, labels ...string)

func (h *health) results(found *agent.Health, gauge gauge) {
	counts := map[string]int{}
	for _, t := range found.Tallies {
		result := string(t.Result)
		if t.State == store.Skipped {
			result = string(store.Skipped)
		}
		counts[result] += t.Runs
	}
	for _, result := range []string{string(finding.Pass), string(finding.Fail), string(finding.Unknown), string(store.Error), string(store.Skipped)} {
		gauge(h.recent, float64(counts[result]), result)
	}
}

func (h *health) job(found *agent.Health, j *agent.JobHealth, gauge gauge) {
	gauge(h.lag, j.Lag.Seconds(), j.Name)
	gauge(h.missed, float64(j.Missed), j.Name)
	gauge(h.paused, truth(j.Stored.Paused), j.Name)
	if next := j.Stored.NextDue; !next.IsZero() && !j.Stored.Paused {
		gauge(h.nextRun, float64(next.Unix()), j.Name)
	}
	if j.Last != nil {
		gauge(h.lastRun, float64(j.Last.Ended.Unix()), j.Name)
		gauge(h.success, truth(j.Last.Result == finding.Pass), j.Name, j.Command)
	}
	if !j.Passed.IsZero() {
		gauge(h.lastSuccess, float64(j.Passed.Unix()), j.Name)
	}
	if j.Command == "verify-backup" {
		since := j.Passed
		if since.IsZero() {
			since = j.Stored.Created
		}
		gauge(h.unverified, max(0, found.At.Sub(since).Seconds()), j.Name)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
