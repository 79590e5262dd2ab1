package desired

import (
	"slices"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// firewall is a security group that rules are written for.
type firewall struct {
	ref topology.Ref
	// label is how kops calls the group inside the Name tags of rules.
	label string
}

// ownFirewall is a group made for the cluster.
func (m manifest) ownFirewall(prefix string) firewall {
	return firewall{ref: m.ref(topology.KindSecurityGroup, prefix), label: m.qualified(prefix)}
}

// roleFirewalls are the groups that machines of a role are in: the role's own, unless every instance
// group brings its own, and those that are brought. Each gets the rules of the role.
func (m manifest) roleFirewalls(prefix string, role kopsspec.Role, groups []kopsspec.InstanceGroup) []firewall {
	var own bool
	var found []firewall
	for _, g := range groups {
		id := g.Spec.SecurityGroupOverride
		given := firewall{topology.Ref{Kind: topology.KindSecurityGroup, Name: id}, id + "-" + string(role)}
		switch {
		case id == "":
			own = true
		case !slices.Contains(found, given):
			found = append(found, given)
		}
	}
	if own || len(groups) == 0 {
		found = append(found, m.ownFirewall(prefix))
	}
	return found
}

// controlPlaneFirewalls are those of the masters. API servers without etcd share them.
func (m manifest) controlPlaneFirewalls() []firewall {
	groups := slices.Concat(m.ofRole(kopsspec.ControlPlane), m.ofRole(kopsspec.APIServer))
	return m.roleFirewalls("masters", kopsspec.ControlPlane, groups)
}

func (m manifest) workerFirewalls() []firewall {
	return m.roleFirewalls("nodes", kopsspec.Node, m.ofRole(kopsspec.Node))
}

// bastionFirewalls is empty when there are no bastions.
func (m manifest) bastionFirewalls() []firewall {
	groups := m.ofRole(kopsspec.Bastion)
	if len(groups) == 0 {
		return nil
	}
	return m.roleFirewalls("bastion", kopsspec.Bastion, groups)
}

func (m manifest) bastionLBFirewalls() []firewall {
	if !m.has(kopsspec.Bastion) {
		return nil
	}
	return []firewall{m.ownFirewall("bastion-elb")}
}

// apiLBFirewalls is empty when there is no load balancer in front of the API servers.
func (m manifest) apiLBFirewalls() []firewall {
	lb := m.apiLoadBalancer()
	if lb == nil {
		return nil
	}
	f := m.ownFirewall("api-elb")
	if lb.SecurityGroupOverride != "" {
		f.ref.Name = lb.SecurityGroupOverride
	}
	return []firewall{f}
}

func (m manifest) allFirewalls() []firewall {
	return slices.Concat(m.controlPlaneFirewalls(), m.workerFirewalls(), m.apiLBFirewalls(), m.bastionFirewalls(), m.bastionLBFirewalls())
}

// securityGroupDescriptions are kops's. AWS never lets a description change.
var securityGroupDescriptions = map[string]string{
	"masters":     "Security group for masters",
	"nodes":       "Security group for nodes",
	"api-elb":     "Security group for api ELB",
	"bastion":     "Security group for bastion",
	"bastion-elb": "Security group for bastion ELB",
}

func (m manifest) securityGroups() []topology.SecurityGroup {
	descriptions := map[string]string{}
	for prefix, text := range securityGroupDescriptions {
		descriptions[m.qualified(prefix)] = text
	}
	var groups []topology.SecurityGroup
	seen := map[topology.Ref]bool{}
	for _, f := range m.allFirewalls() {
		if seen[f.ref] {
			continue // one group may be brought for two roles
		}
		seen[f.ref] = true
		g := topology.SecurityGroup{Name: f.ref.Name, VPC: m.vpcRef(), Ownership: topology.Shared}
		if text, own := descriptions[f.ref.Name]; own {
			g.Description, g.Tags, g.Ownership = text, m.tags(f.ref.Name), topology.Owned
		}
		groups = append(groups, g)
	}
	return groups
}
