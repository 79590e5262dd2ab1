package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWhoStandsByLivesAndIsNotReady(t *testing.T) {
	h, _ := healthy(t)
	h.standby = true
	if err := h.Alive(); err != nil {
		t.Errorf("not alive: %v", err)
	}
	if err := h.Ready(); err == nil || !strings.Contains(err.Error(), "standing by") {
		t.Errorf("ready: %v", err)
	}
}

type clock struct{ now time.Time }

func (c *clock) after(d time.Duration) { c.now = c.now.Add(d) }

// healthy works, and has a poll of 30 s.
func healthy(t *testing.T) (*Health, *clock) {
	t.Helper()
	c := &clock{noon}
	h := NewHealth(t.TempDir(), 30*time.Second, func() time.Time { return c.now })
	h.Begin()
	h.Turn("")
	h.Read("", nil)
	h.Looked("ha.example.com", nil)
	if err := errors.Join(h.Alive(), h.Ready()); err != nil {
		t.Fatal(err)
	}
	return h, c
}

func TestReadyMeansThatTheWorkCanBeDone(t *testing.T) {
	away := errors.New("no route to host")
	for name, c := range map[string]struct {
		happens func(h *Health, c *clock)
		ready   bool
	}{
		"one look that fails":             {func(h *Health, c *clock) { c.after(time.Minute); h.Read("", away) }, true},
		"a repository that is away":       {func(h *Health, c *clock) { c.after(3 * time.Minute); h.Read("", away) }, false},
		"one repository of two":           {func(h *Health, c *clock) { c.after(3 * time.Minute); h.Read("", away); h.Read("b", nil) }, true},
		"the only cluster out of sight":   {func(h *Health, _ *clock) { h.Looked("ha.example.com", away) }, false},
		"one cluster of two":              {func(h *Health, _ *clock) { h.Looked("two", away) }, true},
		"a cluster that is seen again":    {func(h *Health, _ *clock) { h.Looked("ha.example.com", away); h.Looked("ha.example.com", nil) }, true},
		"no state folder":                 {func(h *Health, _ *clock) { h.folder = filepath.Join(h.folder, "gone") }, false},
		"nothing was read since it began": {func(h *Health, _ *clock) { clear(h.reads) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			h, clock := healthy(t)
			c.happens(h, clock)
			if err := h.Ready(); (err == nil) != c.ready {
				t.Errorf("ready: %v", err)
			}
			if left, err := os.ReadDir(h.folder); err == nil && len(left) > 0 {
				t.Errorf("it left %v", left)
			}
		})
	}
}

func TestALoopThatHangsIsNotAlive(t *testing.T) {
	h, c := healthy(t)
	h.Turn("other")
	c.after(14 * time.Minute)
	h.Turn("other")
	if err := h.Alive(); err != nil {
		t.Errorf("a long fetch: %v", err)
	}
	c.after(2 * time.Minute)
	if err := h.Alive(); err == nil {
		t.Error("one loop of two hangs, and nobody says so")
	}
	h.Turn("")
	if err := h.Alive(); err != nil {
		t.Errorf("it turned again: %v", err)
	}
}

func TestALoopThatNeverBeginsIsNotAlive(t *testing.T) {
	c := &clock{noon}
	h := NewHealth(t.TempDir(), 0, func() time.Time { return c.now })
	h.Begin()
	c.after(16 * time.Minute)
	if h.Alive() == nil {
		t.Error("alive")
	}
}

func TestProbesSayNothingThatStrangersMayNotKnow(t *testing.T) {
	h, c := healthy(t)
	c.after(time.Hour)
	h.Read("", errors.New("https://user:hush@git.example.com: refused"))
	w := get(t, Handler(Config{Health: h, Board: board(t), Metrics: http.NotFoundHandler()}), "/readyz")
	if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "hush") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func get(t *testing.T, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, path, nil))
	return w
}
