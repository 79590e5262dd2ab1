package desired

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

// digests are those of the launch templates, by group.
func digests(c Cluster) map[string]string {
	found := map[string]string{}
	for _, t := range topology.Of[topology.LaunchTemplate](c.Topology) {
		found[t.Tags[topology.TagGroup]] = t.Digest()
	}
	return found
}

// TestAChangeReplacesTheMachinesItShapesAndNoOthers is the promise that an edit of an add-on's settings rolls
// nothing, and that an edit of a kubelet flag rolls everything that runs one.
func TestAChangeReplacesTheMachinesItShapesAndNoOthers(t *testing.T) {
	all := []string{"master-a", "master-b", "master-c", "nodes"}
	masters := all[:3]
	cluster := func(line string) edit {
		return edit{"  cloudProvider: aws\n", "  cloudProvider: aws\n  " + line + "\n"}
	}
	nodes := func(line string) edit { return edit{"  maxSize: 6\n", "  maxSize: 6\n  " + line + "\n"} }
	for name, c := range map[string]struct {
		edit edit
		want []string
	}{
		"a kubelet flag":               {cluster("kubelet: {maxPods: 200}"), all},
		"an API server flag":           {cluster("kubeAPIServer: {logLevel: 4}"), masters},
		"a scheduler flag":             {cluster("kubeScheduler: {logLevel: 4}"), masters},
		"the Kubernetes version":       {edit{"v1.34.2", "v1.34.3"}, all},
		"an etcd setting":              {edit{"  - name: main\n", "  - name: main\n    heartbeatInterval: 200ms\n"}, masters},
		"the size of an etcd volume":   {edit{memberA, memberA + "      volumeSize: 40\n"}, nil},
		"an add-on":                    {cluster("metricsServer: {enabled: true}"), nil},
		"a setting of the plugin":      {edit{"calico: {}", "calico: {mtu: 1400}"}, nil},
		"the replicas of the DNS pods": {cluster("kubeDNS: {replicas: 3}"), nil},
		"the domain of the DNS":        {cluster("kubeDNS: {domain: k8s.example.com}"), all},
		"the pace of rolling":          {nodes("rollingUpdate: {maxSurge: 2}"), nil},
		"the size of a group":          {edit{"maxSize: 6", "maxSize: 7"}, nil},
		"a group's kubelet flag":       {nodes("kubelet: {maxPods: 200}"), []string{"nodes"}},
		"a group's sysctls":            {nodes("sysctlParameters: [vm.max_map_count=262144]"), []string{"nodes"}},
		"a group's machine type":       {edit{"machineType: t3.medium", "machineType: t3.large"}, []string{"master-a"}},
		"who may use the API":          {edit{"  - 0.0.0.0/0\n", "  - 192.0.2.0/24\n"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			before, after := digests(buildOne(t)), digests(buildOne(t, c.edit))
			var changed []string
			for group := range after {
				if before[group] != after[group] {
					changed = append(changed, group)
				}
			}
			slices.Sort(changed)
			if diff := cmp.Diff(c.want, changed); diff != "" {
				t.Errorf("changed groups (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEveryFieldOfAClusterHasItsReach reads the list of fields: a field that kops gains must be thought about.
func TestEveryFieldOfAClusterHasItsReach(t *testing.T) {
	var kind, section string
	known := map[string]map[string]bool{"Cluster": {}, "InstanceGroup": {}, "SSHCredential": {}}
	for line := range strings.Lines(string(readFile(t, "kopsspec/fields.txt"))) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		name = strings.TrimRight(name, "[]{}")
		switch depth := len(line) - len(strings.TrimLeft(line, "\t")); {
		case line[0] == '#':
		case depth == 0:
			kind = name
		case depth == 1:
			section = name
		case depth == 2 && section == "spec":
			known[kind][name] = true
		}
	}
	for name := range known["Cluster"] {
		if _, ok := clusterFields[name]; !ok {
			t.Errorf("clusterFields does not say which machines %s reaches", name)
		}
	}
	for name := range clusterFields {
		if !known["Cluster"][name] {
			t.Errorf("clusterFields has %s, which kops does not know", name)
		}
	}
	for name := range groupFields {
		if !known["InstanceGroup"][name] {
			t.Errorf("groupFields has %s, which kops does not know", name)
		}
	}
}
