package topology

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// NodeConfig is the one document a machine boots from. It is the contract between
// the planner, which writes it into the launch template's user data, and the node
// agent, which reads it on the machine.
type NodeConfig struct {
	// APIVersion is [NodeConfigVersion].
	APIVersion        string `json:"apiVersion"`
	Cluster           string `json:"cluster"`
	Group             string `json:"group"`
	Role              Role   `json:"role"`
	KubernetesVersion string `json:"kubernetesVersion"`
	// EtcdClusters are all etcd clusters of the Kubernetes cluster on control-plane
	// machines, and empty on others.
	EtcdClusters []NodeEtcd `json:"etcdClusters,omitempty"`
	// StateStore is the URL of the place where the cluster keeps its keys and
	// backups (kops: configBase).
	StateStore string `json:"stateStore,omitempty"`
	// WarmPool is zero on machines of groups without a warm pool.
	WarmPool NodeWarmPool `json:"warmPool,omitzero"`
	// SpecHash stands for everything else of the manifest that shapes the machine
	// (kubelet flags, labels, taints, …): a change there makes another template.
	SpecHash string `json:"specHash,omitempty"`
}

// NodeWarmPool is what a machine needs to know that may be started for its group's warm
// pool. Whether it was, the instance metadata say (autoscaling/target-lifecycle-state):
// then it fetches its images and does not join the cluster yet.
type NodeWarmPool struct {
	Enabled bool `json:"enabled"`
	// Hook is the lifecycle hook at which every machine of the group waits, in the pool or
	// not, until it says that it is ready; empty if there is none.
	Hook string `json:"hook,omitempty"`
	// Images are fetched in the pool, besides those that the cluster needs.
	Images []string `json:"images,omitempty"`
}

// NodeConfigVersion names the format of [NodeConfig].
const NodeConfigVersion = "quorate.dev/node/v1"

// NodeEtcd is one etcd cluster as seen from one machine.
type NodeEtcd struct {
	// Name is "main", "events", …
	Name string `json:"name"`
	// Member is the name of this machine's member.
	Member string `json:"member"`
	// Members are all members, sorted by name.
	Members []NodeEtcdMember `json:"members"`
	// ClientPort and PeerPort follow kops: 4001 and 2380 for main, 4002 and 2381
	// for events.
	ClientPort int `json:"clientPort"`
	PeerPort   int `json:"peerPort"`
	// Version is etcd's, without the v.
	Version string `json:"version,omitempty"`
	// BackupStore is a URL.
	BackupStore string `json:"backupStore,omitempty"`
}

// NodeEtcdMember is one member of an etcd cluster.
type NodeEtcdMember struct {
	Name string `json:"name"`
	// Host is the DNS name of the member, which stays when its machine is replaced.
	Host string `json:"host"`
}

// EtcdHost is the DNS name of an etcd member, as etcd-manager gives it:
// etcd-MEMBER.internal.CLUSTER for main, and etcd-ETCD-MEMBER.internal.CLUSTER for
// every other etcd cluster.
func EtcdHost(cluster, etcd, member string) string {
	if etcd == "main" {
		return "etcd-" + member + ".internal." + cluster
	}
	return "etcd-" + etcd + "-" + member + ".internal." + cluster
}

// NodeConfigPath is where cloud-init puts the document on the machine.
const NodeConfigPath = "/etc/quorate/node.json"

// UserData wraps the document into a cloud-config that writes it to
// [NodeConfigPath] and starts the node agent.
func UserData(c NodeConfig) string {
	c.APIVersion = NodeConfigVersion
	document, err := json.Marshal(c)
	if err != nil {
		panic("a node configuration is plain data: " + err.Error())
	}
	return cloudConfigHead + base64.StdEncoding.EncodeToString(document) + cloudConfigTail
}

const (
	cloudConfigHead = `#cloud-config
write_files:
- path: ` + NodeConfigPath + `
  owner: root:root
  permissions: "0600"
  encoding: b64
  content: `
	cloudConfigTail = `
runcmd:
- [systemctl, enable, --now, quorate-node.service]
`
)

// ErrNoNodeConfig says that user data is not ours: some other tool wrote it.
var ErrNoNodeConfig = errors.New("user data holds no quorate node configuration")

// ParseUserData reads the document back out of what [UserData] wrote.
func ParseUserData(userData string) (NodeConfig, error) {
	// It may be one part of several: manifests can add their own.
	_, rest, ok := strings.Cut(userData, cloudConfigHead)
	if !ok {
		return NodeConfig{}, ErrNoNodeConfig
	}
	encoded, _, _ := strings.Cut(rest, "\n")
	document, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return NodeConfig{}, fmt.Errorf("node configuration: %w", err)
	}
	var c NodeConfig
	if err := json.Unmarshal(document, &c); err != nil {
		return NodeConfig{}, fmt.Errorf("node configuration: %w", err)
	}
	if c.APIVersion != NodeConfigVersion {
		return NodeConfig{}, fmt.Errorf("node configuration has version %q, and this program reads %q", c.APIVersion, NodeConfigVersion)
	}
	return c, nil
}
