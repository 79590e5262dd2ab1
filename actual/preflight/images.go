package preflight

import (
	"context"
	"strings"

	"github.com/quorate/quorate/desired/instancetype"
	"github.com/quorate/quorate/topology"
)

// checkImages looks at the images that discovery has asked for anyway, and makes no call.
func checkImages(_ context.Context, _ Clients, in Input, f *Findings) error {
	changed := map[topology.Ref]bool{}
	for _, c := range changesOf[topology.LaunchTemplate](in) {
		if c.removes() || !c.has("image") && !c.has("instanceType") {
			continue
		}
		changed[c.Ref] = true
		if _, exists := in.Have.Facts.Architectures[c.want.Image]; !exists {
			f.problem(c.Ref, "image %s was not found in %s, or this account may not use it; correct the image of the instance group", c.want.Image, in.Region)
		}
	}
	for _, c := range changesOf[topology.AutoScalingGroup](in) {
		if !c.removes() && c.has("mixed") {
			changed[c.want.LaunchTemplate] = true
		}
	}
	for _, r := range in.Want.All() {
		if g, ok := r.(topology.AutoScalingGroup); ok && changed[g.LaunchTemplate] {
			judgeArchitectures(in, g, f)
		}
	}
	return nil
}

// judgeArchitectures compares what AWS says of the image with what it says of the types. A type that is
// younger than the list is left to AWS.
func judgeArchitectures(in Input, g topology.AutoScalingGroup, f *Findings) {
	template, found := templateOf(in, g)
	architecture, exists := in.Have.Facts.Architectures[template.Image]
	if !found || !exists || architecture == "" {
		return
	}
	for _, name := range typesOf(g, template) {
		if t, known := instancetype.Find(name); known && !t.Runs(architecture) {
			f.problem(g.Ref(), "image %s is for %s, and a %s is %s; choose an image or a machine type of the other's architecture", template.Image, architecture, name, strings.Join(t.Architectures, " or "))
		}
	}
}
