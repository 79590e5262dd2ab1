package contract

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// A difference is something that moto lacks, or answers in another way than AWS.
type difference struct {
	call string
	what string
	// mend does after a pass what the call should have done, and tells whether there
	// was anything to do.
	mend func(*cluster) bool
	// forgets is a field that moto cannot hold, as "KIND PATH" in the words of a plan;
	// what differs in it alone is passed over.
	forgets string
	// harmless says why the story need not care.
	harmless string
}

var motoDifferences = []difference{
	{
		call: "CreateDhcpOptions", what: "drops the tags of the call, so that nobody could ever find the set again",
		mend: tagDHCPOptions,
	},
	{
		call: "ModifySubnetAttribute", what: "takes the host name type and does not keep it",
		forgets: "subnet hostnameType",
	},
	{
		call: "ModifySubnetAttribute", what: "takes the wish for AAAA records of host names and does not keep it",
		forgets: "subnet resourceNameAAAA",
	},
	{
		call: "UpdateAutoScalingGroup", what: "takes the longest life of a machine and does not keep it",
		forgets:  "autoscaling-group maxInstanceLifetime",
		harmless: "no group of the stories has one",
	},
	{
		call: "CreateTags", what: "does not reach launch templates, which show the tags they were made with",
		harmless: "a new wish for tags is a new template version as well, and no chapter has one",
	},
	{
		call: "AddClientIDToOpenIDConnectProvider", what: "is not there",
		harmless: "no chapter changes the audiences of tokens; apply's own test does, in the simulator",
	},
	{
		call: "PutMetricAlarm, DescribeAlarms, …", what: "are spoken in CloudWatch's former protocol only, where the SDK's default is the newest",
		harmless: "the client is told to speak it; the simulator speaks the newest",
	},
	{
		call: "DescribePolicies", what: "does not tell whether a policy is enabled",
		harmless: "what is not told is taken for yes, and no chapter disables one",
	},
	{
		call: "CreateSubnet, DescribeSubnets", what: "count more free addresses in a subnet with IPv6 alone than the SDK can read",
		harmless: "in moto the private subnets of the IPv6 cluster have IPv4 as well",
	},
	{
		call: "RunInstances, CreateNatGateway, CreateLoadBalancer, DeleteAutoScalingGroup, …", what: "take no time",
		harmless: "waiting for AWS to settle is the simulator's part of the story",
	},
	{
		call: "CreateRoute, CreateNatGateway, CreateLoadBalancer", what: "need no internet gateway",
		harmless: "the simulator insists on it",
	},
}

// forget drops from a plan what the world cannot hold.
func (c *cluster) forget(p diff.Plan) diff.Plan {
	p.Changes = slices.Clone(p.Changes)
	for i, change := range p.Changes {
		p.Changes[i].Fields = slices.DeleteFunc(slices.Clone(change.Fields), func(f diff.FieldChange) bool {
			return c.forgets(string(change.Ref.Kind) + " " + f.Path)
		})
	}
	p.Changes = slices.DeleteFunc(p.Changes, func(change diff.Change) bool {
		return change.Effect == diff.InPlace && len(change.Fields) == 0
	})
	return p
}

func (c *cluster) forgets(field string) bool {
	for _, d := range c.differences {
		if d.forgets == field {
			c.met[d.call] = true
			return true
		}
	}
	return false
}

// mend does what the world left undone.
func (c *cluster) mend() {
	c.Helper()
	for _, d := range c.differences {
		if d.mend != nil && d.mend(c) {
			c.met[d.call] = true
		}
	}
}

// checkDifferences asks that every row of the table is still true, so that it does not
// outlive the next moto.
func (c *cluster) checkDifferences() {
	c.Helper()
	for _, d := range c.differences {
		if d.harmless == "" && !c.met[d.call] {
			c.Errorf("%s no longer %q: take the row out of the table", d.call, d.what)
		}
	}
}

// tagDHCPOptions tags the set that the cluster's VPC uses.
func tagDHCPOptions(c *cluster) (needed bool) {
	c.Helper()
	have := c.observe()
	for _, vpc := range topology.Of[topology.VPC](have.Topology) {
		wanted, ok := topology.Find[topology.VPC](c.want.Topology, vpc.Ref())
		if vpc.DHCPOptions.Kind != topology.KindGiven || !ok {
			continue
		}
		options, _ := topology.Find[topology.DHCPOptions](c.want.Topology, wanted.DHCPOptions)
		var tags []ec2types.Tag
		for k, v := range options.Tags {
			tags = append(tags, ec2types.Tag{Key: &k, Value: &v})
		}
		if _, err := c.clients.EC2.CreateTags(c.Context(), &ec2.CreateTagsInput{Resources: []string{vpc.DHCPOptions.Name}, Tags: tags}); err != nil {
			c.Fatal(err)
		}
		needed = true
	}
	return needed
}
