package desired

import (
	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// service is a port of a load balancer with the target group behind it.
type service struct {
	port       int
	protocol   string // of the listener and of the target group
	target     string // prefix of the target group's name
	targetPort int
	healthPath string // HTTPS; empty for a plain TCP check
	roles      []kopsspec.Role
}

// apiServices are the services of the load balancer in front of the API servers.
func (m manifest) apiServices() []service {
	lb := m.apiLoadBalancer()
	if lb == nil || m.classicAPI() {
		return nil
	}
	both := []kopsspec.Role{kopsspec.ControlPlane, kopsspec.APIServer}
	masters := []kopsspec.Role{kopsspec.ControlPlane}
	plain := service{port: portAPI, protocol: "TCP", target: "tcp", targetPort: portAPI, roles: both}
	services := []service{plain}
	if lb.SSLCertificate != "" {
		plain.port = portAPIDirect
		services = []service{{port: portAPI, protocol: "TLS", target: "tls", targetPort: portAPI, roles: both}, plain}
	}
	if m.publishesDNS() {
		return services
	}
	services = append(services, service{port: portKopsController, protocol: "TCP", target: "kops-controller", targetPort: portKopsController, healthPath: "/healthz", roles: masters})
	if m.Spec.Networking.Cilium.EtcdManaged {
		services = append(services, service{port: portCiliumEtcd, protocol: "TCP", target: "etcd-cilium", targetPort: portCiliumEtcd, roles: masters})
	}
	return services
}

// bastionServices are the services of the load balancer in front of the bastions.
func (m manifest) bastionServices() []service {
	if !m.has(kopsspec.Bastion) {
		return nil
	}
	return []service{{port: portSSH, protocol: "TCP", target: "bastion", targetPort: portSSH, roles: []kopsspec.Role{kopsspec.Bastion}}}
}

func (m manifest) services() []service { return append(m.apiServices(), m.bastionServices()...) }

func (m manifest) targetGroupRef(s service) topology.Ref {
	return topology.Ref{Kind: topology.KindTargetGroup, Name: m.loadBalancerName(s.target)}
}

func (m manifest) targetGroups() []topology.TargetGroup {
	var groups []topology.TargetGroup
	for _, s := range m.services() {
		name := m.targetGroupRef(s).Name
		g := topology.TargetGroup{
			Name:                  name,
			VPC:                   m.vpcRef(),
			Port:                  s.targetPort,
			Protocol:              s.protocol,
			HealthProtocol:        "TCP",
			HealthInterval:        10,
			HealthyThreshold:      2,
			UnhealthyThreshold:    2,
			DeregistrationDelay:   30,
			ConnectionTermination: true,
			Tags:                  m.tags(name),
			Ownership:             topology.Owned,
		}
		if s.healthPath != "" {
			g.HealthProtocol, g.HealthPath = "HTTPS", s.healthPath
		}
		groups = append(groups, g)
	}
	return groups
}
