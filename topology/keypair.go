package topology

// KeyPair is an SSH public key. Its name ends in the key's fingerprint, so another
// key is another key pair.
type KeyPair struct {
	Name string `json:"name"`
	// PublicKey is "TYPE BASE64" without the comment; empty for a shared key, and
	// when AWS does not tell.
	PublicKey string    `json:"publicKey,omitempty"`
	Tags      Tags      `json:"tags"`
	Ownership Ownership `json:"ownership"`
}

func (k KeyPair) Ref() Ref         { return Ref{KindKeyPair, k.Name} }
func (KeyPair) Needs() []Ref       { return nil }
func (k KeyPair) Owner() Ownership { return k.Ownership }
func (k KeyPair) Labels() Tags     { return k.Tags }
func (KeyPair) resource()          {}
