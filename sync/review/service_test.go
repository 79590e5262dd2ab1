package review

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync/host"
	"github.com/quorate/quorate/sync/rules"
	"github.com/quorate/quorate/sync/webhook"
)

func TestAPullRequestThatAddsAClusterIsPlannedAndSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.push("a", map[string]string{"one": cluster("one.example.com")})
		d.propose(7, "b", map[string]string{"one": cluster("one.example.com"), "two": cluster("two.example.com")})
		d.serve(t)
		after(time.Second)
		if got := d.looked(); got != "two.example.com" {
			t.Errorf("AWS was looked at for %q", got)
		}
		contains(t, "cluster", d.status("b", "quorate/plan/two.example.com"), "success: in place: ", " create")
		contains(t, "roll-up", d.status("b", "quorate/plan"), "success: two.example.com: in place")
		contains(t, "comment", d.remark(7, "plan"), "| `two.example.com` | planned | in place |", "<details>", "`vpc/two.example.com`", "Of commit `bbbbbbbbbbbb`", "at `aaaaaaaaaaaa`")
		after(10 * time.Minute)
		if got := d.looked(); got != "" || d.written() != 1 {
			t.Errorf("an unchanged pull request cost looks at %q, and %d comments", got, d.written())
		}
		after(10 * time.Minute)
		if got := d.looked(); got != "two.example.com" {
			t.Errorf("an old plan: AWS was looked at for %q", got)
		}
	})
}

func TestProblemsAreCommentedWithTheirPlacesAndFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		one := cluster("one.example.com")
		d.push("a", map[string]string{"one": one})
		d.propose(7, "b", map[string]string{"one": strings.Replace(one, "networkCIDR:", "networkCIDRR:", 1)})
		s := d.serve(t)
		after(time.Second)
		contains(t, "roll-up", d.status("b", "quorate/plan"), "failure: ")
		contains(t, "cluster", d.status("b", "quorate/plan/one.example.com"), "failure: no plan: its manifests are not valid")
		contains(t, "comment", d.remark(7, "plan"), "this must not be merged as it is", "`one/cluster.yaml:", "networkCIDR", "| `one.example.com` | not valid |")
		if got := d.looked(); got != "" {
			t.Errorf("AWS was looked at for %q", got)
		}
		d.propose(7, "c", map[string]string{"one": one + "# mended\n"})
		s.Hear(webhook.PullRequest{Number: 7})
		after(time.Second)
		contains(t, "mended", d.status("c", "quorate/plan"), "success: ")
		if got := d.remark(7, "plan"); strings.Contains(got, "networkCIDRR") || strings.Count(got, "<!-- quorate:plan -->") != 1 {
			t.Errorf("there is not one comment that was edited:\n%s", got)
		}
	})
}

func TestAFailedLookAtAWSIsNeverGreenAndIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		var mended atomic.Bool
		d.sees = func(desired.Cluster) (actual.State, error) {
			if !mended.Load() {
				return actual.State{}, errors.New("RequestLimitExceeded")
			}
			return actual.State{}, nil
		}
		d.push("a", nil)
		d.propose(7, "b", map[string]string{"one": cluster("one.example.com")})
		d.serve(t)
		after(500 * time.Millisecond)
		contains(t, "cluster", d.status("b", "quorate/plan/one.example.com"), "error: no plan: ", "RequestLimitExceeded")
		contains(t, "roll-up", d.status("b", "quorate/plan"), "error: one.example.com: no plan")
		contains(t, "comment", d.remark(7, "plan"), "no plan could be made", "| `one.example.com` | no plan | unknown |")
		mended.Store(true)
		after(5 * time.Second)
		contains(t, "later", d.status("b", "quorate/plan"), "success: ")
	})
}

func TestABugInPlanningIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.sees = func(desired.Cluster) (actual.State, error) { panic("index out of range") }
		d.push("a", nil)
		d.propose(7, "b", map[string]string{"one": cluster("one.example.com")})
		d.serve(t)
		after(time.Second)
		contains(t, "roll-up", d.status("b", "quorate/plan"), "error: one.example.com: planning ended in a bug")
	})
}

func TestAPlanIsMadeAgainWhenItsGroundMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		one, two := cluster("one.example.com"), cluster("two.example.com")
		d.push("a", map[string]string{"one": one, "two": two})
		d.propose(7, "b", map[string]string{"one": one + "# b\n", "two": two + "# b\n"})
		s := d.serve(t)
		after(time.Second)
		if got := d.looked(); got != "one.example.com two.example.com" {
			t.Fatalf("at first: %q", got)
		}
		d.push("c", map[string]string{"one": one + "# c\n", "two": two})
		s.Hear(webhook.Push{Ref: "refs/heads/main"})
		after(time.Second)
		if got := d.looked(); got != "one.example.com" {
			t.Errorf("the branch changed the first: %q", got)
		}
		contains(t, "comment", d.remark(7, "plan"), "The branch has changed this cluster since", "at `cccccccccccc`")
		s.Moved("two.example.com")
		after(time.Second)
		if got := d.looked(); got != "two.example.com" {
			t.Errorf("the second moved in AWS: %q", got)
		}
		d.propose(7, "d", map[string]string{"one": one + "# b\n", "two": two + "# d\n"})
		after(time.Minute)
		if got := d.looked(); got != "two.example.com" {
			t.Errorf("a push that changed the second: %q", got)
		}
		contains(t, "new head", d.status("d", "quorate/plan/one.example.com"), "success")
	})
}

func TestAForkIsOnlyValidated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		fork := func(pr *host.PullRequest) { pr.Fork = true }
		d.push("a", nil)
		d.propose(7, "b", map[string]string{"one": cluster("one.example.com")}, fork)
		d.propose(8, "c", map[string]string{"one": "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\n"}, fork)
		d.serve(t)
		after(time.Minute)
		contains(t, "valid", d.status("b", "quorate/plan"), "pending: it comes from a fork")
		contains(t, "not valid", d.status("c", "quorate/plan"), "failure: ")
		if got := d.looked(); got != "" {
			t.Errorf("AWS was looked at for %q", got)
		}
		d.serve(t, func(c *Config) { c.Forks = true })
		after(time.Minute)
		contains(t, "allowed", d.status("b", "quorate/plan"), "success: ")
	})
}

func TestRemovedFoldersAndDeletionsShowWhatTheyMean(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		one, two := cluster("one.example.com"), cluster("two.example.com")
		d.sees = func(c desired.Cluster) (actual.State, error) {
			return actual.State{Topology: c.Topology, Leftovers: []actual.Leftover{{Kind: "network-interface", ID: "eni-1", InTheWay: true}}}, nil
		}
		d.push("a", map[string]string{"one": one, "two": two})
		ends := strings.Replace(two, "  name: two.example.com\n", "  name: two.example.com\n  annotations: {quorate.dev/deletion: two.example.com}\n", 1)
		d.propose(7, "b", map[string]string{"two": ends})
		d.serve(t)
		after(time.Second)
		contains(t, "gone", d.status("b", "quorate/plan/one.example.com"), "failure: removing the folder destroys nothing")
		contains(t, "ends", d.status("b", "quorate/plan/two.example.com"), "success: destructive: ")
		contains(t, "comment", d.remark(7, "plan"), "| `one.example.com` | left alone | nothing |", "first commit the annotation quorate.dev/deletion",
			"| `two.example.com` | planned | destructive |", "What dies with it, all listed below: ", " 1 vpc, ", " 6 volume, ", ", 0 machines.",
			"A snapshot of each of its 6 etcd volumes is made first, and kept.", "In the way of its end, for people to remove: network-interface eni-1.",
			"The folder goes in a second pull request", "`vpc/two.example.com`")
		id := d.say(7, "ada", "/quorate approve")
		after(time.Minute)
		contains(t, "approval", d.remark(7, fmt.Sprintf("answer-%d", id)), "there is no plan of `one.example.com` that could be carried out")
	})
}

// TestTheSecondPullRequestOfADeletionSaysThatNothingIsLeft removes the folder of a cluster that its annotation
// ended, too early and then in time.
func TestTheSecondPullRequestOfADeletionSaysThatNothingIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		ends := strings.Replace(cluster("two.example.com"), "  name: two.example.com\n", "  name: two.example.com\n  annotations: {quorate.dev/deletion: two.example.com}\n", 1)
		d.sees = func(c desired.Cluster) (actual.State, error) { return actual.State{Topology: c.Topology}, nil }
		d.push("a", map[string]string{"two": ends})
		d.propose(7, "b", nil)
		s := d.serve(t)
		after(time.Second)
		contains(t, "early", d.status("b", "quorate/plan/two.example.com"), "failure: removing the folder destroys nothing, and leaves ")
		contains(t, "early", d.remark(7, "plan"), "Its deletion is not finished: remove the folder when the status says that it is.")
		d.mu.Lock()
		d.sees = nil
		d.mu.Unlock()
		s.Moved("two.example.com")
		after(time.Minute)
		contains(t, "in time", d.status("b", "quorate/plan"), "success: two.example.com: deleted; 0 snapshots")
		contains(t, "in time", d.remark(7, "plan"), "| `two.example.com` | ended | nothing |", "removing the folder destroys nothing.")
	})
}

// TestPlansHaveTheirPages follows the links of statuses and of a comment that is cut.
func TestPlansHaveTheirPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		one := cluster("one.example.com")
		many := map[string]string{}
		for i := range 9 {
			many[fmt.Sprint(i)] = cluster(fmt.Sprintf("c%d.example.com", i))
		}
		d.push("a", map[string]string{"one": one})
		d.propose(7, "b", many)
		var mu sync.Mutex
		pages := map[string]Page{}
		d.serve(t, func(c *Config) {
			c.Show = func(p Page) (one, all string) {
				mu.Lock()
				defer mu.Unlock()
				all = "https://ops.example.com/plans/" + p.Head
				pages[all+"/"+p.Cluster] = p
				return all + "/" + p.Cluster, all
			}
		})
		after(time.Second)
		at := "https://ops.example.com/plans/" + hash("b")
		if got := d.link("b", "quorate/plan/c1.example.com"); got != at+"/c1.example.com" || d.link("b", "quorate/plan") != at {
			t.Errorf("the statuses link to %s and %s", got, d.link("b", "quorate/plan"))
		}
		contains(t, "comment", d.remark(7, "plan"), "**Cut here**, after ", "[All of it](<"+at+"/c1.example.com>)", "[The page of this plan](<"+at+"/c8.example.com>)")
		mu.Lock()
		page := pages[at+"/c1.example.com"]
		mu.Unlock()
		contains(t, "page", page.Plan, "vpc/c1.example.com", "dns-record/")
		if page.Head != hash("b") || page.Base != hash("a") || page.Pull != 7 || page.Risk != "in place" || page.Digest == "" || page.Seen == "" {
			t.Errorf("%+v", page)
		}
		d.propose(7, "c", many)
		after(time.Minute)
		if got := d.link("c", "quorate/plan/c1.example.com"); !strings.HasSuffix(got, hash("c")+"/c1.example.com") {
			t.Errorf("the same plan of the next commit is at %s", got)
		}
	})
}

func TestWithoutAPageTheCommentSaysHowToGetAllOfAPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		many := map[string]string{}
		for i := range 9 {
			many[fmt.Sprint(i)] = cluster(fmt.Sprintf("c%d.example.com", i))
		}
		d.push("a", nil)
		d.propose(7, "b", many)
		d.serve(t)
		after(time.Second)
		contains(t, "comment", d.remark(7, "plan"), "All of it: `quorate plan --file` `3`, at this commit.")
		if got := d.link("b", "quorate/plan"); got != "" {
			t.Errorf("the status links to %s", got)
		}
	})
}

func TestWhatTouchesNoClusterIsGreenWithoutAComment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.push("a", map[string]string{"one": cluster("one.example.com")})
		d.propose(7, "b", map[string]string{"one": cluster("one.example.com")})
		d.serve(t)
		after(time.Second)
		if got := d.status("b", "quorate/plan"); got != "success: no cluster is touched" || d.written() != 0 {
			t.Errorf("%q, %d comments", got, d.written())
		}
	})
}

func TestTooMuchIsRefusedWithASentence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.push("a", nil)
		many := map[string]string{}
		for i := range 3 {
			many[fmt.Sprint(i)] = cluster(fmt.Sprintf("c%d.example.com", i))
		}
		d.propose(7, "b", many)
		d.propose(8, "f", many)
		d.serve(t, func(c *Config) { c.MaxClusters = 2 })
		after(time.Second)
		contains(t, "many", d.status("b", "quorate/plan"), "failure: it touches 3 clusters, and no more than 2")
		contains(t, "unrelated", d.status("f", "quorate/plan"), "failure: it shares no history with main")
		if got := d.looked(); got != "" {
			t.Errorf("AWS was looked at for %q", got)
		}
	})
}

func TestTheRulesAreValidatedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.push("a", map[string]string{rules.File: "x"})
		d.propose(7, "b", map[string]string{rules.File: "y"})
		d.serve(t, func(c *Config) {
			c.Rules = func(string) []desired.Problem {
				return []desired.Problem{{File: rules.File, Line: 3, Severity: desired.Error, Message: "soak is no time"}}
			}
		})
		after(time.Second)
		contains(t, "roll-up", d.status("b", "quorate/plan"), "failure: quorate.yaml:3:0: soak is no time")
		contains(t, "comment", d.remark(7, "plan"), "- `quorate.yaml:3`: `soak is no time`")
	})
}

func TestAChangeOfTheRulesSaysWhichClustersItMeans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		two := map[string]string{"one": cluster("one.example.com"), "two": cluster("two.example.com")}
		at := func(text string) map[string]string {
			all := maps.Clone(two)
			all[rules.File] = "apiVersion: quorate.dev/v1\nkind: Rules\nenvironments:\n" + text
			return all
		}
		d.push("a", at("- {name: dev, paths: [one/**]}\n- {name: prod, paths: [two/**], after: [dev], soak: 2h}\n"))
		d.propose(7, "b", at("- {name: dev, paths: [one/**]}\n- {name: '`|prod', paths: [two/**], after: [dev], soak: 30m}\n"))
		d.propose(8, "c", at("- {name: prod, paths: [two/**], after: [dev], soak: 2h}\n"))
		d.propose(9, "d", at("- {name: dev, paths: [one/**]}\n- {name: prod, paths: [two/**], after: [dev], soak: 2h} # as before\n"))
		read := func(commit string) (rules.Rules, []desired.Problem) {
			data, err := d.File(commit, rules.File)
			if err != nil {
				t.Error(err)
			}
			return rules.Read(data)
		}
		d.serve(t, func(c *Config) {
			c.Rules = func(commit string) []desired.Problem {
				_, problems := read(commit)
				return problems
			}
			c.RulesChange = func(before, after string, manifests map[string]string) []rules.Change {
				was, _ := read(before)
				is, _ := read(after)
				return rules.Changes(was, is, manifests)
			}
		})
		after(time.Second)
		contains(t, "valid", d.status("b", "quorate/plan"), "success: no cluster is touched; quorate.yaml is valid, and changes the rules of one cluster")
		contains(t, "valid", d.remark(7, "plan"), "**The rules change**\n\n- of `two.example.com`\n  - `environment: prod → '\\|prod`\n  - `soak: 2h → 30m`\n")
		contains(t, "broken", d.status("c", "quorate/plan"), "failure: quorate.yaml:")
		if text := d.remark(8, "plan"); strings.Contains(text, "The rules change") {
			t.Errorf("what cannot be read changes rules:\n%s", text)
		}
		contains(t, "as before", d.status("d", "quorate/plan"), "success: no cluster is touched; quorate.yaml is valid, and means the same as before")
		contains(t, "as before", d.remark(9, "plan"), "`quorate.yaml` is valid, and means the same to every cluster as before.")
	})
}

func TestTheCommentIsKeptWhenTheHostIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.push("a", nil)
		d.propose(7, "b", map[string]string{"one": cluster("one.example.com")})
		s := d.serve(t)
		d.fail(errors.New("502"))
		s.Hear(webhook.PullRequest{Number: 7})
		after(time.Second)
		d.fail(nil)
		after(time.Minute)
		contains(t, "comment", d.remark(7, "plan"), "`one.example.com`")
		if got := d.looked(); got != "one.example.com" {
			t.Errorf("AWS was looked at for %q", got)
		}
	})
}
