package awssim

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// securityGroup is a named set of rules; the rules are objects of their own.
type securityGroup struct {
	ID          string
	VPCID       string
	Name        string
	Description string
}

// defaultGroup is the name of the group every VPC comes with.
const defaultGroup = "default"

type createSecurityGroupInput struct {
	GroupName        string
	GroupDescription string
	VPCID            string `wire:"VpcId"`
	tagging
}

type createSecurityGroupOutput struct {
	GroupID string     `xml:"groupId"`
	ARN     string     `xml:"securityGroupArn"`
	Tags    items[tag] `xml:"tagSet"`
}

func (w *world) createSecurityGroup(in createSecurityGroupInput) (createSecurityGroupOutput, error) {
	tags, err := in.tagsFor("security-group")
	if err != nil {
		return createSecurityGroupOutput{}, err
	}
	if in.VPCID == "" {
		return createSecurityGroupOutput{}, refuse("VPCIdNotSpecified", "No default VPC for this user")
	}
	v, err := w.vpc(in.VPCID)
	if err != nil {
		return createSecurityGroupOutput{}, err
	}
	if err := w.checkGroupName(in); err != nil {
		return createSecurityGroupOutput{}, err
	}
	g := w.newSecurityGroup(v.ID, in.GroupName, in.GroupDescription)
	w.allowAllEgress(v, g)
	w.tag(g.ID, tags)
	return createSecurityGroupOutput{g.ID, w.arn("ec2", "security-group/"+g.ID), w.tagSet(g.ID)}, nil
}

func (w *world) checkGroupName(in createSecurityGroupInput) error {
	switch {
	case in.GroupName == "":
		return missing("groupName")
	case in.GroupDescription == "":
		return missing("groupDescription")
	case strings.HasPrefix(in.GroupName, "sg-"):
		return refuse("InvalidParameterValue", "Invalid group name '%s'. Group names may not be in the format sg-*.", in.GroupName)
	case len(in.GroupName) > 255:
		return refuse("InvalidParameterValue", "Value (%s) for parameter GroupName is invalid. Character count exceeds the maximum of 255", in.GroupName)
	case in.GroupName == defaultGroup:
		return refuse("InvalidParameterValue", "Cannot use reserved security group name: default")
	}
	for _, g := range w.SecurityGroups {
		if g.VPCID == in.VPCID && g.Name == in.GroupName {
			return refuse("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", in.GroupName, in.VPCID)
		}
	}
	return nil
}

func (w *world) newSecurityGroup(vpcID, name, description string) *securityGroup {
	g := &securityGroup{ID: w.newID("sg"), VPCID: vpcID, Name: name, Description: description}
	w.SecurityGroups[g.ID] = g
	return g
}

// allowAllEgress adds the rules that AWS gives every new group of a VPC.
func (w *world) allowAllEgress(v *vpc, g *securityGroup) {
	w.addRule(securityGroupRule{GroupID: g.ID, Egress: true, Protocol: allProtocols, From: -1, To: -1, IPv4: "0.0.0.0/0"})
	if len(v.IPv6CIDRs) > 0 {
		w.addRule(securityGroupRule{GroupID: g.ID, Egress: true, Protocol: allProtocols, From: -1, To: -1, IPv6: "::/0"})
	}
}

// newDefaultGroup makes the group a VPC comes with: everything out, and anything in from itself.
func (w *world) newDefaultGroup(v *vpc) {
	g := w.newSecurityGroup(v.ID, defaultGroup, "default VPC security group")
	w.allowAllEgress(v, g)
	w.addRule(securityGroupRule{GroupID: g.ID, Protocol: allProtocols, From: -1, To: -1, SourceGroup: g.ID})
}

func (w *world) securityGroup(id string) (*securityGroup, error) {
	g, exists := w.SecurityGroups[id]
	if !exists {
		return nil, refuse("InvalidGroup.NotFound", "The security group '%s' does not exist", id)
	}
	return g, nil
}

// defaultGroupOf is the id of a VPC's default group.
func (w *world) defaultGroupOf(vpcID string) string {
	for _, g := range w.SecurityGroups {
		if g.VPCID == vpcID && g.Name == defaultGroup {
			return g.ID
		}
	}
	return ""
}

type securityGroupIDInput struct {
	GroupID string `wire:"GroupId"`
}

type deleteSecurityGroupOutput struct {
	Return  bool   `xml:"return"`
	GroupID string `xml:"groupId"`
}

func (w *world) deleteSecurityGroup(in securityGroupIDInput) (deleteSecurityGroupOutput, error) {
	g, err := w.securityGroup(in.GroupID)
	if err != nil {
		return deleteSecurityGroupOutput{}, err
	}
	if g.Name == defaultGroup {
		return deleteSecurityGroupOutput{}, refuse("CannotDelete", "the specified group: \"%s\" name: \"default\" cannot be deleted by a user", g.ID)
	}
	if w.groupInUse(g.ID) || w.groupReferenced(g.ID) {
		return deleteSecurityGroupOutput{}, refuse("DependencyViolation", "resource %s has a dependent object", g.ID)
	}
	w.removeSecurityGroup(g.ID)
	return deleteSecurityGroupOutput{true, g.ID}, nil
}

// groupReferenced says whether a rule of another group names this one.
func (w *world) groupReferenced(id string) bool {
	for _, r := range w.SecurityGroupRules {
		if r.SourceGroup == id && r.GroupID != id {
			return true
		}
	}
	return false
}

// removeSecurityGroup deletes a group with its rules.
func (w *world) removeSecurityGroup(id string) {
	for ruleID, r := range w.SecurityGroupRules {
		if r.GroupID == id {
			w.removeRule(ruleID)
		}
	}
	delete(w.SecurityGroups, id)
	delete(w.Tags, id)
}

var securityGroupFilters = filterTable[*securityGroup]{
	"group-id":    func(_ *world, g *securityGroup) []string { return one(g.ID) },
	"group-name":  func(_ *world, g *securityGroup) []string { return one(g.Name) },
	"vpc-id":      func(_ *world, g *securityGroup) []string { return one(g.VPCID) },
	"description": func(_ *world, g *securityGroup) []string { return one(g.Description) },
	"owner-id":    func(w *world, _ *securityGroup) []string { return one(w.account()) },
	"ip-permission.group-id": func(w *world, g *securityGroup) []string {
		return w.referencedBy(g, false)
	},
	"egress.ip-permission.group-id": func(w *world, g *securityGroup) []string {
		return w.referencedBy(g, true)
	},
}

func (w *world) referencedBy(g *securityGroup, egress bool) []string {
	var ids []string
	for _, r := range w.rulesOf(g.ID, egress) {
		if r.SourceGroup != "" {
			ids = append(ids, r.SourceGroup)
		}
	}
	return ids
}

type describeSecurityGroupsInput struct {
	GroupIDs   []string `wire:"GroupId"`
	GroupNames []string `wire:"GroupName"`
	query
}

type describeSecurityGroupsOutput struct {
	Groups    items[securityGroupXML] `xml:"securityGroupInfo"`
	NextToken string                  `xml:"nextToken,omitempty"`
}

func (w *world) describeSecurityGroups(in describeSecurityGroupsInput) (describeSecurityGroupsOutput, error) {
	if len(in.GroupNames) > 0 {
		// Names alone mean groups of the default VPC, and there is none.
		return describeSecurityGroupsOutput{}, refuse("InvalidGroup.NotFound", "The security group '%s' does not exist in default VPC", in.GroupNames[0])
	}
	list, next, err := describe(w, w.SecurityGroups, in.GroupIDs, in.query, securityGroupFilters, "InvalidGroup.NotFound")
	return describeSecurityGroupsOutput{itemsOf(list, w.securityGroupXML), next}, err
}

type securityGroupXML struct {
	ID          string               `xml:"groupId"`
	ARN         string               `xml:"securityGroupArn"`
	Name        string               `xml:"groupName"`
	Description string               `xml:"groupDescription"`
	OwnerID     string               `xml:"ownerId"`
	VPCID       string               `xml:"vpcId"`
	Ingress     items[permissionXML] `xml:"ipPermissions"`
	Egress      items[permissionXML] `xml:"ipPermissionsEgress"`
	Tags        items[tag]           `xml:"tagSet"`
}

func (w *world) securityGroupXML(g *securityGroup) securityGroupXML {
	return securityGroupXML{
		ID:          g.ID,
		ARN:         w.arn("ec2", "security-group/"+g.ID),
		Name:        g.Name,
		Description: g.Description,
		OwnerID:     w.account(),
		VPCID:       g.VPCID,
		Ingress:     w.permissions(w.rulesOf(g.ID, false)),
		Egress:      w.permissions(w.rulesOf(g.ID, true)),
		Tags:        w.tagSet(g.ID),
	}
}

// permissionXML is how DescribeSecurityGroups shows rules: all peers of one protocol and port range
// together.
type permissionXML struct {
	Protocol    string               `xml:"ipProtocol"`
	From        *int                 `xml:"fromPort"`
	To          *int                 `xml:"toPort"`
	Groups      items[groupPairXML]  `xml:"groups"`
	IPv4        items[ipv4RangeXML]  `xml:"ipRanges"`
	IPv6        items[ipv6RangeXML]  `xml:"ipv6Ranges"`
	PrefixLists items[prefixListXML] `xml:"prefixListIds"`
}

type groupPairXML struct {
	UserID      string `xml:"userId"`
	GroupID     string `xml:"groupId"`
	Description string `xml:"description,omitempty"`
}

type ipv4RangeXML struct {
	CIDR        string `xml:"cidrIp"`
	Description string `xml:"description,omitempty"`
}

type ipv6RangeXML struct {
	CIDR        string `xml:"cidrIpv6"`
	Description string `xml:"description,omitempty"`
}

type prefixListXML struct {
	ID          string `xml:"prefixListId"`
	Description string `xml:"description,omitempty"`
}

func (w *world) permissions(rules []*securityGroupRule) items[permissionXML] {
	type key struct {
		protocol string
		from, to int
	}
	grouped := map[key]*permissionXML{}
	for _, r := range rules {
		k := key{r.Protocol, r.From, r.To}
		p, begun := grouped[k]
		if !begun {
			p = &permissionXML{Protocol: r.Protocol}
			if r.Protocol != allProtocols {
				p.From, p.To = &r.From, &r.To
			}
			grouped[k] = p
		}
		w.addPeer(p, r)
	}
	out := items[permissionXML]{}
	for _, k := range slices.SortedFunc(maps.Keys(grouped), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.protocol, b.protocol), cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	}) {
		out.Items = append(out.Items, *grouped[k])
	}
	return out
}

func (w *world) addPeer(p *permissionXML, r *securityGroupRule) {
	switch {
	case r.SourceGroup != "":
		p.Groups.Items = append(p.Groups.Items, groupPairXML{w.account(), r.SourceGroup, r.Description})
	case r.IPv4 != "":
		p.IPv4.Items = append(p.IPv4.Items, ipv4RangeXML{r.IPv4, r.Description})
	case r.IPv6 != "":
		p.IPv6.Items = append(p.IPv6.Items, ipv6RangeXML{r.IPv6, r.Description})
	default:
		p.PrefixLists.Items = append(p.PrefixLists.Items, prefixListXML{r.PrefixList, r.Description})
	}
}
