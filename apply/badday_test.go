package apply

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

// A cluster that is made on a bad day is the same in the end as one made on a good day.
func TestBadDaysMakeNothingTwice(t *testing.T) {
	good := madeOn(t, func(*world) {})
	for name, day := range map[string]func(*world){
		"the first answer of every operation is lost": func(w *world) { w.wire.loseNext(mutating...) },
		"reads show what was a moment ago":            func(w *world) { w.region.SetStaleReads(5 * time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(good, madeOn(t, day)); diff != "" {
				t.Errorf("what is there by type (-good day +bad day):\n%s", diff)
			}
		})
	}
}

// mutating are the calls that make a cluster.
var mutating = []string{
	"CreateDhcpOptions", "CreateVpc", "ModifyVpcAttribute", "AssociateDhcpOptions", "CreateInternetGateway", "AttachInternetGateway",
	"CreateSubnet", "ModifySubnetAttribute", "AllocateAddress", "CreateNatGateway", "CreateRouteTable", "CreateRoute", "AssociateRouteTable",
	"CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "CreateTags",
	"CreateRole", "PutRolePolicy", "CreateInstanceProfile", "AddRoleToInstanceProfile", "CreateVolume",
	"CreateTargetGroup", "ModifyTargetGroupAttributes", "CreateLoadBalancer", "CreateListener",
	"ChangeResourceRecordSets", "CreateLaunchTemplate", "CreateAutoScalingGroup", "EnableMetricsCollection",
}

// madeOn counts what is in the world by type after a cluster has been made.
func madeOn(t *testing.T, day func(w *world)) map[string]int {
	t.Helper()
	manifest, err := os.ReadFile("../desired/testdata/clusters/private.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cluster := clusterOf(t, manifest)
	w := simulatedWorld(t, cluster.Region)
	w.env.cluster = cluster.Name
	day(w)
	w.converge(t, cluster, cluster.Topology)
	if len(w.wire.lose) > 0 {
		t.Errorf("never called: %v", w.wire.lose)
	}
	count := map[string]int{}
	for _, item := range w.region.Inventory() {
		count[item.Type]++
	}
	return count
}

// The next pass has forgotten everything, and AWS does not show it yet what was made.
func TestLostAnswerAndStaleReadsTogetherMakeNothingTwice(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	subnet := aSubnet("utility-a", "172.20.0.0/22")
	w.create(t, aDHCPOptions(), aVPC(), anInternetGateway(), subnet, anElasticIP())
	made := []topology.Resource{aNATGateway(subnet), aRouteTable(anInternetGateway().Ref()), aVolume()}
	before := len(w.region.Inventory())
	for i, operation := range []string{"CreateNatGateway", "CreateRouteTable", "CreateVolume"} {
		w.lossy(t, operation, made[i])
	}
	if after := len(w.region.Inventory()); after != before+len(made) {
		t.Errorf("there are %d more things, want %d", after-before, len(made))
	}
}

// Somebody deletes what was made at this very commit; it is made again, at the latest
// when its token has run out.
func TestDeletedByHandIsMadeAgainAtTheSameCommit(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	subnet := aSubnet("utility-a", "172.20.0.0/22")
	gateway, table := aNATGateway(subnet), aRouteTable(anInternetGateway().Ref())
	w.create(t, aDHCPOptions(), aVPC(), anInternetGateway(), subnet, anElasticIP(), gateway, table)
	w.settle(t)
	first := map[topology.Ref]string{gateway.Ref(): w.ids[gateway.Ref()], table.Ref(): w.ids[table.Ref()]}
	w.remove(t, gateway)
	w.remove(t, table)
	w.settle(t)

	w.forget(gateway)
	w.create(t, gateway)
	w.forget(table)
	w.env.now = func() time.Time { return moment.Add(tokenWindow) }
	w.create(t, table)
	for ref, id := range first {
		if w.ids[ref] == id {
			t.Errorf("%s is still known as %s", ref, id)
		}
	}
	wantNATGateway(t, w, gateway)
	wantRouteTable(t, w, table)
}
