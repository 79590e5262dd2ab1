package diff

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

// byDefault is the policy that nobody wrote.
var byDefault Policy

const cluster = "ha.example.com"

func made(t *testing.T, resources ...topology.Resource) topology.Topology {
	t.Helper()
	made, err := topology.New(resources...)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func vpc() topology.VPC {
	return topology.VPC{Name: cluster, CIDR: netip.MustParsePrefix("172.20.0.0/16"), DNSSupport: true, DNSHostnames: true,
		Tags: topology.BaseTags(cluster, cluster), Ownership: topology.Owned}
}

func subnet(name, cidr string) topology.Subnet {
	return topology.Subnet{Name: name + "." + cluster, VPC: vpc().Ref(), Zone: name, CIDR: netip.MustParsePrefix(cidr),
		Tags: topology.BaseTags(cluster, name+"."+cluster), Ownership: topology.Owned}
}

func template(machine string) topology.LaunchTemplate {
	return topology.LaunchTemplate{Name: "a.masters." + cluster, InstanceType: machine, Ownership: topology.Owned}
}

func group(role topology.Role, lt topology.LaunchTemplate) topology.AutoScalingGroup {
	return topology.AutoScalingGroup{Name: lt.Name, Role: role, LaunchTemplate: lt.Ref(), Template: lt.Digest(),
		Min: 1, Max: 1, Zones: []string{"us-east-1a"}, Ownership: topology.Owned}
}

func volume() topology.Volume {
	return topology.Volume{Name: "a.etcd-main." + cluster, EtcdCluster: "main", Member: "a", Members: []string{"a", "b", "c"},
		Zone: "us-east-1a", Type: "gp3", SizeGiB: 20, IOPS: 3000, Throughput: 125, Ownership: topology.Owned}
}

// with returns a copy of v after edit.
func with[T any](v T, edit func(*T)) T {
	edit(&v)
	return v
}

func TestNoDifferenceIsNoChange(t *testing.T) {
	world := made(t, vpc(), subnet("us-east-1a", "172.20.32.0/19"), volume(), template("t3.medium"), group(topology.ControlPlane, template("t3.medium")))
	if plan := Between(world, world, nil); !plan.Empty() {
		t.Errorf("a world compared with itself differs: %+v", plan.Changes)
	}
}

func TestWhatADifferenceMeans(t *testing.T) {
	small, large := template("t3.medium"), template("m5.large")
	cases := []struct {
		name       string
		want, have topology.Resource
		effect     Effect
		paths      []string
		reason     string // a piece of it
	}{
		{name: "a missing tag is added", want: vpc(), have: with(vpc(), func(v *topology.VPC) { v.Tags = nil }),
			effect: InPlace, paths: []string{"tags[KubernetesCluster]", "tags[Name]", "tags[kubernetes.io/cluster/ha.example.com]"}},
		{name: "a foreign tag on networking is nobody's business", want: vpc(),
			have: with(vpc(), func(v *topology.VPC) { v.Tags = v.Tags.With(topology.Tags{"team": "sre"}) }), effect: None},
		{name: "a foreign tag on an etcd volume goes", want: volume(),
			have: with(volume(), func(v *topology.Volume) { v.Tags = topology.Tags{"team": "sre"} }), effect: InPlace, paths: []string{"tags[team]"}},
		{name: "the CIDR of a VPC never changes", want: vpc(),
			have:   with(vpc(), func(v *topology.VPC) { v.CIDR = netip.MustParsePrefix("10.0.0.0/16") }),
			effect: Forbid, paths: []string{"cidr"}, reason: "AWS cannot change the CIDR of a VPC"},
		{name: "an etcd volume grows in place", want: with(volume(), func(v *topology.Volume) { v.SizeGiB = 40 }), have: volume(),
			effect: InPlace, paths: []string{"sizeGiB"}},
		{name: "an etcd volume never shrinks", want: with(volume(), func(v *topology.Volume) { v.SizeGiB = 10 }), have: volume(),
			effect: Forbid, paths: []string{"sizeGiB"}, reason: "AWS cannot shrink a volume"},
		{name: "an etcd volume never leaves its zone", want: with(volume(), func(v *topology.Volume) { v.Zone = "us-east-1b" }), have: volume(),
			effect: Forbid, paths: []string{"zone"}, reason: "an etcd volume is never replaced"},
		{name: "an etcd volume never changes its key", want: with(volume(), func(v *topology.Volume) { v.KMSKey = "abc" }),
			have:   with(volume(), func(v *topology.Volume) { v.KMSKey = "arn:aws:kms:us-east-1:123456789012:key/def" }),
			effect: Forbid, paths: []string{"kmsKey"}, reason: "never replaced"},
		{name: "a key is the same by its id and by its ARN", want: with(volume(), func(v *topology.Volume) { v.KMSKey = "abc" }),
			have: with(volume(), func(v *topology.Volume) { v.KMSKey = "arn:aws:kms:us-east-1:123456789012:key/abc" }), effect: None},
		{name: "the account's default key is nobody's wish", want: volume(),
			have: with(volume(), func(v *topology.Volume) { v.KMSKey = "arn:aws:kms:us-east-1:123456789012:key/abc" }), effect: None},
		{name: "members change by an edit", want: with(volume(), func(v *topology.Volume) { v.Members = []string{"a"} }), have: volume(),
			effect: InPlace, paths: []string{"members"}, reason: "under the gate"},
		{name: "the strongest effect wins", effect: Forbid, paths: []string{"sizeGiB", "iops"}, reason: "shrink",
			want: with(volume(), func(v *topology.Volume) { v.SizeGiB, v.IOPS = 10, 4000 }), have: volume()},
		{name: "a new template content touches no machine", want: large, have: small, effect: InPlace, paths: []string{"instanceType"}},
		{name: "a group pinned to another content rolls", want: group(topology.ControlPlane, large), have: group(topology.ControlPlane, small),
			effect: Roll, paths: []string{"template"}},
		{name: "a policy of several types touches no machine", want: with(group(topology.Worker, small), func(g *topology.AutoScalingGroup) {
			g.Mixed = topology.MixedInstances{OnDemandStrategy: topology.OnDemandPrioritized, OnDemandPercent: 100}
		}), have: group(topology.Worker, small), effect: InPlace, paths: []string{"mixed"}},
		{name: "the order of a policy's types matters",
			want: with(group(topology.Worker, small), func(g *topology.AutoScalingGroup) {
				g.Mixed.Overrides = []topology.InstanceOverride{{InstanceType: "m5.large"}, {InstanceType: "m5.xlarge"}}
			}),
			have: with(group(topology.Worker, small), func(g *topology.AutoScalingGroup) {
				g.Mixed.Overrides = []topology.InstanceOverride{{InstanceType: "m5.xlarge"}, {InstanceType: "m5.large"}}
			}), effect: InPlace, paths: []string{"mixed"}},
		{name: "a warm pool is made in place", want: with(group(topology.Worker, small), func(g *topology.AutoScalingGroup) {
			g.WarmPool = topology.WarmPool{State: topology.WarmPoolStopped, MinSize: 1, MaxPrepared: topology.GroupMaximum}
		}), have: group(topology.Worker, small), effect: InPlace, paths: []string{"warmPool"}},
		{name: "a warm pool that goes is still there", want: group(topology.Worker, small),
			have: with(group(topology.Worker, small), func(g *topology.AutoScalingGroup) {
				g.WarmPool = topology.WarmPool{State: topology.WarmPoolStopped, Removing: true}
			}), effect: InPlace, paths: []string{"warmPool"}},
		{name: "a price touches no machine", want: with(small, func(t *topology.LaunchTemplate) { t.Spot.MaxPrice = "0.1" }), have: small,
			effect: InPlace, paths: []string{"spot"}},
		{name: "a minimum is restored in place", want: group(topology.Worker, small),
			have: with(group(topology.Worker, small), func(g *topology.AutoScalingGroup) { g.Min = 0 }), effect: InPlace, paths: []string{"min"}},
		{name: "a control-plane group stays in its zone", want: group(topology.ControlPlane, small),
			have: with(group(topology.ControlPlane, small), func(g *topology.AutoScalingGroup) {
				g.Zones, g.Subnets = []string{"us-east-1b"}, []topology.Ref{topology.Given("subnet-1")}
			}), effect: Forbid, paths: []string{"subnets"}, reason: "cannot leave its zone"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c, differs := byDefault.changeOf(tc.want, tc.have, true, nil)
			if c.Effect != tc.effect || differs != (tc.effect != None) {
				t.Fatalf("effect %s (differs: %t), want %s", c.Effect, differs, tc.effect)
			}
			var paths []string
			for _, f := range c.Fields {
				paths = append(paths, f.Path)
			}
			if d := cmp.Diff(tc.paths, paths); d != "" {
				t.Errorf("fields (-want +got):\n%s", d)
			}
			if !strings.Contains(c.Reason, tc.reason) {
				t.Errorf("reason %q does not say %q", c.Reason, tc.reason)
			}
		})
	}
}

func TestMachinesOfAnOlderTemplateRollTheirGroup(t *testing.T) {
	lt := template("t3.medium")
	g := group(topology.Worker, lt)
	machines := []topology.Machine{
		{ID: "i-new", Group: g.Ref(), Template: lt.Digest(), State: "running"},
		{ID: "i-old", Group: g.Ref(), Template: "older", State: "running"},
		{ID: "i-leaving", Group: g.Ref(), Template: "older", State: "running", Lifecycle: "Terminating"},
		{ID: "i-elsewhere", Template: "older", State: "running"},
	}
	plan := Between(made(t, lt, g), made(t, lt, g), machines)
	if len(plan.Changes) != 1 || plan.Changes[0].Effect != Roll {
		t.Fatalf("want one roll, got %+v", plan.Changes)
	}
	if have := plan.Changes[0].Fields[0].Have; !strings.HasPrefix(have, "i-old made") {
		t.Errorf("the plan says %q", have)
	}
}

func TestAnEtcdVolumeThatNobodyWantsIsKept(t *testing.T) {
	have := made(t, vpc(), volume())
	for name, policy := range map[string]Policy{"default": {}, "no pruning": {KeepUnwanted: true}} {
		plan := policy.Between(made(t), have, nil)
		kept := slices.ContainsFunc(plan.Kept, func(k Kept) bool { return k.Ref == volume().Ref() })
		touched := slices.ContainsFunc(plan.Changes, func(c Change) bool { return c.Ref == volume().Ref() })
		if !kept || touched {
			t.Errorf("%s: kept %t, touched %t", name, kept, touched)
		}
	}
}

func TestAnUnwantedControlPlaneGroupIsNotRemovedByAnEdit(t *testing.T) {
	lt := template("t3.medium")
	plan := Between(made(t), made(t, lt, group(topology.ControlPlane, lt)), nil)
	if forbidden := plan.Forbidden(); len(forbidden) != 1 || forbidden[0].Ref.Kind != topology.KindAutoScalingGroup {
		t.Errorf("forbidden: %+v", forbidden)
	}
}

func TestSharedSubnetIsNeverChangedOrDeleted(t *testing.T) {
	shared := with(subnet("us-east-1a", "172.20.32.0/19"), func(s *topology.Subnet) { s.Name, s.Ownership, s.Tags = "subnet-1", topology.Shared, nil })
	tagged := with(shared, func(s *topology.Subnet) { s.Tags, s.DNS64 = topology.Tags{"a": "b"}, true })
	elsewhere := with(shared, func(s *topology.Subnet) { s.Zone = "us-east-1b" })

	if plan := Between(made(t, vpc(), shared), made(t, vpc(), tagged), nil); !plan.Empty() {
		t.Errorf("a shared subnet is wanted as found, but: %+v", plan.Changes)
	}
	if plan := Between(made(t, vpc()), made(t, vpc(), shared), nil); !plan.Empty() {
		t.Errorf("a shared subnet that nobody names is left alone, but: %+v", plan.Changes)
	}
	if plan := Between(made(t, vpc(), shared), made(t, vpc(), elsewhere), nil); len(plan.Forbidden()) != 1 {
		t.Errorf("a shared subnet in another zone is refused, but: %+v", plan.Changes)
	}
	if plan := Between(made(t, vpc(), shared), made(t, vpc()), nil); len(plan.Forbidden()) != 1 {
		t.Errorf("a shared subnet that is not there is refused, but: %+v", plan.Changes)
	}
}

func TestEveryKindHasARow(t *testing.T) {
	for _, kind := range topology.Kinds() {
		if rows[kind].compare == nil {
			t.Errorf("%s has no row in diff/kinds.go; its table belongs in a file named after the kind", kind)
		}
	}
}

// uncompared are the fields that no row compares, each with the reason.
var uncompared = map[string]string{
	"Name":                               "it is the identity: another name is another resource",
	"Ownership":                          "it decides whether anything is compared at all",
	"OIDCProvider.Issuer":                "it is the identity",
	"KeyPair.PublicKey":                  "its fingerprint is in the name",
	"LoadBalancer.AWSName":               "the Name tag is the identity; AWS's name cannot change",
	"ClassicELB.AWSName":                 "the Name tag is the identity; AWS's name cannot change",
	"SecurityGroupRule.*":                "the whole tuple is the identity; only tags are compared",
	"VPCCIDR.CIDR":                       "it is the name",
	"DNSRecord.Zone":                     "records are looked for in the wanted zone only",
	"DNSRecord.Type":                     "it is in the identity",
	"DNSRecord.Values":                   "they are the dns-controller's, which runs inside the cluster",
	"DNSRecord.TTL":                      "it is the dns-controller's, which runs inside the cluster",
	"ZoneAssociation.Zone":               "it is the identity",
	"Listener.LoadBalancer":              "it is in the identity",
	"Listener.Port":                      "it is in the identity",
	"LifecycleHook.Group":                "it is in the identity",
	"ScalingPolicy.Group":                "it is in the identity",
	"ScheduledAction.Group":              "it is in the identity",
	"AutoScalingGroup.Role":              "it follows from the tags",
	"AutoScalingGroup.Zones":             "they follow from the subnets",
	"AutoScalingGroup.KubernetesVersion": "it is in the content of the template, which is compared",
	"AutoScalingGroup.Follows":           "the version that it follows is compared; the pin is taken over with the next change",
}

// everyStruct is an empty struct of each kind.
var everyStruct = []topology.Resource{
	topology.DHCPOptions{}, topology.VPC{}, topology.VPCCIDR{}, topology.InternetGateway{}, topology.EgressOnlyGateway{}, topology.Subnet{}, topology.ElasticIP{}, topology.NATGateway{},
	topology.RouteTable{}, topology.SecurityGroup{}, topology.SecurityGroupRule{}, topology.OIDCProvider{}, topology.IAMRole{}, topology.InstanceProfile{},
	topology.KeyPair{}, topology.Volume{}, topology.TargetGroup{}, topology.LoadBalancer{}, topology.Listener{}, topology.DNSRecord{}, topology.ZoneAssociation{},
	topology.LaunchTemplate{}, topology.AutoScalingGroup{}, topology.Queue{}, topology.EventRule{}, topology.LifecycleHook{},
	topology.ScalingPolicy{}, topology.ScheduledAction{}, topology.Alarm{}, topology.ClassicELB{},
}

// TestEveryFieldIsCompared changes one field of each struct at a time and asks that
// the row of its kind notices.
func TestEveryFieldIsCompared(t *testing.T) {
	for _, r := range everyStruct {
		kind := reflect.TypeOf(r)
		for i := range kind.NumField() {
			field := kind.Field(i).Name
			if exemption(kind.Name(), field) != "" {
				continue
			}
			edited := reflect.New(kind).Elem()
			fillWith(edited.Field(i), 1)
			if changes := rows[r.Ref().Kind].compare(edited.Interface().(topology.Resource), r); len(changes) == 0 {
				t.Errorf("%s.%s is never compared: add it to the table in diff, or to uncompared with the reason", kind.Name(), field)
			}
		}
	}
}

// exemption is why a field is not compared; empty if it has to be.
func exemption(kind, field string) string {
	for _, key := range []string{field, kind + "." + field} {
		if reason, ok := uncompared[key]; ok {
			return reason
		}
	}
	if field == "Tags" {
		return ""
	}
	return uncompared[kind+".*"]
}
