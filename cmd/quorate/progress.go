package main

import (
	"fmt"
	"io"
	"sync"

	"github.com/spf13/cobra"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/sync/commitstatus"
)

// progress shows passes while they go on. Its methods may be called from several
// goroutines at once.
type progress interface {
	// pass begins the next pass, which has so many steps.
	pass(steps int)
	// outcome is the end of one step.
	outcome(o apply.Outcome)
	// waits is the end of a pass that could not finish, and why.
	waits(reason string)
	// end leaves the screen to others.
	end()
}

// newProgress draws a bar on a terminal, and writes lines to anything else.
func newProgress(c *cobra.Command) progress {
	if terminal(c) {
		return newBar(c.OutOrStdout())
	}
	return &lines{w: c.OutOrStdout()}
}

// lines has one line for each step done, and one for each new reason to wait.
type lines struct {
	mu   sync.Mutex
	w    io.Writer
	last string // the reason told last
}

func (*lines) pass(int) {}
func (*lines) end()     {}

func (l *lines) outcome(o apply.Outcome) {
	if o.State != apply.Done {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.w, "  %s %s\n", o.Effect, o.Ref)
}

func (l *lines) waits(reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if reason == "" || reason == l.last {
		return
	}
	l.last = reason
	fmt.Fprintf(l.w, "  … %s\n", reason)
}

// bar stays at the foot of the terminal, below the lines: how many steps of this pass are
// done, and what is waited for.
type bar struct {
	lines
	screen *mpb.Progress
	drawn  *mpb.Bar

	counts              sync.Mutex // guards what the bar shows
	passes, steps, done int
	reason              string
}

// barWidth is that of the bar itself; the words beside it share the rest of the line.
const barWidth = 24

func newBar(w io.Writer, options ...mpb.ContainerOption) *bar {
	b := &bar{screen: mpb.New(append(options, mpb.WithOutput(w))...)}
	b.w = b.screen // which draws the bar anew below each line
	b.drawn = b.screen.AddBar(0, mpb.BarRemoveOnComplete(), mpb.BarWidth(barWidth),
		mpb.PrependDecorators(decor.Any(b.count)), mpb.AppendDecorators(decor.Any(b.why)))
	return b
}

func (b *bar) count(decor.Statistics) string {
	b.counts.Lock()
	defer b.counts.Unlock()
	if b.steps == 0 {
		return fmt.Sprintf("pass %d: all made, coming up", b.passes)
	}
	return fmt.Sprintf("pass %d: %d of %d done", b.passes, b.done, b.steps)
}

// why is cut to what the line has left.
func (b *bar) why(s decor.Statistics) string {
	b.counts.Lock()
	defer b.counts.Unlock()
	room := s.AvailableWidth - barWidth - 4
	if b.reason == "" || room < 10 {
		return ""
	}
	return commitstatus.Shorten(b.reason, room)
}

// pass keeps the reason until there is a new one: most passes that wait go on waiting.
func (b *bar) pass(steps int) {
	b.counts.Lock()
	b.passes, b.steps, b.done = b.passes+1, steps, 0
	b.counts.Unlock()
	b.draw()
}

func (b *bar) outcome(o apply.Outcome) {
	b.lines.outcome(o)
	b.take(o)
	b.draw()
}

func (b *bar) take(o apply.Outcome) {
	b.counts.Lock()
	defer b.counts.Unlock()
	switch o.State {
	case apply.Done:
		b.done++
		b.reason = ""
	case apply.Waiting:
		b.reason = fmt.Sprintf("%s: %s", o.Ref, o.Reason)
	case apply.Failed:
	}
}

func (b *bar) waits(reason string) {
	b.lines.waits(reason) // whole, for the bar has room for its beginning only
	b.counts.Lock()
	defer b.counts.Unlock()
	b.reason = reason
}

// draw hands the numbers to the bar; a pass without steps has done them all. The bar may be asking for
// its words at the same time, and answers to nothing until it has them: nobody who holds the lock calls it.
func (b *bar) draw() {
	b.counts.Lock()
	steps, done := max(b.steps, 1), b.done
	if b.steps == 0 {
		done = 1
	}
	b.counts.Unlock()
	b.drawn.SetTotal(int64(steps), false)
	b.drawn.SetCurrent(int64(done))
}

func (b *bar) end() {
	b.drawn.Abort(true)
	b.screen.Wait()
}
