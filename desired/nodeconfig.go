package desired

import (
	"cmp"
	"slices"
	"strings"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// etcdPorts are the client and peer ports that kops gives to each etcd cluster.
var etcdPorts = map[string]struct{ client, peer int }{
	"main":   {4001, 2380},
	"events": {4002, 2381},
	"cilium": {4003, 2382},
	"leases": {4004, 2383},
}

// nodeConfig is the document that the machines of a group boot from.
func (m manifest) nodeConfig(g kopsspec.InstanceGroup) topology.NodeConfig {
	config := topology.NodeConfig{
		APIVersion:        topology.NodeConfigVersion,
		Cluster:           m.Name(),
		Group:             g.Name(),
		Role:              topologyRoles[g.Role()],
		KubernetesVersion: strings.TrimPrefix(m.Spec.KubernetesVersion, "v"),
		StateStore:        m.Spec.ConfigBase,
		WarmPool:          m.nodeWarmPool(g),
		SpecHash:          m.specHash(g),
	}
	if g.Role() == kopsspec.ControlPlane {
		for _, e := range m.Spec.EtcdClusters {
			config.EtcdClusters = append(config.EtcdClusters, m.nodeEtcd(e, g))
		}
	}
	return config
}

// nodeEtcd is an etcd cluster as the machine of a group takes part in it.
func (m manifest) nodeEtcd(e kopsspec.EtcdCluster, g kopsspec.InstanceGroup) topology.NodeEtcd {
	ports := etcdPorts[e.Name]
	etcd := topology.NodeEtcd{
		Name:        e.Name,
		ClientPort:  ports.client,
		PeerPort:    ports.peer,
		Version:     e.Version,
		BackupStore: e.Backups.Store,
	}
	for _, member := range e.Members {
		if member.InstanceGroup == g.Name() {
			etcd.Member = member.Name
		}
		etcd.Members = append(etcd.Members, topology.NodeEtcdMember{
			Name: member.Name,
			Host: topology.EtcdHost(m.Name(), e.Name, member.Name),
		})
	}
	slices.SortFunc(etcd.Members, func(a, b topology.NodeEtcdMember) int { return cmp.Compare(a.Name, b.Name) })
	return etcd
}
