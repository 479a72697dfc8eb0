package metrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	maxHeader  = 16 << 10 // bytes of the head of a request
	maxScrapes = 2        // at the same time; more are told to come again
	lastAnswer = 2 * time.Second
)

// Listen opens address, HOST:PORT. Without a host it is that of the machine itself, and open tells that others can reach it.
func Listen(ctx context.Context, address string) (l net.Listener, open bool, err error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, false, fmt.Errorf("%q is no address: want such as 127.0.0.1:9464, or :9464 for the machine itself", address)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	var listen net.ListenConfig
	if l, err = listen.Listen(ctx, "tcp", net.JoinHostPort(host, port)); err != nil {
		return nil, false, err
	}
	at, ok := l.Addr().(*net.TCPAddr)
	return l, !ok || !at.IP.IsLoopback(), nil
}

// Serve answers on l until the context ends: /metrics for Prometheus, and /healthz with 200 while the store answers, else 503.
func (m *Metrics) Serve(ctx context.Context, l net.Listener, log *slog.Logger) error {
	server := &http.Server{
		Handler: m.handler(), ReadHeaderTimeout: patience, ReadTimeout: 2 * patience, WriteTimeout: 4 * patience, IdleTimeout: time.Minute,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastAnswer)
		defer cancel()
		ended <- server.Shutdown(last)
	}()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-ended
}

func (m *Metrics) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes, Timeout: 2 * patience}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		var one int
		if err := m.store.DB.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
			http.Error(w, "the store does not answer", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ok\n") // who asked may be gone
	})
	return mux
}
