package terraform

import (
	"encoding/json"
	"strings"

	"github.com/quorate/quorate/topology"
)

// attrs are the attributes of a Terraform block.
type attrs map[string]any

// document collects blocks by type and label.
type document struct {
	Variable map[string]attrs            `json:"variable,omitempty"`
	Data     map[string]map[string]attrs `json:"data,omitempty"`
	Resource map[string]map[string]attrs `json:"resource"`

	t       topology.Topology
	account string // empty if not known
}

// JSON writes every owned resource of a topology. Shared ones appear where they are referred to, by their
// ids. The account, if it is not empty, is written where a policy needs it; otherwise Terraform looks it
// up. Equal arguments give equal bytes.
func JSON(t topology.Topology, account string) ([]byte, error) {
	d := &document{Variable: map[string]attrs{}, Data: map[string]map[string]attrs{}, Resource: map[string]map[string]attrs{}, t: t, account: account}
	for ref, resource := range t.All() {
		if resource.Owner() == topology.Owned {
			kinds[ref.Kind](d, resource)
		}
	}
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}

func (d *document) add(typ, label string, a attrs) {
	put(d.Resource, typ, label, a)
}

func put(blocks map[string]map[string]attrs, typ, label string, a attrs) {
	if blocks[typ] == nil {
		blocks[typ] = map[string]attrs{}
	}
	for key, value := range a {
		if value == nil {
			delete(a, key)
		}
	}
	blocks[typ][label] = a
}

// types are the Terraform types of the kinds that others refer to.
var types = map[topology.Kind]string{
	topology.KindDHCPOptions:      "aws_vpc_dhcp_options",
	topology.KindVPC:              "aws_vpc",
	topology.KindInternetGateway:  "aws_internet_gateway",
	topology.KindSubnet:           "aws_subnet",
	topology.KindElasticIP:        "aws_eip",
	topology.KindNATGateway:       "aws_nat_gateway",
	topology.KindRouteTable:       "aws_route_table",
	topology.KindSecurityGroup:    "aws_security_group",
	topology.KindOIDCProvider:     "aws_iam_openid_connect_provider",
	topology.KindIAMRole:          "aws_iam_role",
	topology.KindInstanceProfile:  "aws_iam_instance_profile",
	topology.KindKeyPair:          "aws_key_pair",
	topology.KindTargetGroup:      "aws_lb_target_group",
	topology.KindLoadBalancer:     "aws_lb",
	topology.KindClassicELB:       "aws_elb",
	topology.KindLaunchTemplate:   "aws_launch_template",
	topology.KindAutoScalingGroup: "aws_autoscaling_group",
	topology.KindQueue:            "aws_sqs_queue",
	topology.KindEventRule:        "aws_cloudwatch_event_rule",

	topology.KindEgressOnlyGateway: "aws_egress_only_internet_gateway",
}

// id is how one resource refers to another: an expression for what is made, the id for what is given.
func (d *document) id(ref topology.Ref) string { return d.attribute(ref, "id") }

func (d *document) attribute(ref topology.Ref, name string) string {
	if ref.Kind == topology.KindGiven {
		return ref.Name
	}
	if r, ok := d.t.Get(ref); ok && r.Owner() == topology.Shared {
		return d.sharedID(ref)
	}
	return "${" + types[ref.Kind] + "." + label(ref.Name) + "." + name + "}"
}

// sharedID is the id of a resource that exists already. That of an internet gateway is not in the
// manifest: Terraform looks it up by the VPC, whose name it has. So is that of an elastic IP, which the
// manifest gives by its public address.
func (d *document) sharedID(ref topology.Ref) string {
	switch ref.Kind {
	case topology.KindInternetGateway:
	case topology.KindEgressOnlyGateway:
		return d.sharedEgressOnlyGateway()
	case topology.KindElasticIP:
		put(d.Data, "aws_eip", label(ref.Name), attrs{"public_ip": ref.Name})
		return "${data.aws_eip." + label(ref.Name) + ".id}"
	default:
		return ref.Name
	}
	put(d.Data, "aws_internet_gateway", label(ref.Name), attrs{
		"filter": []attrs{{"name": "attachment.vpc-id", "values": []string{ref.Name}}},
	})
	return "${data.aws_internet_gateway." + label(ref.Name) + ".id}"
}

func (d *document) ids(refs []topology.Ref) []string {
	ids := make([]string, len(refs))
	for i, ref := range refs {
		ids[i] = d.id(ref)
	}
	return ids
}

var labelReplacer = strings.NewReplacer(".", "-", "/", "--", ":", "_", "*", "wildcard", " ", "-")

// label turns a name into a Terraform label, as kops does. A label may not start with a digit.
func label(name string) string {
	l := labelReplacer.Replace(name)
	if l != "" && l[0] >= '0' && l[0] <= '9' {
		return "prefix_" + l
	}
	return l
}

// optional leaves an attribute out when it has its zero value.
func optional[T comparable](value T) any {
	var zero T
	if value == zero {
		return nil
	}
	return value
}

// list leaves an attribute out when it is empty.
func list[T any](values []T) any {
	if len(values) == 0 {
		return nil
	}
	return values
}
