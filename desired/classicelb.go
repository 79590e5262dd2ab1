package desired

import (
	"cmp"

	"github.com/quorate/quorate/topology"
)

// The classes of a load balancer, in the words of kops.
const (
	classNetwork = "Network"
	classClassic = "Classic"
)

// What kops gave its Classic load balancers, in seconds: connections may be idle for
// defaultClassicIdle unless the manifest says otherwise, and drain for classicDraining.
const (
	defaultClassicIdle = 300
	classicDraining    = 300
)

// defaultEmitInterval is AWS's for access logs, in minutes.
const defaultEmitInterval = 60

// classicELBs is the one that an older version of kops put in front of the API servers, if the
// manifest keeps it.
func (m manifest) classicELBs() []topology.ClassicELB {
	if !m.classicAPI() {
		return nil
	}
	spec := m.apiLoadBalancer()
	lb := topology.ClassicELB{
		Name:           m.qualified("api"),
		AWSName:        m.loadBalancerName("api"),
		Internal:       spec.Type == "Internal",
		Subnets:        m.subnetRefs(m.loadBalancerSubnets(spec.Type)),
		SecurityGroups: securityGroupRefs(m.apiLBFirewalls(), spec.AdditionalSecurityGroups),
		Listeners:      []topology.ClassicListener{classicListener(spec.SSLCertificate)},
		// kops's "fast recovery": a machine is back after 20 s.
		HealthCheck:     topology.ClassicCheck{Target: "SSL:443", Interval: 10, Timeout: 5, HealthyThreshold: 2, UnhealthyThreshold: 2},
		CrossZone:       *spec.CrossZone,
		IdleTimeout:     cmp.Or(spec.IdleTimeoutSeconds, defaultClassicIdle),
		DrainingTimeout: classicDraining,
		Tags:            m.tags(m.qualified("api")),
		Ownership:       topology.Owned,
	}
	if lb.AccessLog = accessLog(spec.AccessLog); lb.AccessLog.Bucket != "" {
		lb.AccessLog.Interval = cmp.Or(lb.AccessLog.Interval, defaultEmitInterval)
	}
	if len(spec.Subnets) > 0 {
		lb.Subnets = nil
		for _, mapping := range m.givenMappings(spec.Subnets) {
			lb.Subnets = append(lb.Subnets, mapping.Subnet)
		}
	}
	return []topology.ClassicELB{lb}
}

// classicListener passes connections on, or ends TLS with the certificate and begins it anew.
func classicListener(certificate string) topology.ClassicListener {
	protocol := "TCP"
	if certificate != "" {
		protocol = "SSL"
	}
	return topology.ClassicListener{Port: portAPI, Protocol: protocol, InstancePort: portAPI, InstanceProtocol: protocol, Certificate: certificate}
}
