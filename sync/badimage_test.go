package sync_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/sync/explain"
)

// explained is what quorate explain prints.
func (n *night) explained() string {
	n.Helper()
	watcher := apply.NewWatcher(apply.WatchConfig{Clients: n.life.clients(n, n.want.Region, nil), Cluster: n.want.Name, Etcd: n.ground, Nodes: n.ground, Rolling: n.want.Rolling, Now: n.clock.Now})
	planner := n.life.knowing(n, n.ground, n.want)
	planner.Preflight = nil
	facts, err := explain.Sources{
		Plan: planner.Plan, Advise: watcher.Advise, Holder: func(string) int { return 0 }, Now: n.clock.Now,
	}.Gather(n.Context(), n.want)
	n.must(err)
	var text strings.Builder
	n.must(explain.Text(&text, explain.Of(facts), explain.Plain))
	return text.String()
}

// wantExplained compares what is explained with a pattern, in which … stands for ids and times.
func (n *night) wantExplained(when, pattern string) {
	n.Helper()
	text := n.explained()
	matched, err := regexp.MatchString("^"+strings.ReplaceAll(regexp.QuoteMeta(pattern), "…", "[^ ;)\n]+")+"$", text)
	n.must(err)
	if !matched {
		n.Errorf("%s it is explained:\n%s\nwant:\n%s", when, text, pattern)
	}
}

// TestABadImageIsExplainedUntilTheNextCommitRepairsIt asks at every turn what a person at night would ask.
func TestABadImageIsExplainedUntilTheNextCommitRepairsIt(t *testing.T) {
	t.Parallel()
	n := newNight(t, small)
	n.ground.region.SetBoots(notVersion(2))
	n.commits(newer, "newer")
	n.until("the first zone is under way", time.Hour, func() bool { return n.heard("is being replaced") })
	n.minute()
	if text := n.explained(); !strings.Contains(text, "nobody needs to do anything before ") {
		t.Errorf("while the first zone has its time it is explained:\n%s", text)
	}

	n.until("the roll halts and steps back", 2*time.Hour, n.stopped)
	halted := "halted: us-east-1a did not come back within 15m0s with template version 2 (image …); it runs version 1 again, us-east-1b runs version 1, us-east-1c runs version 1; nothing else is touched: commit a fix, or set quorate.dev/resume"
	n.wantHeard(halted)
	n.wantExplained("halted,", `ha.example.com waits for one thing

  `+halted+`
    since … (…)
    who can unblock it: you: commit a manifest that works, or this one with the annotation quorate.dev/resume, which says why it may be tried again
`)

	n.commits(newest, "newest")
	n.pass()
	if text := n.explained(); strings.Contains(text, "halted") || !strings.Contains(text, "control plane: 0 of 3 machines are as wanted") {
		t.Errorf("with the next commit it is explained:\n%s", text)
	}
	n.until("the next commit rolls", 3*time.Hour, n.well)
	n.wantExplained("in the end", "ha.example.com waits for nothing: it is as its manifest says, and works\n")
	n.wantVersions("3 [3]", "3 [3]", "3 [3]", "3 [3 3 3]")
	n.wantQuorum()
}
