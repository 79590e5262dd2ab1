package kopsspec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// complete decodes a file and fills in the defaults.
func complete(t *testing.T, data string) (Cluster, []InstanceGroup) {
	t.Helper()
	docs, problems := Decode("a.yaml", []byte(data))
	if len(problems) > 0 {
		t.Fatalf("unexpected problems:\n%s", report(problems))
	}
	return Complete(docs.Clusters[0], docs.InstanceGroups)
}

func TestAnEmptyClusterGetsTheDefaultsOfKops(t *testing.T) {
	c, _ := complete(t, string(spec("kubernetesVersion: v1.34.2", "configBase: s3://state/a.example.com/", "etcdClusters:",
		"- name: events", "  etcdMembers: [{name: a}, {name: b, volumeType: io1}, {name: c, volumeType: gp2, volumeIops: 9}]")))
	got := []any{
		c.Spec.NetworkCIDR, c.Spec.NonMasqueradeCIDR, c.Spec.Topology.DNS.Type, c.Spec.MasterPublicName,
		c.Spec.KubeAPIServer.ServiceNodePortRange, c.Spec.API.DNS != nil,
		c.Spec.EtcdClusters[0].Version, c.Spec.EtcdClusters[0].Backups.Store,
	}
	want := []any{
		"172.20.0.0/16", "100.64.0.0/10", "Public", "api.a.example.com",
		"30000-32767", true,
		"3.6.12", "s3://state/a.example.com/backups/etcd/events",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	members := []EtcdMember{
		{Name: "a", VolumeType: "gp3", VolumeSize: 20, VolumeIOPS: 3000, VolumeThroughput: 125},
		{Name: "b", VolumeType: "io1", VolumeSize: 20, VolumeIOPS: 100},
		{Name: "c", VolumeType: "gp2", VolumeSize: 20},
	}
	if diff := cmp.Diff(members, c.Spec.EtcdClusters[0].Members); diff != "" {
		t.Error(diff)
	}
}

func TestASharedNetworkHasNoDefaultCIDR(t *testing.T) {
	if c, _ := complete(t, string(spec("networkID: vpc-1"))); c.Spec.NetworkCIDR != "" {
		t.Errorf("networkCIDR = %q, but only AWS knows it", c.Spec.NetworkCIDR)
	}
}

const groups = `
---
apiVersion: kops.k8s.io/v1alpha2
kind: InstanceGroup
metadata: {name: masters}
spec: {role: control-plane, subnets: [a]}
---
apiVersion: kops.k8s.io/v1alpha2
kind: InstanceGroup
metadata: {name: nodes}
spec: {role: Node, machineType: "m5.large,m5a.large", rootVolumeType: gp2}
---
apiVersion: kops.k8s.io/v1alpha2
kind: InstanceGroup
metadata: {name: bastions}
spec: {role: Bastion}
`

const privateSubnets = "subnets: [{name: a, type: Private}, {name: b, type: Private}, {name: u, type: Utility}]"

func TestGroupsGetTheDefaultsOfTheirRole(t *testing.T) {
	_, gs := complete(t, string(spec(privateSubnets))+groups)
	type row struct {
		MachineType, VolumeType          string
		Min, Max, Size, IOPS, Throughput int
		Subnets                          []string
		Tokens                           string
		HopLimit                         int
	}
	var got []row
	for _, g := range gs {
		s := g.Spec
		got = append(got, row{s.MachineType, s.RootVolumeType, *s.MinSize, *s.MaxSize, s.RootVolumeSize, s.RootVolumeIOPS,
			s.RootVolumeThroughput, s.Subnets, s.InstanceMetadata.HTTPTokens, s.InstanceMetadata.HTTPPutResponseHopLimit})
	}
	want := []row{
		{"t3.medium", "gp3", 1, 1, 64, 3000, 125, []string{"a"}, "required", 1},
		{"m5.large", "gp2", 2, 2, 128, 0, 0, []string{"a", "b"}, "required", 1},
		{"t3.micro", "gp3", 1, 1, 32, 3000, 125, []string{"a", "b"}, "required", 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAPrivateControlPlaneImpliesALoadBalancer(t *testing.T) {
	for name, c := range map[string]struct {
		spec string
		want *API
	}{
		"private subnets": {privateSubnets, &API{LoadBalancer: &APILoadBalancer{Type: "Public", CrossZone: new(false)}}},
		"public subnets":  {"subnets: [{name: a, type: Public}]", &API{DNS: &struct{}{}}},
		"what is written wins": {
			"api: {loadBalancer: {class: Network, type: Internal}}",
			&API{LoadBalancer: &APILoadBalancer{Class: "Network", Type: "Internal", CrossZone: new(false)}},
		},
		"without DNS zones are crossed": {
			"api: {loadBalancer: {class: Network}}\n  topology: {dns: {type: None}}",
			&API{LoadBalancer: &APILoadBalancer{Class: "Network", Type: "Public", CrossZone: new(true)}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := complete(t, string(spec(c.spec))+groups)
			if diff := cmp.Diff(c.want, got.Spec.API); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCompleteLeavesItsArgumentsAlone(t *testing.T) {
	docs, _ := Decode("a.yaml", []byte(string(spec("etcdClusters: [{name: main, etcdMembers: [{name: a}]}]", "api: {loadBalancer: {}}"))+groups))
	before, _ := Decode("a.yaml", []byte(string(spec("etcdClusters: [{name: main, etcdMembers: [{name: a}]}]", "api: {loadBalancer: {}}"))+groups))
	Complete(docs.Clusters[0], docs.InstanceGroups)
	if diff := cmp.Diff(before.Clusters[0].Spec, docs.Clusters[0].Spec); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before.InstanceGroups[0].Spec, docs.InstanceGroups[0].Spec); diff != "" {
		t.Error(diff)
	}
}

func TestEtcdVersionFollowsKubernetes(t *testing.T) {
	for version, want := range map[string]string{
		"v1.33.9": "3.5.31", "1.34.0": "3.6.12", "v1.36.0-alpha.1": "3.6.12", "1.37": "3.7.0", "2.0": "", "": "",
	} {
		if got := etcdVersion(version); got != want {
			t.Errorf("etcdVersion(%q) = %q, want %q", version, got, want)
		}
	}
}
