package review

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/quorate/quorate/sync/commitstatus"
)

// shown is what whoever reads our comment has before their eyes: a commit, and plans of it that may be
// carried out, their digests by cluster.
type shown struct {
	head  string
	plans map[string]string
}

func (f finding) showing() shown {
	s := shown{f.head, map[string]string{}}
	for _, r := range f.rows {
		if r.state == commitstatus.Success && r.plan != "" && clusterName.MatchString(r.name) {
			s.plans[r.name] = r.plan
		}
	}
	return s
}

// mark writes it where nobody sees it, for [readShown].
func (s shown) mark(b *strings.Builder) {
	fmt.Fprintf(b, "<!-- head %s -->\n", s.head)
	for _, name := range slices.Sorted(maps.Keys(s.plans)) {
		fmt.Fprintf(b, "<!-- plan %s %s -->\n", name, s.plans[name])
	}
}

var (
	clusterName = regexp.MustCompile(`^[a-z0-9.-]+$`)
	headMark    = regexp.MustCompile(`^<!-- head ([0-9a-f]{40}) -->$`)
	planMark    = regexp.MustCompile(`^<!-- plan ([a-z0-9.-]+) ([0-9a-f]{64}) -->$`)
)

// readShown reads the hidden lines at the beginning of a comment, and no further: what follows holds the words
// of others.
func readShown(body string) shown {
	s := shown{plans: map[string]string{}}
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		switch head, plan := headMark.FindStringSubmatch(line), planMark.FindStringSubmatch(line); {
		case head != nil:
			s.head = head[1]
		case plan != nil:
			s.plans[plan[1]] = plan[2]
		case !strings.HasPrefix(line, "<!-- quorate:"):
			return s
		}
	}
	return s
}

// lacks names the clusters whose plan nobody saw, sorted.
func (s shown) lacks(clusters []string) []string {
	return slices.DeleteFunc(slices.Clone(clusters), func(name string) bool { return s.plans[name] != "" })
}
