package review

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/host"
	"github.com/quorate/quorate/sync/webhook"
)

// close takes a pull request off the list of the open ones, merged or not.
func (d *desk) close(number int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.pulls, number)
}

// pending are the statuses that were never ended.
func (d *desk) pending() []commitstatus.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	last := map[[2]string]commitstatus.Status{}
	for _, s := range d.posted {
		last[[2]string{s.Commit, s.Context}] = s
	}
	var all []commitstatus.Status
	for _, s := range last {
		if s.State == commitstatus.Pending {
			all = append(all, s)
		}
	}
	return all
}

// TestWhatWasSaidBeforeAMergeIsHeard merges right after an approval and a review, while the service runs and
// while it does not.
func TestWhatWasSaidBeforeAMergeIsHeard(t *testing.T) {
	for name, restarts := range map[string]bool{"while it runs": false, "while it does not": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, file := proposed(), filepath.Join(t.TempDir(), "orders.json")
				with := func(cfg *Config) {
					var err error
					if cfg.Orders, err = OpenOrders(file); err != nil {
						t.Fatal(err)
					}
				}
				ctx, stop := context.WithCancel(t.Context())
				s := d.service(t, with)
				go s.Run(ctx)
				after(time.Minute)
				if restarts {
					stop()
					after(time.Second)
				}
				id := d.say(7, "ada", "/quorate approve")
				d.say(7, "ada", "/quorate plan")
				d.grant("eve", host.Write)
				d.mu.Lock()
				d.reviews[7] = []host.Review{{Author: "eve", Commit: hash("b"), Approved: true, At: time.Now()}}
				text := d.commits[hash("b")]["one"]
				d.mu.Unlock()
				d.close(7)
				d.push("m", map[string]string{"one": text})
				d.looked()
				if restarts {
					d.refuseRoles(true) // the first tries fail
					s = d.serve(t, with)
				} else {
					s.Hear(webhook.Comment{Number: 7})
				}
				after(time.Minute)
				d.refuseRoles(false)
				after(5 * time.Minute)
				clusters, _ := desired.Build([]desired.File{{Name: "c.yaml", Data: []byte(text)}})
				var by []string
				for _, a := range s.cfg.Orders.Approvals("one.example.com", clusters[0].Digest) {
					by = append(by, a.By)
				}
				if got := strings.Join(by, " "); got != "ada eve" {
					t.Errorf("approved of by %q", got)
				}
				contains(t, "approval", d.remark(7, fmt.Sprintf("answer-%d", id)), "approved of")
				contains(t, "plan", d.remark(7, fmt.Sprintf("answer-%d", id+1)), "the pull request is closed")
				if got := d.looked(); got != "" || len(s.cfg.Orders.followed()) != 0 {
					t.Errorf("AWS was looked at for %q; still followed: %v", got, s.cfg.Orders.followed())
				}
				stop()
				synctest.Wait()
			})
		})
	}
}

// TestAPlanThatIsNeverMadeDoesNotStayPending closes a pull request of a fork, and pushes to another.
func TestAPlanThatIsNeverMadeDoesNotStayPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		fork := func(pr *host.PullRequest) { pr.Fork = true }
		d.push("a", nil)
		d.propose(7, "b", map[string]string{"one": cluster("one.example.com")}, fork)
		d.propose(8, "c", map[string]string{"two": cluster("two.example.com")}, fork)
		d.serve(t, func(c *Config) { c.Pending = d.pending })
		after(time.Minute)
		contains(t, "open", d.status("b", "quorate/plan"), "pending: ")
		d.close(7)
		d.propose(8, "d", map[string]string{"two": cluster("two.example.com")}, fork)
		after(2 * time.Minute)
		contains(t, "closed", d.status("b", "quorate/plan"), "error: never planned: the pull request was merged, closed or overtaken")
		contains(t, "overtaken", d.status("c", "quorate/plan"), "error: never planned")
		contains(t, "open", d.status("d", "quorate/plan"), "pending: ")
	})
}

func TestOrdersAreOnRecordBeforeTheyAreAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := proposed()
		var recorded []Order
		var failing error
		d.serve(t, func(c *Config) {
			c.Record = func(_ context.Context, o Order) error {
				d.mu.Lock()
				defer d.mu.Unlock()
				if failing == nil {
					recorded = append(recorded, o)
				}
				return failing
			}
		})
		after(2 * time.Second)
		for _, c := range [][2]string{
			{"bob", "/quorate pause the shop is open"}, {"cleo", "/quorate pause me, too"}, {"bob", "/quorate resume"}, {"bob", "/quorate resume"},
			{"ada", "/quorate roll nodes"}, {"bob", "/quorate approve"}, {"ada", "/quorate approve"}, {"ada", "/quorate explain"},
		} {
			d.say(7, c[0], c[1])
			after(time.Minute)
		}
		order := func(verb, argument, by string) Order {
			return Order{Cluster: "one.example.com", Verb: verb, Argument: argument, By: by, Pull: "#7", Head: hash("b"), Commit: hash("a")}
		}
		want := []Order{order("pause", "the shop is open", "bob"), order("resume", "", "bob"), order("roll", "nodes", "ada"), order("approve", "", "ada")}
		d.mu.Lock()
		if diff := cmp.Diff(want, recorded); diff != "" {
			t.Errorf("-want +recorded:\n%s", diff)
		}
		d.mu.Unlock()
		paused := d.say(7, "bob", "/quorate pause once more")
		after(time.Minute)
		contains(t, "pause", d.remark(7, fmt.Sprintf("answer-%d", paused)), "paused `one.example.com`")
		d.mu.Lock()
		failing = errors.New("disk full")
		d.mu.Unlock()
		resumed := d.say(7, "bob", "/quorate resume")
		after(time.Minute)
		d.mu.Lock()
		failing = nil
		d.mu.Unlock()
		after(10 * time.Minute)
		contains(t, "resume", d.remark(7, fmt.Sprintf("answer-%d", resumed)), "`one.example.com` goes on")
		d.mu.Lock()
		if n := len(recorded); n != len(want)+2 || recorded[n-1].Verb != "resume" {
			t.Errorf("recorded: %+v", recorded)
		}
		failing = errors.New("disk full")
		d.mu.Unlock()
		id := d.say(7, "bob", "/quorate pause again")
		after(time.Minute)
		if got := d.remark(7, fmt.Sprintf("answer-%d", id)); got != "" {
			t.Errorf("answered %q although it is not on record", got)
		}
	})
}
