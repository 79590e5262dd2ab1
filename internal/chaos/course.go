package chaos

import (
	"fmt"
	"strings"

	"github.com/quorate/quorate/examples"
)

// A Course is what the commit of a day is to make of the control plane. Masters are named by the letters of
// their zones.
type Course struct {
	Name          string
	Before, After string
}

// The courses. All but the first keep the masters that are there and add to them.
var (
	Roll        = Course{"roll", "abc", "abc"}
	OneToThree  = Course{"one master to three", "a", "abc"}
	ThreeToFive = Course{"three masters to five", "abc", "abcde"}
)

// grows reports whether etcd gains members.
func (c Course) grows() bool { return c.Before != c.After }

// manifests are what the repository says before the commit and after it.
func (c Course) manifests() (before, after string) {
	if c.grows() {
		return mastersIn(c.Before), mastersIn(c.After)
	}
	return manifest(smallMaster), manifest(largeMaster)
}

// zonesOf are the zones of masters.
func zonesOf(letters string) []string {
	var all []string
	for _, letter := range letters {
		all = append(all, region+string(letter))
	}
	return all
}

const (
	smallMaster = "machineType: t3.medium\n  minSize: 1\n"
	largeMaster = "machineType: m5.large\n  minSize: 1\n"
	clusterHead = "metadata:\n  name: " + clusterName + "\n"
)

// manifest is the example with one worker and no termination queue: they are nothing to etcd, and cost
// time.
func manifest(master string) string {
	text := strings.Replace(string(examples.HA), "  cloudProvider: aws\n", "  cloudProvider: aws\n  nodeTerminationHandler: {enabled: false}\n", 1)
	text = strings.Replace(text, "minSize: 3\n  maxSize: 6\n", "minSize: 0\n  maxSize: 1\n", 1)
	return strings.ReplaceAll(text, smallMaster, master)
}

// resumed is a manifest with the annotation by which a roll that halted goes on.
func resumed(text string, times int) string {
	return strings.Replace(text, clusterHead, clusterHead+fmt.Sprintf("  annotations: {quorate.dev/resume: \"%d\"}\n", times), 1)
}

// mastersIn is a manifest of masters in public subnets, which is the least around them.
func mastersIn(letters string) string {
	var b strings.Builder
	b.WriteString("apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\n" + clusterHead + `spec:
  api: {loadBalancer: {class: Network, type: Public}}
  cloudProvider: aws
  nodeTerminationHandler: {enabled: false}
  configBase: s3://state.example.com/` + clusterName + `
  etcdClusters:
`)
	for _, etcd := range []string{"main", "events"} {
		fmt.Fprintf(&b, "  - name: %s\n    etcdMembers:\n", etcd)
		for _, m := range letters {
			fmt.Fprintf(&b, "    - {name: %c, instanceGroup: master-%s%c, encryptedVolume: true}\n", m, region, m)
		}
	}
	b.WriteString(`  kubernetesApiAccess: [0.0.0.0/0]
  kubernetesVersion: v1.34.2
  masterPublicName: api.` + clusterName + `
  networkCIDR: 172.20.0.0/16
  networking: {cilium: {}}
  nonMasqueradeCIDR: 100.64.0.0/10
  subnets:
`)
	for i, zone := range zonesOf(everyMember) {
		fmt.Fprintf(&b, "  - {name: %s, cidr: 172.20.%d.0/19, type: Public, zone: %s}\n", zone, 32*(i+1), zone)
	}
	b.WriteString("  topology: {dns: {type: Public}}\n")
	for _, zone := range zonesOf(letters) {
		b.WriteString(group("master-"+zone, "Master", 1, zone))
	}
	b.WriteString(group("nodes", "Node", 0, zonesOf("a")[0]))
	return b.String()
}

func group(name, role string, least int, subnet string) string {
	return fmt.Sprintf(`---
apiVersion: kops.k8s.io/v1alpha2
kind: InstanceGroup
metadata: {name: %s, labels: {kops.k8s.io/cluster: %s}}
spec:
  role: %s
  image: 099720109477/ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20251001
  machineType: t3.medium
  minSize: %d
  maxSize: 1
  subnets: [%s]
`, name, clusterName, role, least, subnet)
}
