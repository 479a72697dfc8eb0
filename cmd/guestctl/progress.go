package main

import (
	"context"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/guestctl/guestctl/report"
)

// bars are the bars of a run: those that are shown at the same time share the lines of the terminal.
type bars struct {
	mu   sync.Mutex
	pool *mpb.Progress // nil as long as no bar is open
	open int
}

type barsKey struct{}

// withBars returns a context in which commands can show bars.
func withBars(ctx context.Context) context.Context { return context.WithValue(ctx, barsKey{}, &bars{}) }

// add opens a bar.
func (b *bars) add(ctx context.Context, total int64, options ...mpb.BarOption) *mpb.Bar {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pool == nil {
		b.pool = mpb.NewWithContext(ctx, mpb.WithOutput(os.Stderr), mpb.WithWidth(40))
	}
	b.open++
	return b.pool.AddBar(total, options...)
}

// remove removes a bar, and with the last one what is shown of them.
func (b *bars) remove(bar *mpb.Bar) {
	b.mu.Lock()
	defer b.mu.Unlock()
	bar.Abort(true)
	if b.open--; b.open == 0 {
		b.pool.Wait()
		b.pool = nil
	}
}

// say writes above the bars, which are open. Progress that cannot be shown stops nothing.
func (b *bars) say(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pool != nil {
		_, _ = io.WriteString(b.pool, text)
	}
}

// progress is a bar on stderr, or nothing where stderr is no terminal or --quiet was given.
type progress struct {
	bars  *bars
	bar   *mpb.Bar
	total atomic.Int64 // what Grow has come to
}

// newProgress starts a bar over so many images; one is too short a work for a bar.
func newProgress(cmd *cobra.Command, total int64) *progress {
	if total < 2 {
		return &progress{}
	}
	return start(cmd, total, mpb.PrependDecorators(decor.Name("images "), decor.CountersNoUnit("%d / %d")),
		mpb.AppendDecorators(decor.Elapsed(decor.ET_STYLE_GO)))
}

// newByteProgress starts a bar over bytes, whose number Grow tells.
func newByteProgress(cmd *cobra.Command, what string) *progress {
	return start(cmd, 0, mpb.PrependDecorators(decor.Name(what+" "), decor.CountersKibiByte("% .0f / % .0f")),
		mpb.AppendDecorators(decor.AverageETA(decor.ET_STYLE_GO)))
}

func start(cmd *cobra.Command, total int64, options ...mpb.BarOption) *progress {
	quiet, err := cmd.Flags().GetBool("quiet")
	all, ok := cmd.Context().Value(barsKey{}).(*bars)
	if quiet || err != nil || !ok || !term.IsTerminal(os.Stderr.Fd()) {
		return &progress{}
	}
	return &progress{bars: all, bar: all.add(cmd.Context(), total, append(options, mpb.BarRemoveOnComplete())...)}
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
	if p.bar != nil {
		p.bars.say(report.Escape(line) + "\n")
	}
}

// Close removes the bar.
func (p *progress) Close() {
	if p.bar != nil {
		p.bars.remove(p.bar)
	}
}
