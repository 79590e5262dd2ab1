package awssim

import (
	"cmp"
	"maps"
	"slices"
)

// securityGroupRule allows one protocol and port range to or from one peer.
type securityGroupRule struct {
	ID       string
	GroupID  string
	Egress   bool
	Protocol string // tcp, udp, icmp, icmpv6, a number, or -1
	From, To int    // ports, or ICMP type and code; -1 for all

	// Exactly one peer is set.
	IPv4, IPv6, PrefixList, SourceGroup string

	Description string
}

// allProtocols is the protocol of rules that allow everything.
const allProtocols = "-1"

// maxRules is AWS's default quota of rules for each group and direction.
const maxRules = 60

// same says whether two rules allow the same traffic, which AWS does not let exist twice.
func (r *securityGroupRule) same(o *securityGroupRule) bool {
	a, b := *r, *o
	a.ID, b.ID, a.Description, b.Description = "", "", "", ""
	return a == b
}

type authorizeInput struct {
	GroupID     string       `wire:"GroupId"`
	Permissions []permission `wire:"IpPermissions"`
	tagging

	// The short form of a single rule.
	IPProtocol string `wire:"IpProtocol"`
	FromPort   *int
	ToPort     *int
	CidrIP     string `wire:"CidrIp"`
}

// permissions are those of the list and the one in short form.
func (in authorizeInput) permissions() []permission {
	if in.CidrIP == "" {
		return in.Permissions
	}
	short := permission{IPProtocol: in.IPProtocol, FromPort: in.FromPort, ToPort: in.ToPort}
	short.IPRanges = append(short.IPRanges, struct {
		CIDR        string `wire:"CidrIp"`
		Description string
	}{CIDR: in.CidrIP})
	return append(in.Permissions, short)
}

type authorizeOutput struct {
	Return bool                        `xml:"return"`
	Rules  items[securityGroupRuleXML] `xml:"securityGroupRuleSet"`
}

func (w *world) authorizeIngress(in authorizeInput) (authorizeOutput, error) {
	return w.authorize(in, false)
}

func (w *world) authorizeEgress(in authorizeInput) (authorizeOutput, error) {
	return w.authorize(in, true)
}

// authorize adds all rules of a request or none.
func (w *world) authorize(in authorizeInput, egress bool) (authorizeOutput, error) {
	tags, err := in.tagsFor("security-group-rule")
	if err != nil {
		return authorizeOutput{}, err
	}
	asked, err := w.askedRules(in.GroupID, egress, in.permissions())
	if err != nil {
		return authorizeOutput{}, err
	}
	existing := w.rulesOf(in.GroupID, egress)
	for i, r := range asked {
		if slices.ContainsFunc(existing, r.same) {
			return authorizeOutput{}, r.duplicate()
		}
		existing = append(existing, &asked[i])
	}
	if len(existing) > maxRules {
		return authorizeOutput{}, refuse("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.")
	}
	out := authorizeOutput{Return: true}
	for _, r := range asked {
		added := w.addRule(r)
		w.tag(added.ID, tags)
		out.Rules.Items = append(out.Rules.Items, w.securityGroupRuleXML(added))
	}
	return out, nil
}

func (w *world) askedRules(groupID string, egress bool, permissions []permission) ([]securityGroupRule, error) {
	if _, err := w.securityGroup(groupID); err != nil {
		return nil, err
	}
	if len(permissions) == 0 {
		return nil, missing("ipPermissions")
	}
	var list []securityGroupRule
	for _, p := range permissions {
		rules, err := w.rules(groupID, egress, p)
		if err != nil {
			return nil, err
		}
		list = append(list, rules...)
	}
	return list, nil
}

func (r *securityGroupRule) duplicate() error {
	return refuse("InvalidPermission.Duplicate", "the specified rule \"peer: %s, %s, from port: %d, to port: %d, ALLOW\" already exists",
		r.peer(), r.Protocol, r.From, r.To)
}

func (r *securityGroupRule) peer() string {
	return cmp.Or(r.IPv4, r.IPv6, r.PrefixList, r.SourceGroup)
}

func (w *world) addRule(r securityGroupRule) *securityGroupRule {
	r.ID = w.newID("sgr")
	w.SecurityGroupRules[r.ID] = &r
	return &r
}

func (w *world) removeRule(id string) {
	delete(w.SecurityGroupRules, id)
	delete(w.Tags, id)
}

// rulesOf lists the rules of a group in one direction, by id.
func (w *world) rulesOf(groupID string, egress bool) []*securityGroupRule {
	var list []*securityGroupRule
	for _, id := range slices.Sorted(maps.Keys(w.SecurityGroupRules)) {
		if r := w.SecurityGroupRules[id]; r.GroupID == groupID && r.Egress == egress {
			list = append(list, r)
		}
	}
	return list
}

type revokeInput struct {
	authorizeInput
	RuleIDs []string `wire:"SecurityGroupRuleId"`
}

type revokeOutput struct {
	Return bool                  `xml:"return"`
	Rules  items[revokedRuleXML] `xml:"revokedSecurityGroupRuleSet"`
}

func (w *world) revokeIngress(in revokeInput) (revokeOutput, error) { return w.revoke(in, false) }
func (w *world) revokeEgress(in revokeInput) (revokeOutput, error)  { return w.revoke(in, true) }

// revoke removes all rules of a request or none.
func (w *world) revoke(in revokeInput, egress bool) (revokeOutput, error) {
	var ids []string
	var err error
	if len(in.RuleIDs) > 0 {
		ids, err = w.revokedByID(in, egress)
	} else {
		ids, err = w.revokedByValue(in, egress)
	}
	if err != nil {
		return revokeOutput{}, err
	}
	out := revokeOutput{Return: true}
	for _, id := range ids {
		out.Rules.Items = append(out.Rules.Items, newRevokedRuleXML(w.SecurityGroupRules[id]))
		w.removeRule(id)
	}
	return out, nil
}

func (w *world) revokedByID(in revokeInput, egress bool) ([]string, error) {
	if _, err := w.securityGroup(in.GroupID); err != nil {
		return nil, err
	}
	for _, id := range in.RuleIDs {
		r, exists := w.SecurityGroupRules[id]
		if !exists || r.GroupID != in.GroupID || r.Egress != egress {
			return nil, ruleNotFound(id)
		}
	}
	return in.RuleIDs, nil
}

func ruleNotFound(id string) error {
	return refuse("InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '%s' does not exist", id)
}

func (w *world) revokedByValue(in revokeInput, egress bool) ([]string, error) {
	asked, err := w.askedRules(in.GroupID, egress, in.permissions())
	if err != nil {
		return nil, err
	}
	var ids []string
	existing := w.rulesOf(in.GroupID, egress)
	for _, r := range asked {
		i := slices.IndexFunc(existing, r.same)
		if i < 0 {
			return nil, refuse("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
		}
		ids = append(ids, existing[i].ID)
	}
	return ids, nil
}

type modifyRulesInput struct {
	GroupID string `wire:"GroupId"`
	Rules   []struct {
		ID   string `wire:"SecurityGroupRuleId"`
		Rule struct {
			IPProtocol        string `wire:"IpProtocol"`
			FromPort          *int
			ToPort            *int
			CidrIPv4          string `wire:"CidrIpv4"`
			CidrIPv6          string `wire:"CidrIpv6"`
			PrefixListID      string `wire:"PrefixListId"`
			ReferencedGroupID string `wire:"ReferencedGroupId"`
			Description       string
		} `wire:"SecurityGroupRule"`
	} `wire:"SecurityGroupRule"`
}

func (w *world) modifyRules(in modifyRulesInput) (done, error) {
	if _, err := w.securityGroup(in.GroupID); err != nil {
		return done{}, err
	}
	var changed []*securityGroupRule
	for _, update := range in.Rules {
		old, exists := w.SecurityGroupRules[update.ID]
		if !exists || old.GroupID != in.GroupID {
			return done{}, ruleNotFound(update.ID)
		}
		r, err := portRange(update.Rule.IPProtocol, update.Rule.FromPort, update.Rule.ToPort)
		if err != nil {
			return done{}, err
		}
		r.ID, r.GroupID, r.Egress, r.Description = old.ID, old.GroupID, old.Egress, update.Rule.Description
		r.IPv4, r.IPv6 = update.Rule.CidrIPv4, update.Rule.CidrIPv6
		r.PrefixList, r.SourceGroup = update.Rule.PrefixListID, update.Rule.ReferencedGroupID
		if err := w.checkPeer(&r); err != nil {
			return done{}, err
		}
		if slices.ContainsFunc(w.rulesOf(in.GroupID, r.Egress), func(o *securityGroupRule) bool { return o.ID != r.ID && o.same(&r) }) {
			return done{}, r.duplicate()
		}
		changed = append(changed, &r)
	}
	for _, r := range changed {
		w.SecurityGroupRules[r.ID] = r
	}
	return ok, nil
}

var securityGroupRuleFilters = filterTable[*securityGroupRule]{
	"group-id":               func(_ *world, r *securityGroupRule) []string { return one(r.GroupID) },
	"security-group-rule-id": func(_ *world, r *securityGroupRule) []string { return one(r.ID) },
}

type describeRulesInput struct {
	RuleIDs []string `wire:"SecurityGroupRuleId"`
	query
}

type describeRulesOutput struct {
	Rules     items[securityGroupRuleXML] `xml:"securityGroupRuleSet"`
	NextToken string                      `xml:"nextToken,omitempty"`
}

func (w *world) describeRules(in describeRulesInput) (describeRulesOutput, error) {
	list, next, err := describe(w, w.SecurityGroupRules, in.RuleIDs, in.query, securityGroupRuleFilters, "InvalidSecurityGroupRuleId.NotFound")
	return describeRulesOutput{itemsOf(list, w.securityGroupRuleXML), next}, err
}

type securityGroupRuleXML struct {
	ID          string              `xml:"securityGroupRuleId"`
	ARN         string              `xml:"securityGroupRuleArn"`
	GroupID     string              `xml:"groupId"`
	OwnerID     string              `xml:"groupOwnerId"`
	Egress      bool                `xml:"isEgress"`
	Protocol    string              `xml:"ipProtocol"`
	From        int                 `xml:"fromPort"`
	To          int                 `xml:"toPort"`
	IPv4        string              `xml:"cidrIpv4,omitempty"`
	IPv6        string              `xml:"cidrIpv6,omitempty"`
	PrefixList  string              `xml:"prefixListId,omitempty"`
	Referenced  *referencedGroupXML `xml:"referencedGroupInfo"`
	Description string              `xml:"description,omitempty"`
	Tags        items[tag]          `xml:"tagSet"`
}

type referencedGroupXML struct {
	GroupID string `xml:"groupId"`
	UserID  string `xml:"userId"`
	VPCID   string `xml:"vpcId,omitempty"`
}

func (w *world) securityGroupRuleXML(r *securityGroupRule) securityGroupRuleXML {
	x := securityGroupRuleXML{
		ID:          r.ID,
		ARN:         w.arn("ec2", "security-group-rule/"+r.ID),
		GroupID:     r.GroupID,
		OwnerID:     w.account(),
		Egress:      r.Egress,
		Protocol:    r.Protocol,
		From:        r.From,
		To:          r.To,
		IPv4:        r.IPv4,
		IPv6:        r.IPv6,
		PrefixList:  r.PrefixList,
		Description: r.Description,
		Tags:        w.tagSet(r.ID),
	}
	if r.SourceGroup != "" {
		x.Referenced = &referencedGroupXML{GroupID: r.SourceGroup, UserID: w.account()}
	}
	return x
}

type revokedRuleXML struct {
	ID          string `xml:"securityGroupRuleId"`
	GroupID     string `xml:"groupId"`
	Egress      bool   `xml:"isEgress"`
	Protocol    string `xml:"ipProtocol"`
	From        int    `xml:"fromPort"`
	To          int    `xml:"toPort"`
	IPv4        string `xml:"cidrIpv4,omitempty"`
	IPv6        string `xml:"cidrIpv6,omitempty"`
	PrefixList  string `xml:"prefixListId,omitempty"`
	SourceGroup string `xml:"referencedGroupId,omitempty"`
	Description string `xml:"description,omitempty"`
}

func newRevokedRuleXML(r *securityGroupRule) revokedRuleXML {
	return revokedRuleXML(*r)
}
