package sync

import (
	"context"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/sync/audit"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/schedule"
	"github.com/quorate/quorate/sync/signature"
)

// lineage is a repository without any file of ours, in which a commit holds the ones that are listed.
type lineage map[string]string

func (l lineage) Since(older, newer string) (gitrepo.History, error) {
	holds, err := l.Holds(newer, older)
	return gitrepo.History{Descends: holds}, err
}

func (lineage) File(string, string) ([]byte, error) { return nil, fs.ErrNotExist }

func (l lineage) Holds(commit, older string) (bool, error) {
	return commit == older || strings.Contains(l[commit[:1]], older[:1]), nil
}

func TestARewriteWhileNobodyWatchedIsSaidAndRecordedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		anchorFile := filepath.Join(t.TempDir(), "applied.json")
		clerk := &clerk{}
		w := &world{}
		// look is what a process says that starts, looks and ends; the mirror never says what was there before, as if
		// each fetch was the last thing that a killed process did.
		look := func(head string) (said string, noticed int) {
			w.branch.push(head, map[string]string{"one": named("one.example.com")})
			w.branch.mu.Lock()
			w.branch.head.Previous = ""
			w.branch.mu.Unlock()
			anchor, err := signature.OpenAnchor(anchorFile)
			if err != nil {
				t.Fatal(err)
			}
			stream, err := schedule.New(schedule.Config{Drift: "0 0 1 1 *"})
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			s := New(Config{
				Repository: &w.branch, Poster: &w.wall, Auditor: clerk, Schedule: stream, Run: w.run, Look: w.look, Log: slog.New(slog.DiscardHandler),
				Trust: &Trust{Histories: lineage{"b": "a", "c": "", "d": "c"}, Anchor: anchor},
			})
			go s.Run(ctx)
			time.Sleep(5 * time.Minute)
			stop()
			synctest.Wait()
			for _, r := range clerk.records {
				if r.Result == audit.Noticed {
					noticed++
				}
			}
			return w.wall.last("quorate/history").Description, noticed
		}
		for _, c := range []struct {
			head, said string
			noticed    int
		}{{"a", "", 0}, {"b", "", 0}, {"c", "it no longer holds bbbbbbbbbb", 1}, {"c", "it no longer holds bbbbbbbbbb", 1}, {"d", "it no longer holds bbbbbbbbbb", 1}} {
			if said, noticed := look(c.head); (said == "") != (c.said == "") || !strings.Contains(said, c.said) || noticed != c.noticed {
				t.Errorf("%s: %q and %d records", c.head, said, noticed)
			}
		}
	})
}
