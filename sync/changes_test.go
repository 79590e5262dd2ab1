package sync_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/diff/render"
	"github.com/quorate/quorate/sync"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// A conversation changes the manifest of the HA example step by step, in
// testdata/changes. Its files, in the order in which they happen:
//
//	edit     what changes in the manifest, as a diff does: lines that begin with -, + or a space
//	plan     the plan of that, as people read it
//	world    applied until nothing is to do, what AWS has more (+) and less (-) than before
//	waits    applied as far as it goes, the reason why it goes no further
//	refused  applied, what is answered; nothing was done
//
// go test -update writes plan, world, waits and refused.
type conversation struct {
	*testing.T
	ground   *ground
	life     *life
	manifest string
}

func TestChangesAreConversations(t *testing.T) {
	files, err := filepath.Glob("testdata/changes/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			ground := newGround(t)
			c := &conversation{T: t, ground: ground, life: &life{region: ground.region}, manifest: small}
			if !c.life.converge(t, ground, clusterOf(t, small), "base") {
				t.Fatal("no cluster")
			}
			for i, f := range archive.Files {
				got := c.say(f.Name, string(f.Data))
				if *update {
					archive.Files[i].Data = []byte(got)
				} else if d := cmp.Diff(string(f.Data), got); d != "" {
					t.Errorf("file %d, %s (-want +got):\n%s", i+1, f.Name, d)
				}
			}
			if *update {
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// say plays one file and answers what it should hold.
func (c *conversation) say(name, text string) string {
	c.Helper()
	switch name {
	case "edit":
		c.edit(text)
		return text
	case "plan":
		return c.plan()
	case "world":
		return c.world()
	case "waits":
		return c.waits()
	case "refused":
		return c.refused()
	}
	c.Fatalf("no file is called %s", name)
	return ""
}

// edit replaces the lines of each block (blocks are parted by an empty line) wherever
// they stand.
func (c *conversation) edit(text string) {
	c.Helper()
	for block := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		var before, after strings.Builder
		for line := range strings.Lines(block + "\n") {
			if line[0] != '+' {
				before.WriteString(line[1:])
			}
			if line[0] != '-' {
				after.WriteString(line[1:])
			}
		}
		changed := strings.ReplaceAll(c.manifest, before.String(), after.String())
		if changed == c.manifest {
			c.Fatalf("the manifest has no such lines:\n%s", &before)
		}
		c.manifest = changed
	}
}

func (c *conversation) plan() string {
	c.Helper()
	planned, err := c.life.planner(c, clusterOf(c, c.manifest)).Plan(c.Context(), clusterOf(c, c.manifest))
	if err != nil {
		c.Fatal(err)
	}
	var text bytes.Buffer
	if err := render.Text(&text, planned.Render(), render.Plain); err != nil {
		c.Fatal(err)
	}
	return passing.ReplaceAllString(text.String(), "…")
}

// passing are ids of machines, digests of templates and what machines took to come back, which are others
// each time.
var passing = regexp.MustCompile(`\bi-[0-9a-f]{17}(, i-[0-9a-f]{17})*|\b[0-9a-f]{12}\b|about \d+ min|\(as \d+ machines? of this role took\)|\(a guess, as no machine has told yet\)`)

// world applies the manifest, which ends with an empty plan, and tells the difference.
func (c *conversation) world() string {
	c.Helper()
	before := inventory(c.ground.region)
	if !c.life.converge(c, c.ground, clusterOf(c, c.manifest), c.commit()) {
		c.Fatal("it did not finish")
	}
	c.balanced()
	after := inventory(c.ground.region)
	all := maps.Clone(before)
	maps.Copy(all, after)
	var text strings.Builder
	for _, thing := range slices.Sorted(maps.Keys(all)) {
		for range after[thing] - before[thing] {
			fmt.Fprintf(&text, "+ %s\n", thing)
		}
		for range before[thing] - after[thing] {
			fmt.Fprintf(&text, "- %s\n", thing)
		}
	}
	return text.String()
}

// balanced waits until AWS has as many machines as the groups want, and no others.
func (c *conversation) balanced() {
	c.Helper()
	o := newOperator(c.T, c.ground)
	for deadline := time.Now().Add(crashLimit); time.Now().Before(deadline); <-time.After(crashPause) {
		out, err := o.AutoScaling.DescribeAutoScalingGroups(c.Context(), &autoscaling.DescribeAutoScalingGroupsInput{})
		o.must(err)
		want, have := 0, 0
		for _, g := range out.AutoScalingGroups {
			want += int(*g.DesiredCapacity)
		}
		for thing, n := range inventory(c.ground.region) {
			if strings.HasPrefix(thing, "instance ") {
				have += n
			}
		}
		if want == have {
			return
		}
	}
	c.Fatal("AWS never has the machines that the groups want")
}

// waits makes passes until nothing moves, and something waits.
func (c *conversation) waits() string {
	c.Helper()
	for deadline := time.Now().Add(crashLimit); time.Now().Before(deadline); <-time.After(crashPause) {
		result := c.pass()
		if result.Report.State() == apply.Waiting && !result.Report.Acted() {
			return result.Report.Reason() + "\n"
		}
	}
	c.Fatal("it never waits")
	return ""
}

func (c *conversation) refused() string {
	c.Helper()
	before := c.ground.region.MutatingCalls()
	result := c.pass()
	if calls := c.ground.region.MutatingCalls() - before; calls > 0 {
		c.Errorf("%d calls changed something", calls)
	}
	return result.Report.Reason() + "\n"
}

func (c *conversation) pass() sync.Result {
	c.Helper()
	result := c.life.pass(c, c.ground, clusterOf(c, c.manifest), c.commit())
	if result.Err != nil {
		c.Fatal(result.Err)
	}
	return result
}

// commit is another one for each manifest, as in Git.
func (c *conversation) commit() string { return fmt.Sprintf("%x", len(c.manifest)) + c.manifest[:8] }
