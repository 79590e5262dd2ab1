package desired

import (
	"encoding/json"
	"regexp"
	"testing"

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

func TestNothingMentionsAnotherPartition(t *testing.T) {
	for region, want := range map[string]struct{ partition, service string }{
		"eu-west-1":     {"aws", "ec2.amazonaws.com"},
		"us-gov-west-1": {"aws-us-gov", "ec2.amazonaws.com"},
		"cn-north-1":    {"aws-cn", "ec2.amazonaws.com.cn"},
	} {
		t.Run(region, func(t *testing.T) {
			manifest := apply(t, string(readFile(t, "testdata/clusters/private.yaml")), []edit{allOfIt, {"*eu-west-1", region}})
			clusters, problems := Build([]File{{"k.yaml", []byte(manifest)}}) // with a warning
			if len(clusters) != 1 {
				t.Fatal(listProblems(problems))
			}
			c := clusters[0]
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
