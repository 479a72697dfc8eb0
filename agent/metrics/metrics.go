// Package metrics tells Prometheus how the agents of a store are doing, and a load balancer whether this one lives.
//
// What is true of the store is read from it when it is asked for, so that every agent says the same; what an agent has run itself it counts.
// The names follow the practice of Prometheus (https://prometheus.io/docs/practices/naming/). Nothing of a guest is told.
package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/guestctl/guestctl/agent"
	"github.com/guestctl/guestctl/agent/store"
)

// patience is how long the store has for an answer.
const patience = 5 * time.Second

// Metrics are what one agent tells. They are safe for concurrent use.
type Metrics struct {
	store    *store.Store
	now      func() time.Time
	registry *prometheus.Registry
	runs     *prometheus.CounterVec
	took     *prometheus.HistogramVec
}

// New makes the metrics of an agent on a store.
func New(s *store.Store, version string, now func() time.Time) *Metrics {
	m := &Metrics{store: s, now: now, registry: prometheus.NewRegistry()}
	m.runs = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "guestctl_runs_total", Help: "Runs that this agent ended, by command and result (pass, fail, unknown, error).",
	}, []string{"command", "result"})
	m.took = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "guestctl_run_duration_seconds", Help: "How long the runs took that this agent ended, by command.",
		Buckets: []float64{0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600},
	}, []string{"command"})
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "guestctl_build_info", Help: "1, with the version of this agent.", ConstLabels: prometheus.Labels{"version": version},
	})
	info.Set(1)
	m.registry.MustRegister(m.runs, m.took, info, newHealth(m), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Ended counts a run that this agent ended.
func (m *Metrics) Ended(ctx context.Context, r store.Run) {
	command := "unknown" // of a job that is gone
	if stored, err := m.store.Job(ctx, r.Job); err == nil {
		if j, _, err := agent.ReadJob(stored); err == nil {
			command = j.Command
		}
	}
	m.runs.WithLabelValues(command, string(r.Result)).Inc()
	if !r.Started.IsZero() {
		m.took.WithLabelValues(command).Observe(max(0, r.Ended.Sub(r.Started).Seconds()))
	}
}

// look asks the store, which may take its time.
func (m *Metrics) look() (*agent.Health, map[store.Severity]int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	h, err := agent.Look(ctx, m.store, m.now())
	if err != nil {
		return nil, nil, err
	}
	open, err := m.store.OpenFindings(ctx)
	return h, open, err
}
