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

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync/host"
)

// proposed is a desk with one cluster on the branch and a pull request by bob that changes it.
func proposed() *desk {
	d := newDesk()
	one := cluster("one.example.com")
	d.push("a", map[string]string{"one": one})
	d.propose(7, "b", map[string]string{"one": strings.Replace(one, "maxSize: 6", "maxSize: 7", 1)})
	return d
}

func TestCommandsAreObeyedOnceAndOnlyFromThoseWhoMay(t *testing.T) {
	for name, c := range map[string]struct {
		author, body string
		edited       bool
		age          time.Duration
		want         string
	}{
		"pause":                    {author: "bob", body: "/quorate pause the shop is open", want: "`bob`: paused `one.example.com`"},
		"pause without a reason":   {author: "bob", body: "/quorate pause", want: "say why"},
		"pause by a reader":        {author: "cleo", body: "/quorate pause now", want: "pause needs the right to write here, and you have read"},
		"pause by a stranger":      {author: "mallory", body: "/quorate pause now", want: "and you have none"},
		"pause that was edited":    {author: "ada", body: "/quorate pause now", edited: true, want: "an edited comment is not obeyed"},
		"pause of long ago":        {author: "ada", body: "/quorate pause now", age: 2 * time.Hour, want: "said while nobody listened"},
		"resume of nothing":        {author: "bob", body: "/quorate resume", want: "no command paused"},
		"roll by a writer":         {author: "bob", body: "/quorate roll nodes", want: "roll needs the right to administer here, and you have write"},
		"roll":                     {author: "ada", body: "/quorate roll nodes", want: "the machines of `nodes` in `one.example.com`"},
		"roll of masters":          {author: "ada", body: "/quorate roll master-us-east-1a", want: "the machines of `master-us-east-1a`"},
		"roll of no group":         {author: "ada", body: "/quorate roll nobody", want: "is an instance group of 0 of the clusters"},
		"explain":                  {author: "bob", body: "/quorate explain", want: "    it waits for the moon"},
		"something else":           {author: "bob", body: "/quorate destroy", want: "there is no such command"},
		"approval of one's own":    {author: "bob", body: "/quorate approve", want: "your own pull request is for others"},
		"approval":                 {author: "ada", body: "/quorate approve\n\nWell done.", want: "approved of `one.example.com` at `bbbbbbbbbbbb`"},
		"markup in what is quoted": {author: "bob", body: "/quorate `@ada` <img src=x> | [x](https://evil.example)", want: "there is no such command"},
		"a quote":                  {author: "bob", body: "> /quorate pause now"},
		"something in between":     {author: "bob", body: "I would say\n/quorate pause now"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := proposed()
				d.serve(t, func(cfg *Config) {
					cfg.Explain = func(context.Context, desired.Cluster) (string, error) { return "it waits for the moon", nil }
				})
				after(2 * time.Second)
				id := d.say(7, c.author, c.body)
				d.mu.Lock()
				last := &d.comments[7][len(d.comments[7])-1]
				last.Edited, last.At = c.edited, last.At.Add(-c.age)
				d.mu.Unlock()
				after(time.Minute)
				answer := d.remark(7, fmt.Sprintf("answer-%d", id))
				if c.want == "" && answer != "" || !strings.Contains(answer, c.want) {
					t.Errorf("answered %q, want %q", answer, c.want)
				}
				kept := d.written()
				d.serve(t) // the next process
				after(5 * time.Minute)
				if again := d.remark(7, fmt.Sprintf("answer-%d", id)); again != answer || d.written() > kept+1 {
					t.Errorf("answered again: %q, %d comments were written", again, d.written()-kept)
				}
			})
		})
	}
}

func TestOrdersHoldOverRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "orders.json")
		var woken []string
		with := func(cfg *Config) {
			orders, err := OpenOrders(file)
			if err != nil {
				t.Fatal(err)
			}
			cfg.Orders, cfg.Ordered = orders, func(name string) { woken = append(woken, name) }
		}
		obeyed := func() desired.Cluster {
			orders, err := OpenOrders(file)
			if err != nil {
				t.Fatal(err)
			}
			clusters, _ := desired.Build([]desired.File{{Name: "c.yaml", Data: []byte(cluster("one.example.com"))}})
			return orders.Obey(clusters[0])
		}
		d := proposed()
		d.serve(t, with)
		after(2 * time.Second)
		d.say(7, "ada", "/quorate roll nodes")
		rolled := time.Now()
		d.say(7, "bob", "/quorate pause the shop is open")
		after(time.Minute)
		got := obeyed()
		group, _ := groupOf(got, "nodes")
		if got.Policy.Paused != "the shop is open (bob, on pull request 7)" || len(got.Rolling[group].RollAt) != 1 || !got.Rolling[group].RollAt[0].Equal(rolled) {
			t.Errorf("paused %q, rolled at %v", got.Policy.Paused, got.Rolling[group].RollAt)
		}
		d.say(7, "bob", "/quorate resume")
		after(time.Minute)
		if got := obeyed(); got.Policy.Paused != "" || len(woken) != 3 {
			t.Errorf("paused %q, woken %v", got.Policy.Paused, woken)
		}
	})
}

func TestAnApprovalCountsForWhatWasShownAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := proposed()
		var orders *Orders
		d.serve(t, func(cfg *Config) { orders = cfg.Orders })
		after(2 * time.Second)
		digest := func(text string) string {
			clusters, _ := desired.Build([]desired.File{{Name: "c.yaml", Data: []byte(text)}})
			return clusters[0].Digest
		}
		first := digest(d.commits[hash("b")]["one"])
		// The push comes before the comment is read.
		d.say(7, "ada", "/quorate approve")
		worse := strings.Replace(cluster("one.example.com"), "maxSize: 6", "maxSize: 90", 1)
		d.propose(7, "c", map[string]string{"one": worse})
		after(time.Minute)
		if got := orders.Approvals("one.example.com", digest(worse)); len(got) != 0 {
			t.Errorf("what nobody saw was approved of: %+v", got)
		}
		d.say(7, "ada", "/quorate approve")
		d.mu.Lock()
		d.reviews[7] = []host.Review{
			{Author: "bob", Commit: hash("c"), Approved: true},
			{Author: "cleo", Commit: hash("c"), Approved: true},
			{Author: "dora", Commit: hash("b"), Approved: true},
			{Author: "eve", Commit: hash("c"), Approved: true},
		}
		d.roles["dora"], d.roles["eve"] = host.Write, host.Write
		d.mu.Unlock()
		after(time.Minute)
		var by []string
		for _, a := range orders.Approvals("one.example.com", digest(worse)) {
			by = append(by, a.By)
		}
		if strings.Join(by, " ") != "ada eve" {
			t.Errorf("approved of by %v: bob wrote it, cleo may only read, dora saw another commit", by)
		}
		if got := orders.Approvals("one.example.com", first); len(got) != 0 {
			t.Errorf("the other head: %+v", got)
		}
	})
}

// approving is a desk with the pull request of proposed, at work, and what is approved of there.
func approving(t *testing.T, more ...func(*Config)) (d *desk, s *Service, approved func(name string) string) {
	d = proposed()
	var orders *Orders
	s = d.serve(t, append(more, func(cfg *Config) { orders = cfg.Orders })...)
	after(2 * time.Second)
	return d, s, func(name string) string {
		d.mu.Lock()
		text := d.commits[hash(name)]["one"]
		d.mu.Unlock()
		clusters, _ := desired.Build([]desired.File{{Name: "c.yaml", Data: []byte(text)}})
		var by []string
		for _, a := range orders.Approvals("one.example.com", clusters[0].Digest) {
			by = append(by, a.By)
		}
		return strings.Join(by, " ")
	}
}

// wider is the cluster with room for n workers.
func wider(n int) map[string]string {
	return map[string]string{"one": strings.Replace(cluster("one.example.com"), "maxSize: 6", fmt.Sprintf("maxSize: %d", n), 1)}
}

// TestAnApprovalIsOfAPlanThatWasShownBefore has somebody approve of what they cannot have seen, in every order
// of things.
func TestAnApprovalIsOfAPlanThatWasShownBefore(t *testing.T) {
	for name, c := range map[string]struct {
		during func(d *desk, s *Service) (id int64)
		head   string
		want   string // of the answer
		counts bool
	}{
		"after the plan": {func(d *desk, _ *Service) int64 { return d.say(7, "ada", "/quorate approve") }, "b", "approved of", true},
		"in the second of the plan": {func(d *desk, _ *Service) int64 {
			id, shown := d.say(7, "ada", "/quorate approve"), d.plan(7).At
			d.alter(7, id, func(c *host.Comment) { c.At = shown })
			return id
		}, "b", "was written after you said this", false},
		"before a push, and read after it": {func(d *desk, _ *Service) int64 {
			id := d.say(7, "ada", "/quorate approve")
			d.propose(7, "c", wider(90))
			return id
		}, "c", "came after what you saw", false},
		"before a push, and read when its plan is shown": {func(d *desk, _ *Service) int64 {
			d.refuseRoles(true)
			id := d.say(7, "ada", "/quorate approve")
			after(time.Minute)
			d.propose(7, "c", wider(90))
			after(time.Minute)
			d.refuseRoles(false)
			return id
		}, "c", "was written after you said this", false},
		"after a push whose plan failed": {func(d *desk, _ *Service) int64 {
			d.blind(errors.New("RequestLimitExceeded"))
			d.propose(7, "c", wider(90))
			after(time.Minute)
			return d.say(7, "ada", "/quorate approve")
		}, "c", "there is no plan of `one.example.com`", false},
		"of a plan that somebody made up": {func(d *desk, _ *Service) int64 {
			d.alter(7, d.plan(7).ID, func(c *host.Comment) { c.Body = strings.Replace(c.Body, "in place", "nothing", 1) })
			return d.say(7, "ada", "/quorate approve")
		}, "b", "somebody else has edited what is above", false},
		"when somebody threw our comment away": {func(d *desk, _ *Service) int64 {
			d.drop(7, d.plan(7).ID)
			return d.say(7, "ada", "/quorate approve")
		}, "b", "came after what you saw", false},
		"by the account of the service":   {func(d *desk, _ *Service) int64 { return d.say(7, robot, "/quorate approve") }, "b", "a program approves of nothing", false},
		"by a program":                    {func(d *desk, _ *Service) int64 { return d.say(7, "actions[bot]", "/quorate approve") }, "b", "a program approves of nothing", false},
		"by the author, in other letters": {func(d *desk, _ *Service) int64 { return d.say(7, "BOB", "/quorate approve") }, "b", "your own pull request", false},
		"by somebody who might write before": {func(d *desk, _ *Service) int64 {
			d.refuseRoles(true)
			id := d.say(7, "ada", "/quorate approve")
			after(time.Minute)
			d.grant("ada", host.Read)
			d.refuseRoles(false)
			return id
		}, "b", "approve needs the right to write here", false},
		"by an edited comment": {func(d *desk, _ *Service) int64 {
			id := d.say(7, "ada", "Interesting.")
			d.alter(7, id, func(c *host.Comment) { c.Body, c.Edited, c.At = "/quorate approve", true, time.Now() })
			return id
		}, "b", "an edited comment is not obeyed", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, s, approved := approving(t)
				for _, who := range []string{robot, "actions[bot]", "BOB"} {
					d.grant(who, host.Admin)
				}
				id := c.during(d, s)
				after(5 * time.Minute)
				contains(t, "answer", d.remark(7, fmt.Sprintf("answer-%d", id)), c.want)
				if got := approved(c.head); (got != "") != c.counts {
					t.Errorf("approved of by %q", got)
				}
				d.say(7, "bob", "/quorate plan")
				after(time.Minute)
				contains(t, "written again", d.remark(7, "plan"), "Of commit `"+hash(c.head)[:12])
				if got := d.remark(7, "plan"); strings.Contains(got, "| planned | nothing |") {
					t.Errorf("what somebody made up stands there:\n%s", got)
				}
			})
		})
	}
}

// TestAnApprovalFallsWithWhatItWasGivenBy takes it back, in every way in which people do that.
func TestAnApprovalFallsWithWhatItWasGivenBy(t *testing.T) {
	review := func(approved bool) func(d *desk, _ int64) {
		return func(d *desk, _ int64) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.reviews[7] = []host.Review{{Author: "ada", Commit: hash("b"), Approved: approved, At: time.Now()}}
			d.touch(7)
		}
	}
	gone := func(d *desk, _ int64) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.reviews[7] = nil
		d.touch(7)
	}
	for name, c := range map[string]struct {
		steps []func(d *desk, id int64)
		want  string
	}{
		"nothing happens":              {nil, "ada"},
		"the comment is thrown away":   {[]func(*desk, int64){func(d *desk, id int64) { d.drop(7, id) }}, ""},
		"the comment is edited":        {[]func(*desk, int64){func(d *desk, id int64) { d.alter(7, id, func(c *host.Comment) { c.Edited = true }) }}, ""},
		"the right is withdrawn":       {[]func(*desk, int64){func(d *desk, _ int64) { d.grant("ada", host.Read); d.say(7, "bob", "Oh.") }}, ""},
		"changes are asked for":        {[]func(*desk, int64){review(false)}, ""},
		"changes, and approved again":  {[]func(*desk, int64){review(false), func(d *desk, _ int64) { d.say(7, "ada", "/quorate approve") }}, "ada"},
		"a review of the same":         {[]func(*desk, int64){review(true)}, "ada"},
		"a review that is taken back":  {[]func(*desk, int64){func(d *desk, id int64) { d.drop(7, id) }, review(true), gone}, ""},
		"somebody else says something": {[]func(*desk, int64){func(d *desk, _ int64) { d.say(7, "cleo", "/quorate approve") }}, "ada"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, _, approved := approving(t)
				id := d.say(7, "ada", "/quorate approve")
				after(time.Minute)
				if got := approved("b"); got != "ada" {
					t.Fatalf("approved of by %q at first", got)
				}
				for _, step := range c.steps {
					step(d, id)
					after(2 * time.Minute)
				}
				if got := approved("b"); got != c.want {
					t.Errorf("approved of by %q, want %q", got, c.want)
				}
			})
		})
	}
}

func TestAForkIsPlannedForTheCommitThatSomebodyAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		fork := func(pr *host.PullRequest) { pr.Fork, pr.Author = true, "mallory" }
		d.push("a", nil)
		d.propose(7, "b", map[string]string{"one": cluster("one.example.com")}, fork)
		d.serve(t)
		after(2 * time.Second)
		d.say(7, "mallory", "/quorate plan")
		after(time.Minute)
		if got := d.looked(); got != "" {
			t.Fatalf("a stranger had %s looked at", got)
		}
		d.say(7, "bob", "/quorate plan")
		after(time.Minute)
		contains(t, "asked", d.status("b", "quorate/plan"), "success: ")
		d.posted = nil
		d.serve(t) // the next process
		after(time.Minute)
		contains(t, "after a restart", d.status("b", "quorate/plan"), "success: ")
		d.looked()
		d.propose(7, "c", map[string]string{"one": cluster("one.example.com") + "# c\n"}, fork)
		after(time.Minute)
		contains(t, "the next commit", d.status("c", "quorate/plan"), "pending: ")
		if got := d.looked(); got != "" {
			t.Errorf("the next commit: %s was looked at", got)
		}
	})
}

func TestAHostThatDoesNotTellRolesHoldsUpNoPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := proposed()
		d.say(7, "ada", "/quorate pause now")
		d.serve(t, func(cfg *Config) { cfg.Host = roleless{d} })
		after(time.Minute)
		contains(t, "roll-up", d.status("b", "quorate/plan"), "success: ")
		if got := d.remark(7, "answer-1"); got != "" {
			t.Errorf("answered %q", got)
		}
	})
}

type roleless struct{ *desk }

func (roleless) Role(context.Context, string) (host.Role, error) { return host.None, errors.New("403") }
