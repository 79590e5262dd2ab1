package diff

import (
	"fmt"
	"slices"

	"github.com/quorate/quorate/topology"
)

// The control plane grows and shrinks by an edit of the manifest. What is refused here is what no gate
// could make safe: the rest is asked of etcd when it happens.

// most is how many masters one plan takes away. Each leaves alone and under the gate, but a plan is read by
// people, and after two of five the majority of the members that they know is still there.
const most = 2

const (
	volumeMembership = "the volume is one member's for ever; put its name back, or list another member with a volume of its own"
	membersChange    = "members join as learners and leave one at a time, under the gate; this list is written when etcd's own is the same"
	membersByKops    = "the machines boot from what kops wrote (quorate.dev/bootstrap: kops), so etcd-manager decides who is a member; put the old member list back, or let Quorate write what they boot from first"
	mastersByOthers  = "its template does not say which etcd members its machine carries, so nobody can tell what removing it would do; put the instance group back into the manifest"
	lastMasters      = "no control-plane group of today would be left, and with the last of them goes etcd's data; let at least one stay, and take it away in a later commit"
)

// unwanted refuses the removal of a control-plane group that would take more from etcd than a gate can give
// back.
func unwanted(h topology.Resource, want, have topology.Topology) string {
	group, ok := h.(topology.AutoScalingGroup)
	if !ok || group.Role != topology.ControlPlane {
		return ""
	}
	seats, known := seatsOf(group, have)
	if !known {
		return mastersByOthers
	}
	if member := stillWanted(seats, want); member != "" {
		return fmt.Sprintf("member %s would move to another group, and a member stays with its group; put the group back into the manifest, or add a member with another name", member)
	}
	stay, leave := masters(want, have)
	switch {
	case stay == 0:
		return lastMasters
	case leave > most:
		return fmt.Sprintf("%d of %d masters would leave with one commit; take at most %d away at a time", leave, stay+leave, most)
	}
	return ""
}

// seatsOf are the etcd members that the machine of a group carries, by etcd cluster.
func seatsOf(group topology.AutoScalingGroup, in topology.Topology) (seats map[string]string, known bool) {
	template, _ := topology.Find[topology.LaunchTemplate](in, group.LaunchTemplate)
	config, err := topology.ParseUserData(template.UserData)
	if err != nil {
		return nil, false
	}
	seats = map[string]string{}
	for _, etcd := range config.EtcdClusters {
		seats[etcd.Name] = etcd.Member
	}
	return seats, len(seats) > 0
}

// stillWanted is one of the members that the manifest goes on to list; empty if there is none.
func stillWanted(seats map[string]string, want topology.Topology) string {
	for _, v := range topology.Of[topology.Volume](want) {
		if seats[v.EtcdCluster] == v.Member {
			return v.Member
		}
	}
	return ""
}

// masters counts the control-plane groups that stay, and those that leave.
func masters(want, have topology.Topology) (stay, leave int) {
	for _, g := range topology.Of[topology.AutoScalingGroup](have) {
		switch _, wanted := want.Get(g.Ref()); {
		case g.Role != topology.ControlPlane:
		case wanted:
			stay++
		default:
			leave++
		}
	}
	return stay, leave
}

// refuseMembership refuses other members where somebody else decides who is one.
func (c *Change) refuseMembership(want topology.Topology) {
	if c.Ref.Kind != topology.KindVolume || !c.Has("members") || !byKops(want) {
		return
	}
	for i := range c.Fields {
		if c.Fields[i].Path == "members" {
			c.Fields[i].Effect, c.Fields[i].Reason = Forbid, membersByKops
		}
	}
	c.settle()
}

// byKops reports whether masters boot from what kops wrote.
func byKops(want topology.Topology) bool {
	return slices.ContainsFunc(topology.Of[topology.AutoScalingGroup](want), func(g topology.AutoScalingGroup) bool {
		template, _ := topology.Find[topology.LaunchTemplate](want, g.LaunchTemplate)
		return g.Role == topology.ControlPlane && template.UserDataKept
	})
}
