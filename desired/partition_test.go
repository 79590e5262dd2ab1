package desired

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/quorate/quorate/internal/terraform"
	"github.com/quorate/quorate/topology"
)

// allOfIt turns on what writes ARNs and names of services.
var allOfIt = edit{"  cloudProvider: aws\n", `  cloudProvider: aws
  awsLoadBalancerController: {enabled: true}
  certManager: {enabled: true}
  clusterAutoscaler: {enabled: true}
  kubeAPIServer: {serviceAccountIssuer: "https://issuer.example.com"}
  snapshotController: {enabled: true}
  warmPool: {enableLifecycleHook: true}
  iam:
    allowContainerRegistry: true
    useServiceAccountExternalPermissions: true
    serviceAccountExternalPermissions: [{name: a, namespace: b, aws: {inlinePolicy: '[{"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["*"]}]'}}]
  serviceAccountIssuerDiscovery: {discoveryStore: "s3://public.example.com/k", enableAWSOIDCProvider: true}
`}

var anyPartition = regexp.MustCompile(`arn:(aws[a-z-]*):`)

// partitionCases are regions of the partitions that a cluster may be in.
var partitionCases = map[string]struct{ partition, service, suffix string }{
	"eu-west-1":     {"aws", "ec2.amazonaws.com", "amazonaws.com"},
	"us-gov-west-1": {"aws-us-gov", "ec2.amazonaws.com", "amazonaws.com"},
	"cn-north-1":    {"aws-cn", "ec2.amazonaws.com.cn", "amazonaws.com.cn"},
}

// buildIn makes a cluster with all of it in a region, by further edits if there are any.
func buildIn(t *testing.T, region string, edits ...edit) Cluster {
	t.Helper()
	manifest := apply(t, string(readFile(t, "testdata/clusters/private.yaml")), append([]edit{allOfIt, {"*eu-west-1", region}}, edits...))
	clusters, problems := Build([]File{{"k.yaml", []byte(manifest)}}) // with a warning
	if len(clusters) != 1 {
		t.Fatal(listProblems(problems))
	}
	return clusters[0]
}

func TestNothingMentionsAnotherPartition(t *testing.T) {
	for region, want := range partitionCases {
		t.Run(region, func(t *testing.T) {
			c := buildIn(t, region)
			mentioned := 0
			for ref, r := range c.Topology.All() {
				text, err := json.Marshal(r)
				if err != nil {
					t.Fatal(err)
				}
				for _, found := range anyPartition.FindAllStringSubmatch(string(text), -1) {
					mentioned++
					if found[1] != want.partition {
						t.Errorf("%s mentions partition %s: %s", ref, found[1], text)
						break
					}
				}
			}
			if mentioned == 0 {
				t.Error("nothing has an ARN")
			}
			role, _ := topology.Find[topology.IAMRole](c.Topology, topology.Ref{Kind: topology.KindIAMRole, Name: "nodes.k.example.com"})
			var trust struct {
				Statement []struct{ Principal struct{ Service string } }
			}
			if err := json.Unmarshal([]byte(role.TrustPolicy), &trust); err != nil || trust.Statement[0].Principal.Service != want.service {
				t.Errorf("the machines' role trusts %s (%v)", role.TrustPolicy, err)
			}
		})
	}
}

func TestTerraformMentionsNoOtherPartition(t *testing.T) {
	for region, want := range partitionCases {
		t.Run(region, func(t *testing.T) {
			text, err := terraform.JSON(buildIn(t, region).Topology, "123456789012")
			if err != nil {
				t.Fatal(err)
			}
			found := anyPartition.FindAllStringSubmatch(string(text), -1)
			if len(found) == 0 {
				t.Error("nothing has an ARN")
			}
			for _, f := range found {
				if f[1] != want.partition {
					t.Errorf("the export mentions partition %s", f[1])
				}
			}
		})
	}
}

// TestEndpointsAreThoseOfTheRegion looks at the names of hosts: the bucket that tokens are verified by is
// reached in the region itself, and only China ends its names in another way.
func TestEndpointsAreThoseOfTheRegion(t *testing.T) {
	for region, want := range partitionCases {
		t.Run(region, func(t *testing.T) {
			c := buildIn(t, region, edit{"  kubeAPIServer: {serviceAccountIssuer: \"https://issuer.example.com\"}\n", ""})
			var issuers []string
			for _, p := range topology.Of[topology.OIDCProvider](c.Topology) {
				issuers = append(issuers, p.Issuer)
			}
			if issuer := "https://public.example.com.s3." + region + "." + want.suffix + "/k"; !slices.Equal(issuers, []string{issuer}) {
				t.Errorf("tokens are verified at %s, not at %s", issuers, issuer)
			}
			for _, r := range topology.Of[topology.IAMRole](c.Topology) {
				if r.Provider != (topology.Ref{}) && !strings.Contains(r.TrustPolicy, ".s3."+region+"."+want.suffix+"/k:sub") {
					t.Errorf("%s trusts %s", r.Name, r.TrustPolicy)
				}
			}
		})
	}
}

// TestKeysAreThoseOfThePartition: an encrypted volume names its key as the manifest does, so that only a key of
// the cluster's own partition and region may be written there.
func TestKeysAreThoseOfThePartition(t *testing.T) {
	for region, want := range partitionCases {
		t.Run(region, func(t *testing.T) {
			key := "arn:" + want.partition + ":kms:" + region + ":123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
			c := buildIn(t, region, edit{"  minSize: 3\n", "  minSize: 3\n  rootVolumeEncryption: true\n  rootVolumeEncryptionKey: " + key + "\n"})
			text, err := terraform.JSON(c.Topology, "")
			if err != nil || !strings.Contains(string(text), key) {
				t.Errorf("the export does not name the key (%v)", err)
			}
		})
	}
}
