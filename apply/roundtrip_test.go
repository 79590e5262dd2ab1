package apply

import (
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/apply/order"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/examples"
	"github.com/quorate/quorate/topology"
)

// What is made from a manifest reads back as the manifest wants it, and what is
// deleted is gone: if the two sides of a kind disagree about any field, some plan
// never becomes empty.
func TestWhatApplyMakesIsWhatActualSees(t *testing.T) {
	private, err := os.ReadFile("../desired/testdata/clusters/private.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, manifest := range map[string][]byte{"public": examples.HA, "private": private} {
		t.Run(name, func(t *testing.T) {
			cluster := clusterOf(t, manifest)
			w := simulatedWorld(t, cluster.Region)
			w.env.cluster = cluster.Name
			w.converge(t, cluster, cluster.Topology)
			w.converge(t, cluster, changed(t, cluster.Topology, change))
			w.converge(t, cluster, changed(t, cluster.Topology, growVolume)) // volumes do not shrink again
			w.tearDown(t, cluster)
		})
	}
}

func clusterOf(t *testing.T, manifest []byte) desired.Cluster {
	t.Helper()
	clusters, problems := desired.Build([]desired.File{{Name: "cluster.yaml", Data: manifest}})
	if len(clusters) != 1 {
		t.Fatalf("problems: %v", problems)
	}
	return clusters[0]
}

func (w *world) observe(t *testing.T, cluster desired.Cluster) actual.State {
	t.Helper()
	scope := actual.Scope{Cluster: cluster.Name, Region: cluster.Region}
	for _, record := range topology.Of[topology.DNSRecord](cluster.Topology) {
		scope.Zone, scope.Records = record.Zone, append(scope.Records, record.Ref())
	}
	for _, template := range topology.Of[topology.LaunchTemplate](cluster.Topology) {
		scope.Images = append(scope.Images, template.Image)
	}
	state, err := actual.Observe(t.Context(), actual.FromClients(w.env.clients), scope)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// passes bounds how often AWS may make us wait.
const passes = 16

// converge runs passes until the plan is empty.
func (w *world) converge(t *testing.T, cluster desired.Cluster, want topology.Topology) {
	t.Helper()
	for range passes {
		state := w.observe(t, cluster)
		if len(state.Leftovers) > 0 {
			t.Fatalf("left over: %v", state.Leftovers)
		}
		plan := diff.Between(want, state.Topology, nil)
		if plan.Empty() {
			return
		}
		w.ids = state.Bindings.Clone()
		w.pass(t, plan)
		w.settle(t)
	}
	for _, c := range diff.Between(want, w.observe(t, cluster).Topology, nil).Changes {
		t.Errorf("after %d passes there is still to %s %s: %+v", passes, c.Effect, c.Ref, c.Fields)
	}
	t.FailNow()
}

// pass runs the steps of a plan, without those that stand behind one that waits. A
// group is pinned at once: machines are not what this test is about.
func (w *world) pass(t *testing.T, plan diff.Plan) {
	t.Helper()
	rows, waiting := rowsFor(w.env), map[topology.Ref]bool{}
	for _, step := range order.Steps(plan, nil) {
		row, c := rows[step.Change.Ref.Kind], step.Change
		if slices.ContainsFunc(step.After, func(r topology.Ref) bool { return waiting[r] }) {
			waiting[c.Ref] = true
			continue
		}
		var learned topology.Bindings
		var err error
		switch c.Effect {
		case diff.Create:
			learned, err = row.create(t.Context(), c.Want, w.ids)
		case diff.InPlace:
			learned, err = row.update(t.Context(), c, w.ids)
		case diff.Delete:
			err = row.remove(t.Context(), c.Have, w.ids)
		case diff.Retire:
			err = retirer{w.env.clients.EC2, testCluster, time.Now}.retire(t.Context(), c.Have.(topology.Volume), w.ids)
		case diff.Roll:
			if learned, err = row.update(t.Context(), c, w.ids); err == nil {
				err = newGroupWriter(w.env).pin(t.Context(), c.Want.(topology.AutoScalingGroup), w.ids)
			}
		default:
			t.Fatalf("%s %s: %s", c.Effect, c.Ref, c.Reason)
		}
		w.learn(learned)
		if wait, waits := errors.AsType[*WaitError](err); waits {
			t.Logf("%s %s waits: %s", c.Effect, c.Ref, wait.Reason)
			waiting[c.Ref] = true
			continue
		}
		if errors.Is(err, errLost) {
			waiting[c.Ref] = true
			continue
		}
		if err != nil {
			t.Fatalf("%s %s: %v", c.Effect, c.Ref, err)
		}
	}
}

// changed is the topology with something else in some of its resources, and with
// groups that follow their templates.
func changed(t *testing.T, from topology.Topology, change func(topology.Resource) topology.Resource) topology.Topology {
	t.Helper()
	digests := map[topology.Ref]string{}
	var resources []topology.Resource
	for ref, r := range from.All() {
		r = change(r)
		if template, ok := r.(topology.LaunchTemplate); ok {
			digests[ref] = template.Digest()
		}
		if group, ok := r.(topology.AutoScalingGroup); ok {
			group.Template = digests[group.LaunchTemplate]
			r = group
		}
		resources = append(resources, r)
	}
	made, err := topology.New(resources...)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

var blue = topology.Tags{"team": "blue"}

func growVolume(r topology.Resource) topology.Resource {
	if v, ok := r.(topology.Volume); ok {
		v.SizeGiB, v.IOPS, v.Throughput, v.Tags = v.SizeGiB+10, v.IOPS+500, v.Throughput+25, v.Tags.With(blue)
		return v
	}
	return r
}

// change changes whatever of a kind can change in place.
func change(r topology.Resource) topology.Resource {
	switch v := r.(type) {
	case topology.Volume:
		return growVolume(v)
	case topology.VPC:
		v.DNSHostnames, v.Tags = false, v.Tags.With(blue)
		return v
	case topology.Subnet:
		v.HostnameType, v.ResourceNameA, v.Tags = "ip-name", false, v.Tags.With(blue)
		return v
	case topology.RouteTable:
		v.Tags = v.Tags.With(blue)
		return v
	case topology.SecurityGroupRule:
		v.Tags = v.Tags.With(blue)
		return v
	case topology.IAMRole:
		v.TrustPolicy, v.Tags = aRole().TrustPolicy, v.Tags.With(blue)
		v.InlinePolicies = append(slices.Clone(v.InlinePolicies), topology.InlinePolicy{Name: "zz", Document: otherPolicy})
		v.ManagedPolicies, v.PermissionsBoundary = []string{managed("first")}, someBoundary
		return v
	case topology.InstanceProfile:
		v.Tags = v.Tags.With(blue)
		return v
	case topology.Queue:
		v.Retention, v.Policy, v.Tags = 600, admitting("sns.amazonaws.com"), v.Tags.With(blue)
		return v
	case topology.EventRule:
		v.Pattern, v.Enabled, v.Tags = `{"source":["aws.ec2"]}`, false, v.Tags.With(blue)
		return v
	case topology.LifecycleHook:
		v.DefaultResult, v.Heartbeat = "ABANDON", 600
		return v
	case topology.TargetGroup:
		v.HealthInterval, v.DeregistrationDelay, v.ConnectionTermination, v.Tags = 30, 60, !v.ConnectionTermination, v.Tags.With(blue)
		return v
	case topology.LoadBalancer:
		v.CrossZone, v.Tags = !v.CrossZone, v.Tags.With(blue)
		return v
	case topology.LaunchTemplate:
		v.HTTPHopLimit, v.Monitoring, v.EBSOptimized, v.CPUCredits, v.Tenancy = 4, true, true, "unlimited", "default"
		v.BlockDevices = append(slices.Clone(v.BlockDevices),
			topology.BlockDevice{Device: "/dev/sdx", Type: "io2", SizeGiB: 10, IOPS: 1000, Encrypted: true, DeleteOnTermination: true},
			topology.BlockDevice{Device: "/dev/sdy", Ephemeral: "ephemeral0"})
		v.Tags = v.Tags.With(blue)
		return v
	case topology.AutoScalingGroup:
		v.MaxInstanceLifetime, v.CapacityRebalance, v.ProtectFromScaleIn = 86400, true, true
		v.Metrics, v.SuspendedProcesses, v.Tags = v.Metrics[1:], []string{"AZRebalance"}, v.Tags.With(blue)
		return v
	}
	return r
}

// tearDown ends the cluster.
func (w *world) tearDown(t *testing.T, cluster desired.Cluster) {
	t.Helper()
	for range passes {
		state := w.observe(t, cluster)
		plan := diff.Teardown(state.Topology, state.Machines)
		if plan.Empty() {
			break
		}
		w.ids = state.Bindings.Clone()
		w.pass(t, plan)
		w.settle(t)
	}
	for ref := range w.observe(t, cluster).Topology.All() {
		t.Errorf("%s is left behind", ref)
	}
}
