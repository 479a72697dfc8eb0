package main

import (
	"io"
	"os"
	"sync/atomic"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/guestctl/guestctl/report"
)

// progress is a bar on stderr, or nothing where stderr is no terminal or --quiet was given.
type progress struct {
	pool  *mpb.Progress
	bar   *mpb.Bar
	total atomic.Int64 // what Grow has come to
}

// newProgress starts a bar over total units; one unit is too short a work for a bar.
func newProgress(cmd *cobra.Command, unit string, total int64) *progress {
	quiet, err := cmd.Flags().GetBool("quiet")
	if quiet || err != nil || total < 2 || !term.IsTerminal(os.Stderr.Fd()) {
		return &progress{}
	}
	pool := mpb.NewWithContext(cmd.Context(), mpb.WithOutput(os.Stderr), mpb.WithWidth(40))
	bar := pool.AddBar(total, mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(unit+" "), decor.CountersNoUnit("%d / %d")),
		mpb.AppendDecorators(decor.Elapsed(decor.ET_STYLE_GO)))
	return &progress{pool: pool, bar: bar}
}

// newByteProgress starts a bar over bytes, whose number Grow tells.
func newByteProgress(cmd *cobra.Command, what string) *progress {
	quiet, err := cmd.Flags().GetBool("quiet")
	if quiet || err != nil || !term.IsTerminal(os.Stderr.Fd()) {
		return &progress{}
	}
	pool := mpb.NewWithContext(cmd.Context(), mpb.WithOutput(os.Stderr), mpb.WithWidth(40))
	bar := pool.AddBar(0, mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(what+" "), decor.CountersKibiByte("% .0f / % .0f")),
		mpb.AppendDecorators(decor.AverageETA(decor.ET_STYLE_GO)))
	return &progress{pool: pool, bar: bar}
}

// Grow makes the bar longer by n units.
func (p *progress) Grow(n int64) {
	if p.bar != nil {
		p.bar.SetTotal(p.total.Add(n), false)
	}
}

// Add moves the bar on by n units.
func (p *progress) Add(n int64) {
	if p.bar != nil {
		p.bar.IncrInt64(n)
	}
}

// Say writes a line above the bar.
func (p *progress) Say(line string) {
	if p.pool != nil {
		_, _ = io.WriteString(p.pool, report.Escape(line)+"\n") // progress that cannot be shown stops nothing
	}
}

// Close removes the bar.
func (p *progress) Close() {
	if p.bar != nil {
		p.bar.Abort(true)
		p.pool.Wait()
	}
}
