package desired

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/quorate/quorate/desired/kopsspec"
)

var apiRules = []rule{
	{"the API is reached one way", apiRule},
	{"the API's load balancer is of a known class and scheme", loadBalancerRule},
	{"a Classic load balancer does what it can", classicRule},
	{"access logs have a bucket", accessLogRule},
	{"a load balancer has subnets", loadBalancerSubnetsRule},
	{"fixed addresses fit the load balancer", fixedAddressRule},
	{"security groups are given by id", securityGroupIDRule},
	{"access lists hold ranges", accessRule},
	{"node ports are ports", nodePortRule},
}

func apiRule(m manifest, r *report) {
	if m.Spec.API.DNS != nil && m.Spec.API.LoadBalancer != nil {
		r.errorf(m.Source, "spec.api", "the API has both dns and loadBalancer; keep one of them")
	}
}

func loadBalancerRule(m manifest, r *report) {
	const path = "spec.api.loadBalancer"
	oneOf(r, m.Source, "spec.topology.bastion.loadBalancer.type", m.Spec.Topology.Bastion.LoadBalancer.Type, "Public", "Internal")
	lb := m.apiLoadBalancer()
	if lb == nil {
		return
	}
	if lb.Class == "" {
		r.errorf(m.Source, path+".class", "older versions of kops took a missing class for Classic; write api.loadBalancer.class: Network, or Classic to keep the load balancer that one of them made")
	} else {
		oneOf(r, m.Source, path+".class", lb.Class, classNetwork, classClassic)
	}
	oneOf(r, m.Source, path+".type", lb.Type, "Public", "Internal")
	if lb.SSLPolicy != "" && lb.SSLCertificate == "" {
		r.errorf(m.Source, path+".sslPolicy", "sslPolicy needs sslCertificate; add it or remove the policy")
	}
	if lb.UseForInternalAPI && lb.Type == "Internal" {
		r.errorf(m.Source, path+".useForInternalApi", "an Internal load balancer already has the internal name; remove useForInternalApi")
	}
	oneOf(r, m.Source, "spec.cloudConfig.nlbSecurityGroupMode", m.Spec.CloudConfig.NLBSecurityGroupMode, "Managed")
}

func classicRule(m manifest, r *report) {
	const path = "spec.api.loadBalancer"
	if !m.classicAPI() {
		return
	}
	lb := m.apiLoadBalancer()
	r.warnf(m.Source, path+".class", "kops has given up Classic load balancers; write class: Network to have the one that is there replaced, without a moment when the API does not answer")
	if lb.SSLPolicy != "" {
		r.errorf(m.Source, path+".sslPolicy", "a Classic load balancer has AWS's default policy; remove sslPolicy, or write class: Network")
	}
	if idle := lb.IdleTimeoutSeconds; idle < 0 || idle > 3600 {
		r.errorf(m.Source, path+".idleTimeoutSeconds", "%d is no idle time; write one from 1 to 3600 seconds", idle)
	}
	for i, s := range lb.Subnets {
		if s.AllocationID != "" || s.PrivateIPv4Address != "" {
			r.errorf(m.Source, fmt.Sprintf("%s.subnets[%d]", path, i), "a Classic load balancer has no fixed addresses; remove allocationId and privateIPv4Address, or write class: Network")
		}
	}
	if !m.publishesDNS() {
		r.errorf(m.Source, path+".class", "without DNS, workers join through the load balancer's other ports, which a Classic one has not; write class: Network")
	}
}

func accessLogRule(m manifest, r *report) {
	const path = "spec.api.loadBalancer.accessLog"
	lb := m.apiLoadBalancer()
	if lb == nil || lb.AccessLog == nil {
		return
	}
	if lb.AccessLog.Bucket == "" {
		r.errorf(m.Source, path+".bucket", "access logs need a bucket; name one, or remove accessLog")
	}
	switch interval := lb.AccessLog.Interval; {
	case m.classicAPI() && interval != 0 && interval != 5 && interval != 60:
		r.errorf(m.Source, path+".interval", "a Classic load balancer writes its log every 5 or every 60 minutes; write one of the two")
	case !m.classicAPI() && interval != 0:
		r.errorf(m.Source, path+".interval", "a network load balancer has no interval to choose; remove it")
	}
}

func loadBalancerSubnetsRule(m manifest, r *report) {
	if lb := m.apiLoadBalancer(); lb != nil && len(lb.Subnets) == 0 && len(m.loadBalancerSubnets(lb.Type)) == 0 {
		r.errorf(m.Source, "spec.api.loadBalancer", "%s", noSubnets(lb.Type))
	}
	if typ := m.Spec.Topology.Bastion.LoadBalancer.Type; m.has(kopsspec.Bastion) && len(m.loadBalancerSubnets(typ)) == 0 {
		r.errorf(m.Source, "spec.topology.bastion.loadBalancer", "%s", noSubnets(typ))
	}
}

func noSubnets(typ string) string {
	if typ == "Internal" {
		return "an Internal load balancer needs a Private subnet; add one in each zone, or make it Public"
	}
	return "a Public load balancer needs a Public or Utility subnet; add one in each zone, or make it Internal"
}

func fixedAddressRule(m manifest, r *report) {
	lb := m.apiLoadBalancer()
	if lb == nil {
		return
	}
	zones := map[string]string{}
	for i, given := range lb.Subnets {
		path := fmt.Sprintf("spec.api.loadBalancer.subnets[%d]", i)
		s, ok := m.subnet(given.Name)
		if !ok {
			r.errorf(m.Source, path+".name", "there is no subnet %q; name one of spec.subnets", given.Name)
			continue
		}
		if other, taken := zones[s.Zone]; taken {
			r.errorf(m.Source, path+".name", "subnets %s and %s are both in zone %s; a load balancer takes one of each zone", other, s.Name, s.Zone)
		}
		zones[s.Zone] = s.Name
		checkFixedAddress(r, m, path, lb.Type, given, s)
	}
}

func checkFixedAddress(r *report, m manifest, path, typ string, given kopsspec.LoadBalancerSubnet, s subnet) {
	if given.AllocationID != "" && typ == "Internal" {
		r.errorf(m.Source, path+".allocationId", "an Internal load balancer has no elastic IP; remove allocationId")
	}
	if given.PrivateIPv4Address == "" {
		return
	}
	addr, err := netip.ParseAddr(given.PrivateIPv4Address)
	switch path += ".privateIPv4Address"; {
	case typ != "Internal":
		r.errorf(m.Source, path, "only an Internal load balancer has a fixed private address; remove it")
	case err != nil || !s.cidr.Contains(addr):
		r.errorf(m.Source, path, "%q is not an address of subnet %s (%s)", given.PrivateIPv4Address, s.Name, s.cidr)
	}
}

func securityGroupIDRule(m manifest, r *report) {
	if lb := m.apiLoadBalancer(); lb != nil {
		checkGroupIDs(r, m.Source, "spec.api.loadBalancer.additionalSecurityGroups", lb.AdditionalSecurityGroups)
		checkGroupOverride(r, m.Source, "spec.api.loadBalancer.securityGroupOverride", lb.SecurityGroupOverride)
	}
	bastion := m.Spec.Topology.Bastion.LoadBalancer.AdditionalSecurityGroups
	checkGroupIDs(r, m.Source, "spec.topology.bastion.loadBalancer.additionalSecurityGroups", bastion)
	for _, g := range m.groups {
		checkGroupIDs(r, g.Source, "spec.additionalSecurityGroups", g.Spec.AdditionalSecurityGroups)
		checkGroupOverride(r, g.Source, "spec.securityGroupOverride", g.Spec.SecurityGroupOverride)
	}
}

func checkGroupOverride(r *report, s kopsspec.Source, path, id string) {
	if id != "" {
		requirePrefix(r, s, path, id, "sg-")
	}
}

func checkGroupIDs(r *report, s kopsspec.Source, path string, ids []string) {
	for i, id := range ids {
		at := fmt.Sprintf("%s[%d]", path, i)
		requirePrefix(r, s, at, id, "sg-")
		if slices.Contains(ids[:i], id) {
			r.errorf(s, at, "%s is listed twice; keep one", id)
		}
	}
}

func accessRule(m manifest, r *report) {
	for path, list := range map[string][]string{
		"spec.sshAccess":           m.Spec.SSHAccess,
		"spec.kubernetesApiAccess": m.Spec.KubernetesAPIAccess,
		"spec.nodePortAccess":      m.Spec.NodePortAccess,
	} {
		for i, source := range list {
			at := fmt.Sprintf("%s[%d]", path, i)
			if !strings.HasPrefix(source, "pl-") {
				parseRange(r, m.Source, at, source)
			}
			if slices.Contains(list[:i], source) {
				r.errorf(m.Source, at, "%s is listed twice; keep one", source)
			}
		}
	}
}

func nodePortRule(m manifest, r *report) {
	if text := m.Spec.KubeAPIServer.ServiceNodePortRange; text != "" {
		if _, _, ok := parsePortRange(text); !ok {
			r.errorf(m.Source, "spec.kubeAPIServer.serviceNodePortRange", "%q is not a range of ports; write one such as 30000-32767", text)
		}
	}
}
