package topology

import "fmt"

// Listener is a port of a load balancer that forwards to one target group.
type Listener struct {
	LoadBalancer Ref `json:"loadBalancer"`
	Port         int `json:"port"`
	// Protocol is TCP or TLS.
	Protocol    string `json:"protocol"`
	TargetGroup Ref    `json:"targetGroup,omitzero"`
	// Certificate is an ACM ARN and SSLPolicy a policy name; both are for TLS only.
	Certificate string    `json:"certificate,omitempty"`
	SSLPolicy   string    `json:"sslPolicy,omitempty"`
	Ownership   Ownership `json:"ownership"`
}

// Ref is made of the load balancer's name and the port, which is what AWS keeps unique.
func (l Listener) Ref() Ref {
	return Ref{KindListener, fmt.Sprintf("%s:%d", l.LoadBalancer.Name, l.Port)}
}

func (l Listener) Needs() []Ref     { return present(l.LoadBalancer, l.TargetGroup) }
func (l Listener) Owner() Ownership { return l.Ownership }
func (Listener) Labels() Tags       { return nil }
func (Listener) resource()          {}
