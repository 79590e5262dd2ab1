package apply

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/topology"
)

// etcdModel is what etcd would say: for each etcd cluster its members, each a letter; a learner is in lower
// case, and one that is down has an exclamation mark behind it.
type etcdModel map[string][]string

// see makes a standing of masters of which all have machines but those in lost, with what etcd says.
func (e etcdModel) see(masters, lost string) standing {
	zones := strings.Split(masters, "")
	s := plane(zones...)
	for i := range s.masters {
		name := zones[i]
		s.masters[i].group.Name, s.masters[i].zone = "master-"+name, name
		for j := range s.masters[i].seats {
			s.masters[i].seats[j].member = name
		}
		if strings.Contains(lost, name) {
			s.masters[i].missing = []string{"master-" + name + " has no machine"}
		} else {
			s.masters[i].machine = &liveMachine{id: "i-" + name}
		}
	}
	for j := range s.reports {
		r := &s.reports[j]
		r.Members, r.Leader, r.Listed = nil, "a", []health.Listed{}
		for _, name := range zones {
			member := quorum.Member{Name: name, Zone: name, Health: quorum.Unhealthy}
			for _, listed := range e[r.Name] {
				if strings.ToLower(listed[:1]) != name {
					continue
				}
				member.Learner = listed[:1] == name
				r.Listed = append(r.Listed, health.Listed{Name: name, Learner: member.Learner, Started: true})
				if !strings.HasSuffix(listed, "!") {
					member.Health = quorum.Healthy
				}
			}
			r.Members = append(r.Members, member)
		}
	}
	return s
}

func wanting(masters string) topology.Topology {
	var all []topology.Resource
	for name := range strings.SplitSeq(masters, "") {
		template := topology.LaunchTemplate{Name: "master-" + name}
		all = append(all, template, topology.AutoScalingGroup{Name: "master-" + name, Role: topology.ControlPlane, Zones: []string{name}, LaunchTemplate: template.Ref()})
	}
	built, err := topology.New(all...)
	if err != nil {
		panic(err)
	}
	return built
}

func both(members ...string) etcdModel { return etcdModel{"events": members, "main": members} }

func TestWhichMemberComesOrGoesNext(t *testing.T) {
	for _, tc := range []struct {
		name      string
		etcd      etcdModel
		all, want string // masters with a group, and those that are wanted
		lost      string // masters without a machine
		step      string
		answer    quorum.Answer
		sentence  string
	}{
		{"nothing to do", both("A", "B", "C"), "abc", "abc", "", "", quorum.Proceed, ""},
		{"the first of two newcomers", both("A"), "abc", "abc", "", "add b to events", quorum.Proceed, ""},
		{"nobody is asked in before both machines are there", both("A"), "abc", "abc", "c", "", quorum.Wait, "c (c) joins when its machine is there: master-c has no machine"},
		{"the second learner along with the first", both("A", "b!"), "abc", "abc", "", "add c to events", quorum.Proceed, ""},
		{"main follows events", etcdModel{"events": {"A", "b", "c"}, "main": {"A"}}, "abc", "abc", "", "add b to main", quorum.Proceed, ""},
		{"nobody votes before both have caught up", both("A", "b", "c!"), "abc", "abc", "", "promote b c in events", quorum.Wait, "c must catch up"},
		{"both vote when both have caught up", both("A", "b", "c"), "abc", "abc", "", "promote b c in events", quorum.Proceed, ""},
		{"the second of the pair, after a crash between them", both("A", "B", "c"), "abc", "abc", "", "promote c in events", quorum.Proceed, ""},
		{"a voter that is down holds a growth", both("A", "B!", "C"), "abcde", "abcde", "", "add d to events", quorum.Wait, "b"},
		{"the next pair", both("A", "B", "C"), "abcde", "abcde", "", "add d to events", quorum.Proceed, ""},
		{"one that was removed to be mended", both("A", "C"), "abc", "abc", "", "add b to events", quorum.Proceed, ""},
		{"three leave five in pairs", both("A", "B", "C", "D", "E"), "abcde", "abc", "", "remove d e from events", quorum.Proceed, ""},
		{"the sick one first", both("A", "B", "C", "D", "E!"), "abcde", "abc", "", "remove e d from events", quorum.Proceed, ""},
		{"the leader last", both("A", "B", "C"), "abc", "c", "", "remove b a from events", quorum.Proceed, ""},
		{"the second of the pair, after a crash between them, leaving", both("A", "B"), "abc", "a", "", "remove b from events", quorum.Proceed, ""},
		{"of two voters none leaves while one is down", both("A!", "B"), "abc", "a", "", "remove b from events", quorum.Wait, ""},
		{"nobody leaves while one that stays is down", both("A", "B!", "C", "D", "E"), "abcde", "abc", "", "remove d e from events", quorum.Wait, "b"},
		{"learners that nobody wants go one by one", both("A", "B", "C", "d", "e"), "abcde", "abc", "", "remove d from events", quorum.Proceed, ""},
		{"a learner that nobody wants goes before another comes", both("A", "b", "c"), "abcd", "abd", "", "remove c from events", quorum.Proceed, ""},
		{"also one that never started", both("A", "b!", "c!"), "abc", "a", "", "remove b from events", quorum.Proceed, ""},
		{"a newcomer comes before a leaver goes", both("A", "B", "C"), "abcd", "abd", "", "add d to events", quorum.Proceed, ""},
		{"a leaver goes when the newcomer votes", both("A", "B", "C", "D"), "abcd", "abd", "", "remove c from events", quorum.Proceed, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			step, verdict := newMembership(tc.etcd.see(tc.all, tc.lost), wanting(tc.want)).next()
			if got := step.String(); got != tc.step || verdict.Answer != tc.answer || !strings.Contains(verdict.Reason, tc.sentence) {
				t.Errorf("%q, %s: %s; want %q, %s with %q", got, verdict.Answer, verdict.Reason, tc.step, tc.answer, tc.sentence)
			}
		})
	}
}

func (s memberStep) String() string {
	if s.verb == "" {
		return ""
	}
	to := map[memberVerb]string{addMember: "to", promoteMember: "in", removeMember: "from"}[s.verb]
	return fmt.Sprintf("%s %s %s %s", s.verb, strings.Join(s.members, " "), to, s.etcd)
}

func TestWithoutAMajorityNobodyComesOrGoes(t *testing.T) {
	s := both("A").see("abc", "")
	s.reports[1].Listed = nil
	if step, verdict := newMembership(s, wanting("abc")).next(); step.verb != "" || verdict.Answer != quorum.Wait || !strings.Contains(verdict.Reason, "main") {
		t.Errorf("%v, %s: %s", step, verdict.Answer, verdict.Reason)
	}
}

// TestEveryWayFromHereToThereKeepsTheMajority walks from every number of masters to every other one, cut off
// after each single change, with any one member going down and coming back in between. Whatever is allowed
// leaves a healthy majority, and the way ends.
func TestEveryWayFromHereToThereKeepsTheMajority(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e"}
	for from := 1; from <= 5; from++ {
		for to := 1; to <= 5; to++ {
			all := strings.Join(names[:max(from, to)], "")
			want := strings.Join(names[:to], "")
			for _, down := range append([]string{""}, names[:from]...) {
				t.Run(fmt.Sprintf("%d to %d, %q down for a while", from, to, down), func(t *testing.T) {
					start := strings.Split(strings.ToUpper(strings.Join(names[:from], "")), "")
					walk(t, all, want, strings.ToUpper(down), start)
					if to < from { // an earlier growth was taken back, and has left learners
						start[from-1] = strings.ToLower(start[from-1])
						walk(t, all, want, strings.ToUpper(down), start)
					}
				})
			}
		}
	}
}

func walk(t *testing.T, all, want, down string, start []string) {
	t.Helper()
	e := etcdModel{"events": slices.Clone(start), "main": slices.Clone(start)}
	for range 200 {
		sick := e.with(down)
		step, verdict := newMembership(sick.see(all, ""), wanting(want)).next()
		if verdict.Answer != quorum.Proceed {
			if down == "" {
				t.Fatalf("stuck at %v: %s", e, verdict.Reason)
			}
			down = "" // it comes back
			continue
		}
		if step.verb == "" {
			for _, etcd := range []string{"events", "main"} {
				if got := strings.ToLower(strings.Join(slices.Sorted(slices.Values(e[etcd])), "")); got != want {
					t.Fatalf("ended with %v", e)
				}
			}
			return
		}
		for _, member := range step.members {
			e.apply(step.verb, step.etcd, member)
			healthy, count := e.with(down).healthy(step.etcd)
			if 2*healthy <= count {
				t.Fatalf("%v: %d of %d voters are healthy after %v", e, healthy, count, step)
			}
		}
	}
	t.Fatalf("no end: %v", e)
}

func (e etcdModel) apply(verb memberVerb, etcd, member string) {
	at := slices.IndexFunc(e[etcd], func(m string) bool { return strings.EqualFold(m, member) })
	switch {
	case verb == addMember && at < 0:
		e[etcd] = append(e[etcd], member)
	case verb == promoteMember && at >= 0:
		e[etcd][at] = strings.ToUpper(member)
	case verb == removeMember && at >= 0:
		e[etcd] = slices.Delete(e[etcd], at, at+1)
	}
}

// with is the model with one voter down.
func (e etcdModel) with(down string) etcdModel {
	sick := etcdModel{}
	for etcd, members := range e {
		for _, m := range members {
			if m == down {
				m += "!"
			}
			sick[etcd] = append(sick[etcd], m)
		}
	}
	return sick
}

func (e etcdModel) healthy(etcd string) (healthy, voters int) {
	for _, m := range e[etcd] {
		if m[0] >= 'a' {
			continue
		}
		voters++
		if !strings.HasSuffix(m, "!") {
			healthy++
		}
	}
	return healthy, voters
}

func TestANewVolumeTellsItsMachineWhetherItsEtcdClusterExists(t *testing.T) {
	group := topology.AutoScalingGroup{Name: "master-a", Role: topology.ControlPlane, Zones: []string{"a"}, LaunchTemplate: topology.Ref{Kind: topology.KindLaunchTemplate, Name: "master-a"}}
	template := topology.LaunchTemplate{Name: "master-a", UserData: topology.UserData(topology.NodeConfig{EtcdClusters: []topology.NodeEtcd{{Name: "main", Member: "a"}}})}
	volume := func(etcd, member string) topology.Volume {
		return topology.Volume{Name: member + ".etcd-" + etcd, EtcdCluster: etcd, Member: member}
	}
	retired := volume("main", "a")
	retired.Tags = topology.Tags{topology.TagRetired: "2026-11-21T04:00:00Z"}
	for _, tc := range []struct {
		name   string
		have   []topology.Resource
		want   topology.Resource
		exists bool
	}{
		{"a cluster that begins", nil, volume("main", "b"), false},
		{"a cluster that began to begin: volumes and templates, and no group", []topology.Resource{template, volume("main", "a")}, volume("main", "b"), false},
		{"a cluster that grows", []topology.Resource{template, group, volume("main", "a")}, volume("main", "b"), true},
		{"a volume that was lost", []topology.Resource{template, group}, volume("main", "a"), true},
		{"an etcd cluster that the control plane gains", []topology.Resource{template, group, volume("main", "a")}, volume("cilium", "a"), false},
		{"a deletion that was taken back", []topology.Resource{retired}, volume("main", "b"), true},
		{"no volume at all", []topology.Resource{template, group}, topology.VPC{Name: "ha"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			have, err := topology.New(tc.have...)
			if err != nil {
				t.Fatal(err)
			}
			r := &run{in: Input{Have: have}}
			made := r.forMachine(tc.want)
			if _, exists := made.Labels()[topology.TagEtcdExists]; exists != tc.exists {
				t.Errorf("tags %v", made.Labels())
			}
			if _, touched := tc.want.Labels()[topology.TagEtcdExists]; touched {
				t.Error("what is wanted was changed")
			}
		})
	}
}
