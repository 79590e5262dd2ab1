package picture

import (
	"fmt"
	"slices"
	"strings"

	"github.com/quorate/quorate/diff"
)

// effects in reading order, as a plan's summary has them.
var effects = []diff.Effect{diff.Create, diff.InPlace, diff.Roll, diff.Replace, diff.Delete, diff.Retire, diff.Forbid}

// effectStyles are the colours a terminal shows plans in: green, cyan, yellow, magenta, red.
var effectStyles = map[diff.Effect]struct{ name, sign, fill, stroke string }{
	diff.Create:  {"create", "+", "#e9f7ec", "#2e8b4a"},
	diff.InPlace: {"inplace", "~", "#e2f5f9", "#0e8aa5"},
	diff.Roll:    {"roll", "↻", "#fff6d6", "#c28a00"},
	diff.Replace: {"replace", "±", "#f8e8f8", "#a435a8"},
	diff.Delete:  {"delete", "−", "#fdeaea", "#cc3b3b"},
	diff.Retire:  {"retire", "⊖", "#fdeaea", "#cc3b3b"},
	diff.Forbid:  {"forbid", "✗", "#ffd9d9", "#a30000"},
}

const (
	chainTitle     = "one control-plane zone at a time"
	forbiddenTitle = "A change is forbidden, so nothing of this plan is applied."
)

func (g Graph) forbidden() bool {
	return slices.ContainsFunc(g.Nodes, func(n Node) bool { return n.Effect == diff.Forbid })
}

func (g Graph) title() string {
	return fmt.Sprintf("Plan for %s in %s: %s", g.Cluster, g.Region, g.Summary)
}

// title is what happens to what, such as "+ create 3 × subnet".
func (n Node) title() string {
	what := string(n.Kind)
	if len(n.Names) > 1 {
		what = fmt.Sprintf("%d × %s", len(n.Names), n.Kind)
	}
	return fmt.Sprintf("%s %s %s", effectStyles[n.Effect].sign, n.Effect, what)
}

// mostNames is how many names a box has room for.
const mostNames = 5

// names are the lines of a box beneath its title: without what every name of the
// cluster ends in, and at most [mostNames].
func (g Graph) names(n Node) []string {
	var lines []string
	for _, name := range n.Names {
		lines = append(lines, strings.ReplaceAll(strings.ReplaceAll(name, ".masters."+g.Cluster, ""), "."+g.Cluster, ""))
	}
	if len(lines) > mostNames {
		more := fmt.Sprintf("and %d more", len(lines)-mostNames+1)
		lines = append(slices.Clone(lines[:mostNames-1]), more)
	}
	if n.Zone != "" {
		lines = append(lines, "zone "+n.Zone)
	}
	return lines
}
