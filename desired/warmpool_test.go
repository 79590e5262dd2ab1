package desired

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func TestAGroupsWarmPoolStandsBeforeTheClusters(t *testing.T) {
	stopped := func(least, most int) topology.WarmPool {
		return topology.WarmPool{State: topology.WarmPoolStopped, MinSize: least, MaxPrepared: most}
	}
	for name, c := range map[string]struct {
		cluster, group string // written as warmPool; empty for nothing
		want           topology.WarmPool
	}{
		"neither":                           {"", "", topology.WarmPool{}},
		"the cluster's":                     {"{minSize: 1, maxSize: 2}", "", stopped(1, 2)},
		"AWS's own bound":                   {"{}", "", stopped(0, topology.GroupMaximum)},
		"the group's":                       {"", "{minSize: 2}", stopped(2, topology.GroupMaximum)},
		"sizes left open are the cluster's": {"{minSize: 1, maxSize: 4}", "{minSize: 2}", stopped(2, 4)},
		"the group turns it off":            {"{minSize: 1}", "{maxSize: 0}", topology.WarmPool{}},
		"the cluster's is off":              {"{maxSize: 0}", "", topology.WarmPool{}},
		"only the group turns it on":        {"{maxSize: 0}", "{maxSize: 3}", stopped(0, 3)},
	} {
		t.Run(name, func(t *testing.T) {
			var edits []edit
			if c.cluster != "" {
				edits = append(edits, edit{"  cloudProvider: aws\n", "  cloudProvider: aws\n  warmPool: " + c.cluster + "\n"})
			}
			if c.group != "" {
				edits = append(edits, edit{"  minSize: 3\n  maxSize: 6\n", "  minSize: 3\n  maxSize: 6\n  warmPool: " + c.group + "\n"})
			}
			for _, g := range topology.Of[topology.AutoScalingGroup](buildOne(t, edits...).Topology) {
				want := topology.WarmPool{}
				if g.Role == topology.Worker {
					want = c.want
				}
				if diff := cmp.Diff(want, g.WarmPool); diff != "" {
					t.Errorf("%s (-want +got):\n%s", g.Name, diff)
				}
				if metrics := len(g.Metrics); metrics != 8 && want.IsZero() || metrics != 16 && !want.IsZero() {
					t.Errorf("%s has %d metrics", g.Name, metrics)
				}
			}
		})
	}
}

func TestMachinesKnowWhatTheirWarmPoolAsksOfThem(t *testing.T) {
	c := buildOne(t, edit{"  cloudProvider: aws\n", "  cloudProvider: aws\n  warmPool: {enableLifecycleHook: true, lifecycleHookTimeout: 900, additionalImages: [b, a]}\n"})
	for _, template := range topology.Of[topology.LaunchTemplate](c.Topology) {
		config, err := topology.ParseUserData(template.UserData)
		if err != nil {
			continue // a bastion
		}
		var want topology.NodeWarmPool
		if config.Role == topology.Worker {
			want = topology.NodeWarmPool{Enabled: true, Hook: "kops-warmpool", Images: []string{"a", "b"}}
		}
		if diff := cmp.Diff(want, config.WarmPool); diff != "" {
			t.Errorf("%s (-want +got):\n%s", template.Name, diff)
		}
	}
	var hooks []topology.LifecycleHook
	for _, h := range topology.Of[topology.LifecycleHook](c.Topology) {
		if h.Transition == topology.Launching {
			hooks = append(hooks, h)
		}
	}
	want := []topology.LifecycleHook{{
		Name: "kops-warmpool", Group: topology.Ref{Kind: topology.KindAutoScalingGroup, Name: "nodes.k.example.com"},
		Transition: topology.Launching, DefaultResult: "ABANDON", Heartbeat: 900, Ownership: topology.Owned,
	}}
	if diff := cmp.Diff(want, hooks); diff != "" {
		t.Errorf("hooks (-want +got):\n%s", diff)
	}
}
