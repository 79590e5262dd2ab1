package diff

import (
	"fmt"

	"github.com/quorate/quorate/topology"
)

// unmakeable refuses to make a template whose user data is to stay as found: there is
// nothing to find yet.
func unmakeable(want topology.Resource) string {
	t, ok := want.(topology.LaunchTemplate)
	if !ok || !t.UserDataKept {
		return ""
	}
	return fmt.Sprintf("machines boot from user data that kops writes (quorate.dev/bootstrap: kops), and a new group has none; have kops make the group once: "+
		"kops replace --force --name %[1]s -f <the manifests>, then kops update cluster --name %[1]s --yes", t.Tags[topology.TagCluster])
}

// followChange says that a group which is about to roll is pinned to a version on the
// way. By itself it is no difference: the version that the group follows is compared.
func followChange(want, have topology.AutoScalingGroup) []FieldChange {
	if have.Follows == want.Follows {
		return nil
	}
	return []FieldChange{{Path: "follows", Have: have.Follows, Want: "one version, by its number", Effect: Roll}}
}

// noteFollowers tells of the groups that follow a word and not a number.
func (p *Plan) noteFollowers(have topology.Topology) {
	changed := map[topology.Ref]Effect{}
	for _, c := range p.Changes {
		changed[c.Ref] = c.Effect
	}
	for _, group := range topology.Of[topology.AutoScalingGroup](have) {
		effect, listed := changed[group.Ref()]
		switch {
		case group.Follows == "" || listed && (effect == Delete || effect == Forbid):
		case changed[group.LaunchTemplate] == InPlace:
			p.note(group.Ref(), "it follows "+group.Follows+" of its launch template, and is pinned to the version of now before the new one is made")
		case effect != Roll:
			p.note(group.Ref(), "it follows "+group.Follows+" of its launch template, which is no difference; it is pinned to a version by number when the template first changes or the group first rolls")
		}
	}
}

func (p *Plan) note(ref topology.Ref, text string) { p.Notes = append(p.Notes, Note{ref, text}) }
