package topology

// Volume is the EBS volume of one etcd member. It outlives every machine. No
// plan ever replaces one, and only the end of the cluster takes it away.
type Volume struct {
	// Name is "MEMBER.etcd-ETCD.CLUSTER".
	Name string `json:"name"`
	// EtcdCluster is "main", "events", …
	EtcdCluster string `json:"etcdCluster"`
	Member      string `json:"member"`
	// Members are the names of all members of the etcd cluster, sorted; kops keeps
	// the list in a tag of every volume.
	Members []string `json:"members"`
	Zone    string   `json:"zone"`
	// Type is gp2, gp3, io1, io2 or standard.
	Type    string `json:"type"`
	SizeGiB int    `json:"sizeGiB"`
	// IOPS is zero for the types that have none to set (gp2, standard).
	IOPS int `json:"iops,omitempty"`
	// Throughput is in MiB/s; zero for every type but gp3.
	Throughput int  `json:"throughput,omitempty"`
	Encrypted  bool `json:"encrypted"`
	// KMSKey is an ARN or id; empty for the account's default key.
	KMSKey    string    `json:"kmsKey,omitempty"`
	Tags      Tags      `json:"tags"`
	Ownership Ownership `json:"ownership"`
}

func (v Volume) Ref() Ref         { return Ref{KindVolume, v.Name} }
func (Volume) Needs() []Ref       { return nil }
func (v Volume) Owner() Ownership { return v.Ownership }
func (v Volume) Labels() Tags     { return v.Tags }
func (Volume) resource()          {}

// TagBackup is the key of the tag on a snapshot that was taken of an etcd volume before a machine of the
// control plane was replaced; the value is when it was begun (RFC 3339). Beside it the snapshot has the tags
// of its volume, which say which member it is of.
const TagBackup = "quorate.dev/backup"
