package desired

import (
	"fmt"
	"slices"
	"strings"

	"github.com/quorate/quorate/desired/kopsspec"
)

var groupRules = []rule{
	{"there are masters and other machines", rolesRule},
	{"groups have names of their own", groupNameRule},
	{"the role of a group is known", roleRule},
	{"a control-plane group is one machine in one subnet", controlPlaneRule},
	{"the size of a group is possible", groupSizeRule},
	{"the subnets of a group exist", groupSubnetsRule},
	{"the subnets of a group are of one sort", groupSortRule},
	{"API servers of their own need DNS", apiServerRule},
	{"masters are not surged", rollingUpdateRule},
	{"the pace of rolling is a number or a share", paceRule},
}

func rolesRule(m manifest, r *report) {
	if !m.has(kopsspec.ControlPlane) {
		r.errorf(m.Source, "metadata.name", "the cluster has no control plane; add an InstanceGroup with role ControlPlane")
	}
	if len(m.ofRole(kopsspec.ControlPlane)) == len(m.groups) {
		r.errorf(m.Source, "metadata.name", "the cluster has no workers; add an InstanceGroup with role Node")
	}
}

func groupNameRule(m manifest, r *report) {
	first := map[string]kopsspec.Position{}
	for _, g := range m.groups {
		at, twice := first[g.Name()]
		switch {
		case !dnsLabel.MatchString(g.Name()):
			r.errorf(g.Source, "metadata.name", "%q cannot be part of a DNS name; use lower-case letters, digits and dashes", g.Name())
		case twice:
			r.errorf(g.Source, "metadata.name", "group %s is already described at %s:%d; rename one of them", g.Name(), at.File, at.Line)
		default:
			first[g.Name()] = g.Source.At("metadata.name")
		}
	}
}

func roleRule(m manifest, r *report) {
	for _, g := range m.groups {
		if g.Role() == "" {
			r.errorf(g.Source, "spec.role", "group %s has the role %q, which is not known; use ControlPlane, Node, Bastion or APIServer", g.Name(), g.Spec.Role)
		}
	}
}

// controlPlaneRule: a member's volume exists once and in one zone, so that its machine does too.
func controlPlaneRule(m manifest, r *report) {
	for _, g := range m.ofRole(kopsspec.ControlPlane) {
		if *g.Spec.MinSize != 1 || *g.Spec.MaxSize != 1 {
			r.errorf(g.Source, "spec.maxSize", "control-plane group %s has size %d to %d and must be exactly one machine, because an etcd volume attaches to one; write minSize: 1 and maxSize: 1, and add groups for more masters",
				g.Name(), *g.Spec.MinSize, *g.Spec.MaxSize)
		}
		if n := len(g.Spec.Subnets); n != 1 {
			r.errorf(g.Source, "spec.subnets", "control-plane group %s has %d subnets and must have exactly one, because an etcd volume cannot leave its zone; list one", g.Name(), n)
		}
	}
}

func groupSizeRule(m manifest, r *report) {
	for _, g := range m.groups {
		switch low, high := *g.Spec.MinSize, *g.Spec.MaxSize; {
		case g.Role() == kopsspec.ControlPlane:
		case low < 0:
			r.errorf(g.Source, "spec.minSize", "group %s has minSize %d; use 0 or more", g.Name(), low)
		case low > high:
			r.errorf(g.Source, "spec.maxSize", "group %s has minSize %d above maxSize %d; raise maxSize", g.Name(), low, high)
		}
	}
}

func groupSubnetsRule(m manifest, r *report) {
	for _, g := range m.groups {
		if len(g.Spec.Subnets) == 0 && g.Role() != kopsspec.ControlPlane {
			r.errorf(g.Source, "spec.subnets", "group %s has no subnets; list those it may use", g.Name())
		}
		for i, name := range g.Spec.Subnets {
			path := fmt.Sprintf("spec.subnets[%d]", i)
			if _, ok := m.subnet(name); !ok {
				r.errorf(g.Source, path, "there is no subnet %q in cluster %s; name one of %s", name, m.Name(), strings.Join(m.subnetNames(), ", "))
			} else if slices.Contains(g.Spec.Subnets[:i], name) {
				r.errorf(g.Source, path, "subnet %s is listed twice; keep one", name)
			}
		}
	}
}

func (m manifest) subnetNames() []string {
	var names []string
	for _, s := range m.subnets {
		names = append(names, s.Name)
	}
	return names
}

// groupSortRule: one launch template decides about public addresses for all subnets of a group.
func groupSortRule(m manifest, r *report) {
	for _, g := range m.groups {
		subnets := m.groupSubnets(g)
		for _, s := range subnets {
			if s.Type != subnets[0].Type {
				r.errorf(g.Source, "spec.subnets", "group %s mixes the %s subnet %s with the %s subnet %s; make a group for each type", g.Name(), subnets[0].Type, subnets[0].Name, s.Type, s.Name)
				break
			}
		}
	}
}

func apiServerRule(m manifest, r *report) {
	for _, g := range m.ofRole(kopsspec.APIServer) {
		if !m.publishesDNS() {
			r.errorf(g.Source, "spec.role", "APIServer groups find etcd by its DNS names, and topology.dns.type is None; use ControlPlane groups or another type")
		}
	}
}

func rollingUpdateRule(m manifest, r *report) {
	for _, g := range m.groups {
		u := g.Spec.RollingUpdate
		if g.Role() == kopsspec.ControlPlane && u.MaxSurge != nil && !isZero(u.MaxSurge) {
			r.errorf(g.Source, "spec.rollingUpdate.maxSurge", "a second master of group %s would find no volume; use 0", g.Name())
		}
		if u.MaxSurge != nil && isZero(u.MaxSurge) && u.MaxUnavailable != nil && isZero(u.MaxUnavailable) {
			r.errorf(g.Source, "spec.rollingUpdate", "with neither surge nor unavailability nothing can be replaced; raise one of the two")
		}
	}
}

func isZero(count any) bool {
	text := fmt.Sprint(count)
	return text == "0" || text == "0%"
}
