package kopsspec

// SSHCredential is an SSHCredential document: the public key that may log in to the machines.
type SSHCredential struct {
	Metadata Metadata `json:"metadata"`
	Spec     struct {
		PublicKey string `json:"publicKey"` // one line in the format of authorized_keys
	} `json:"spec"`

	Source Source `json:"-"`
}

// Cluster is the name of the cluster the credential says it belongs to.
func (s SSHCredential) Cluster() string { return s.Metadata.Labels[ClusterLabel] }
