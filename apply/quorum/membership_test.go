package quorum

import (
	"slices"
	"testing"
)

func TestMembershipChanges(t *testing.T) {
	all := three(Healthy, Healthy, Healthy)
	one := Cluster{Name: "main", Members: all.Members[:1]}
	two := Cluster{Name: "main", Members: all.Members[:2]}
	oneDown := three(Healthy, Unhealthy, Healthy)
	withLearner := func(h Health) Cluster {
		return Cluster{Name: "main", Members: []Member{all.Members[0], {Name: "b", Zone: "us-test-1b", Health: h, Learner: true}}}
	}
	withLearners := func(b, c Health) Cluster {
		both := withLearner(b)
		both.Members = append(both.Members, Member{Name: "c", Zone: "us-test-1c", Health: c, Learner: true})
		return both
	}
	twoOneDown := Cluster{Name: "main", Members: oneDown.Members[:2]}
	underWay := func(c Cluster, zones ...string) Cluster {
		c.UnderWay = zones
		return c
	}
	voter, newLearner := Member{Name: "x", Zone: "us-test-1b", Health: Healthy}, Member{Name: "x", Zone: "us-test-1b", Learner: true}

	for _, tc := range []struct {
		name string
		got  Verdict
		want Answer
	}{
		{"a second voter would stop the only one until it is up", DecideAdd(one, voter), Refuse},
		{"the first growth goes through a learner", DecideAdd(one, newLearner), Proceed},
		{"a learner that caught up may vote", DecidePromote(withLearner(Healthy), "b"), Proceed},
		{"a learner that has not may not", DecidePromote(withLearner(Unhealthy), "b"), Wait},
		{"a learner nobody heard from may not", DecidePromote(withLearner(Unknown), "b"), Wait},
		{"one learner at a time", DecideAdd(withLearner(Healthy), newLearner), Wait},
		{"a learner that never caught up may go", DecideRemove(withLearner(Unhealthy), "b"), Proceed},
		{"two grow to three with both up", DecideAdd(two, voter), Proceed},
		{"three grow to four with all up", DecideAdd(all, voter), Proceed},
		{"three do not grow while one is down", DecideAdd(oneDown, voter), Wait},
		{"the member that is down may be removed", DecideRemove(oneDown, "b"), Proceed},
		{"a healthy one may not, beside it", DecideRemove(oneDown, "a"), Wait},
		{"one of two, when both can agree to it", DecideRemove(two, "b"), Proceed},
		{"one of two, when the other cannot", DecideRemove(twoOneDown, "b"), Wait},
		{"one of two, when it cannot itself", DecideRemove(twoOneDown, "a"), Wait},
		{"the last one never", DecideRemove(one, "a"), Refuse},
		{"two of three, one right after the other", DecideRemoveBoth(all, "b", "c"), Proceed},
		{"two of three, the one that is down first", DecideRemoveBoth(oneDown, "b", "c"), Proceed},
		{"two of three, the one that is down last", DecideRemoveBoth(oneDown, "c", "b"), Wait},
		{"a second learner along with the first", DecideAdd(withLearner(Unhealthy), newLearner, "b"), Proceed},
		{"a voter is nobody to come along with", DecideAdd(withLearner(Healthy), newLearner, "a"), Wait},
		{"two learners that caught up may vote", DecidePromote(withLearners(Healthy, Healthy), "b", "c"), Proceed},
		{"neither, while the second has not", DecidePromote(withLearners(Healthy, Unhealthy), "b", "c"), Wait},
		{"neither, while the first has not", DecidePromote(withLearners(Unhealthy, Healthy), "b", "c"), Wait},
		{"one of them alone waits for the other", DecidePromote(withLearners(Healthy, Healthy), "b"), Wait},
		{"nobody is promoted for nothing", DecidePromote(all), Refuse},
		{"not while another zone is under way", DecideRemove(underWay(all, "us-test-1a"), "b"), Wait},
		{"as part of its own zone's work", DecideRemove(underWay(all, "us-test-1b"), "b"), Proceed},
		{"a learner, not while another zone is under way", DecideAdd(underWay(all, "us-test-1a"), newLearner), Wait},
		{"a learner, as part of its own zone's work", DecideAdd(underWay(all, "us-test-1b"), newLearner), Proceed},
		{"a promotion, as part of its own zone's work", DecidePromote(underWay(withLearner(Healthy), "us-test-1b"), "b"), Proceed},
		{"nobody joins twice", DecideAdd(all, Member{Name: "a"}), Refuse},
		{"no stranger leaves", DecideRemove(all, "x"), Refuse},
		{"no stranger is promoted", DecidePromote(all, "x"), Refuse},
		{"no voter is promoted", DecidePromote(all, "a"), Refuse},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.got.Answer != tc.want || tc.got.Reason == "" {
				t.Errorf("got %v: %s\nwant %v", tc.got.Answer, tc.got.Reason, tc.want)
			}
		})
	}
}

// Whatever is allowed leaves the list afterwards with a majority of its voters certainly up. Zones only
// matter to work under way, and there is none here, so one zone stands for all.
func TestNoAllowedMembershipChangeLosesTheMajority(t *testing.T) {
	healthy := func(c Cluster, not string) bool {
		return outnumbers(c, func(i int) bool { return c.Members[i].Health == Healthy && c.Members[i].Name != not })
	}
	for n := range most {
		for members := range memberListsOf(kinds()[:6], n) {
			c := Cluster{Name: "main", Members: members}
			newcomer := Member{Name: "new", Zone: "a"}
			after := Cluster{Members: append(slices.Clone(members), newcomer)}
			if DecideAdd(c, newcomer).Answer == Proceed && !healthy(after, "new") {
				t.Fatalf("%+v: a newcomer may cost the majority", c)
			}
			for i, m := range members {
				if m.Learner && DecidePromote(c, m.Name).Answer == Proceed {
					after := Cluster{Members: slices.Clone(members)}
					after.Members[i].Learner = false
					if !healthy(after, "") {
						t.Fatalf("%+v: promoting %s may cost the majority", c, m.Name)
					}
				}
				if DecideRemove(c, m.Name).Answer == Proceed && !healthy(c, m.Name) && !bothOfTwo(c) {
					t.Fatalf("%+v: removing %s may cost the majority", c, m.Name)
				}
				for _, second := range members {
					if second.Name == m.Name {
						continue
					}
					if m.Learner && second.Learner && DecidePromote(c, m.Name, second.Name).Answer == Proceed {
						for _, after := range promoted(c, m.Name, second.Name) {
							if !healthy(after, "") {
								t.Fatalf("%+v: promoting %s and %s may cost the majority", c, m.Name, second.Name)
							}
						}
					}
					if DecideRemoveBoth(c, m.Name, second.Name).Answer == Proceed && (DecideRemove(c, m.Name).Answer != Proceed || !healthy(left(c, m.Name), second.Name) && !bothOfTwo(left(c, m.Name))) {
						t.Fatalf("%+v: removing %s and %s may cost the majority", c, m.Name, second.Name)
					}
				}
			}
		}
	}
}

// bothOfTwo says whether there are two voters, both up: the one case in which the vote of a leaver is
// needed for its own leaving, and for nothing afterwards.
func bothOfTwo(c Cluster) bool {
	voters, up := 0, 0
	for _, m := range c.Members {
		if m.Learner {
			continue
		}
		voters++
		if m.Health == Healthy {
			up++
		}
	}
	return voters == 2 && up == 2
}

// promoted is the list after each of the promotions.
func promoted(c Cluster, names ...string) []Cluster {
	var lists []Cluster
	for _, name := range names {
		c.Members = slices.Clone(c.Members)
		for i := range c.Members {
			if c.Members[i].Name == name {
				c.Members[i].Learner = false
			}
		}
		lists = append(lists, c)
	}
	return lists
}

// left is the list when somebody has left it.
func left(c Cluster, name string) Cluster {
	rest := Cluster{Name: c.Name}
	for _, m := range c.Members {
		if m.Name != name {
			rest.Members = append(rest.Members, m)
		}
	}
	return rest
}
