package desired

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

// granted lists what the roles of a cluster may do: ROLE ACTION, with the condition's keys behind it.
func granted(t *testing.T, c Cluster) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, role := range topology.Of[topology.IAMRole](c.Topology) {
		for _, p := range role.InlinePolicies {
			var policy struct {
				Statement []struct {
					Action    any
					Condition map[string]map[string]any
				}
			}
			if err := json.Unmarshal([]byte(p.Document), &policy); err != nil {
				t.Fatal(err)
			}
			for _, s := range policy.Statement {
				var keys string
				if when := s.Condition["StringEquals"]; when["aws:ResourceTag/KubernetesCluster"] != nil {
					keys = " of ours"
				} else if when["aws:RequestTag/KubernetesCluster"] != nil {
					keys = " made ours"
				}
				for _, action := range listOf(s.Action) {
					found[strings.TrimSuffix(role.Name, ".k.example.com")+" "+action+keys] = true
				}
			}
		}
	}
	return found
}

func listOf(v any) []string {
	if one, ok := v.(string); ok {
		return []string{one}
	}
	var list []string
	for _, x := range v.([]any) {
		list = append(list, x.(string))
	}
	return list
}

// TestPermissionsFollowWhatTheClusterUses compares with the good manifest, on plain CNI.
func TestPermissionsFollowWhatTheClusterUses(t *testing.T) {
	plain := edit{"calico: {}", "cni: {}"}
	cluster := func(line string) []edit {
		return []edit{plain, {"  cloudProvider: aws\n", "  cloudProvider: aws\n  " + line + "\n"}}
	}
	before := granted(t, buildOne(t, plain))
	for name, c := range map[string]struct {
		edits []edit
		want  []string // + gained, - lost
	}{
		"nothing more": {[]edit{plain}, nil},
		"Calico":       {nil, []string{"+masters ec2:ModifyNetworkInterfaceAttribute", "+nodes ec2:DescribeInstances", "+nodes ec2:ModifyNetworkInterfaceAttribute"}},
		"kindnet":      {[]edit{{"calico: {}", "kindnet: {}"}}, []string{"+nodes ec2:ModifyInstanceAttribute of ours"}},
		"kubenet":      {[]edit{{"calico: {}", "kubenet: {}"}, {"*type: Private", "type: Public"}}, []string{"+masters ec2:CreateRoute of ours", "+masters ec2:DeleteRoute of ours"}},
		"GPUs":         {cluster("containerd: {nvidiaGPU: {enabled: true}}"), []string{"+nodes ec2:DescribeInstanceTypes"}},
		"mirrors in ECR": {cluster("containerd: {useECRCredentialsForMirrors: true}"), []string{
			"+masters ecr:BatchImportUpstreamImage", "+masters ecr:CreateRepository", "+masters ecr:ReplicateImage", "+masters ecr:TagResource",
			"+nodes ecr:BatchImportUpstreamImage", "+nodes ecr:CreateRepository", "+nodes ecr:ReplicateImage", "+nodes ecr:TagResource",
		}},
		"snapshots": {cluster("snapshotController: {enabled: true}"), []string{
			"+masters ec2:CreateSnapshot", "+masters ec2:CreateSnapshot made ours", "+masters ec2:CreateVolume of ours", "+masters ec2:DeleteSnapshot of ours",
			"+masters ec2:DescribeSnapshots", "+masters ec2:EnableFastSnapshotRestores of ours",
		}},
		"no queue": {cluster("nodeTerminationHandler: {enabled: false}"), []string{
			"-masters autoscaling:CompleteLifecycleAction of ours", "-masters sqs:DeleteMessage", "-masters sqs:ReceiveMessage",
		}},
		"no DNS": {cluster("topology: {dns: {type: None}}"), []string{
			"-masters route53:ChangeResourceRecordSets", "-masters route53:GetChange", "-masters route53:GetHostedZone",
			"-masters route53:ListHostedZones", "-masters route53:ListResourceRecordSets", "-masters route53:ListTagsForResource",
		}},
		"policies of the manifest":   {cluster(`additionalPolicies: {node: '[{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]'}`), []string{"+nodes s3:ListBucket"}},
		"a warm pool without a hook": {cluster("warmPool: {minSize: 1}"), nil},
		"a warm pool with a hook": {cluster("warmPool: {enableLifecycleHook: true}"), []string{
			"+nodes autoscaling:CompleteLifecycleAction of ours", "+nodes autoscaling:DescribeLifecycleHooks",
		}},
		"API servers of their own": {[]edit{plain, {"role: Node", "role: APIServer"}, {"", workersOnly}}, []string{
			"+apiservers kms:CreateGrant", "+apiservers kms:Decrypt", "+apiservers kms:DescribeKey", "+apiservers kms:Encrypt",
			"+apiservers kms:GenerateDataKey*", "+apiservers kms:ReEncrypt*", "+apiservers s3:Get*", "+apiservers s3:GetBucketLocation",
			"+apiservers s3:GetEncryptionConfiguration", "+apiservers s3:ListBucket", "+apiservers s3:ListBucketVersions",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, changes(before, granted(t, buildOne(t, c.edits...)))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

const workersOnly = `---
apiVersion: kops.k8s.io/v1alpha2
kind: InstanceGroup
metadata: {name: workers, labels: {kops.k8s.io/cluster: k.example.com}}
spec: {role: Node, image: ami-1}
`

func changes(before, after map[string]bool) []string {
	var list []string
	for action := range after {
		if !before[action] {
			list = append(list, "+"+action)
		}
	}
	for action := range before {
		if !after[action] {
			list = append(list, "-"+action)
		}
	}
	slices.Sort(list)
	return list
}

// TestPluginsThatHandOutAddressesMayManageInterfaces looks at one action of many: the list is long and the same.
func TestPluginsThatHandOutAddressesMayManageInterfaces(t *testing.T) {
	for plugin, want := range map[string]bool{"amazonvpc: {}": true, "cilium: {ipam: eni}": true, "cilium: {}": false, "flannel: {}": false} {
		got := granted(t, buildOne(t, edit{"calico: {}", plugin}))
		for _, action := range []string{"masters ec2:CreateNetworkInterface", "nodes ec2:CreateNetworkInterface", "nodes ec2:CreateTags"} {
			if got[action] != want {
				t.Errorf("%s: %s is %v, want %v", plugin, action, got[action], want)
			}
		}
	}
}

func TestStoresGiveTheirBucketsAndPaths(t *testing.T) {
	for store, want := range map[string]location{
		"s3://bucket/a/b/": {"bucket", "a/b"},
		"s3://bucket":      {"bucket", ""},
		"memfs://x/y":      {"placeholder", "x/y"},
		"gs://bucket/a":    {},
		"s3:///a":          {},
		"not a url\x7f":    {},
	} {
		got, ok := parseStore(store, "placeholder")
		if got != want || ok != (want != location{}) {
			t.Errorf("%s is %v, %v, want %v", store, got, ok, want)
		}
	}
	if got, want := (manifest{region: "cn-north-1"}).objects(location{"bucket", ""}), "arn:aws-cn:s3:::bucket/*"; got != want {
		t.Errorf("objects are %s, want %s", got, want)
	}
}

func TestMastersMayWriteToTheClustersZoneOnly(t *testing.T) {
	for _, zone := range []string{"", "example.com", "Z123"} {
		m := manifest{region: "us-east-1"}
		m.Spec.DNSZone = zone
		if got := topology.WithZone(m.dnsStatements()[0].Resource[0], "Z9"); got != "arn:aws:route53:::hostedzone/Z9" {
			t.Errorf("dnsZone %q grants %s", zone, got)
		}
	}
}

func TestAGivenProfileIsUsedAndNoRoleIsMadeForIt(t *testing.T) {
	c := buildOne(t, edit{"  maxSize: 6\n", "  maxSize: 6\n  iam: {profile: \"arn:aws:iam::1:instance-profile/path/workers\"}\n"})
	profile := topology.Ref{Kind: topology.KindInstanceProfile, Name: "workers"}
	if got, ok := topology.Find[topology.InstanceProfile](c.Topology, profile); !ok || got.Ownership != topology.Shared {
		t.Errorf("the profile is %+v, want a shared one", got)
	}
	if _, made := c.Topology.Get(topology.Ref{Kind: topology.KindIAMRole, Name: "nodes.k.example.com"}); made {
		t.Error("a role is made that nobody uses")
	}
	template, _ := topology.Find[topology.LaunchTemplate](c.Topology, topology.Ref{Kind: topology.KindLaunchTemplate, Name: "nodes.k.example.com"})
	if template.InstanceProfile != profile {
		t.Errorf("the workers have the profile %s", template.InstanceProfile)
	}
}

func TestManagedPoliciesAreExactlyThoseOfTheManifest(t *testing.T) {
	c := buildOne(t, edit{"  cloudProvider: aws\n", "  cloudProvider: aws\n  externalPolicies: {master: [arn:aws:iam::1:policy/b, arn:aws:iam::1:policy/a], control-plane: [arn:aws:iam::1:policy/a]}\n"})
	got := map[string][]string{}
	for _, r := range topology.Of[topology.IAMRole](c.Topology) {
		got[r.Name] = r.ManagedPolicies
	}
	want := map[string][]string{"masters.k.example.com": {"arn:aws:iam::1:policy/a", "arn:aws:iam::1:policy/b"}, "nodes.k.example.com": nil, "bastions.k.example.com": nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestChinaHasItsOwnNameForEC2(t *testing.T) {
	if got := (manifest{region: "cn-north-1"}).ec2Service()["Service"]; got != "ec2.amazonaws.com.cn" {
		t.Errorf("machines in China belong to %s", got)
	}
}

// A plugin that encrypts secrets asks KMS itself.
func TestOnlyAnEncryptionConfigOpensKMSBeyondEC2AndS3(t *testing.T) {
	for line, want := range map[string]bool{"encryptionConfig: false": true, "encryptionConfig: true": false} {
		c := buildOne(t, edit{"  cloudProvider: aws\n", "  cloudProvider: aws\n  " + line + "\n"})
		role, _ := topology.Find[topology.IAMRole](c.Topology, topology.Ref{Kind: topology.KindIAMRole, Name: "masters.k.example.com"})
		document := role.InlinePolicies[0].Document
		if got := strings.Contains(document, "kms:ViaService"); got != want || !strings.Contains(document, "kms:Decrypt") {
			t.Errorf("%s: restricted to services: %t, in %s", line, got, document)
		}
		if !strings.Contains(document, "kms:GrantIsForAWSResource") {
			t.Errorf("%s: grants for anybody", line)
		}
	}
}
