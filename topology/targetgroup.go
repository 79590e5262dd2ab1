package topology

// TargetGroup is where a listener sends connections. Auto Scaling groups register
// their machines in it.
type TargetGroup struct {
	// Name is both the AWS name (shortened and hashed by kops's rule) and the Name tag.
	Name     string `json:"name"`
	VPC      Ref    `json:"vpc"`
	Port     int    `json:"port"`
	Protocol string `json:"protocol"`
	// HealthProtocol is TCP or HTTPS; HealthPath is empty for TCP.
	HealthProtocol string `json:"healthProtocol"`
	HealthPath     string `json:"healthPath,omitempty"`
	// HealthInterval is in seconds.
	HealthInterval     int `json:"healthInterval"`
	HealthyThreshold   int `json:"healthyThreshold"`
	UnhealthyThreshold int `json:"unhealthyThreshold"`
	// DeregistrationDelay is in seconds.
	DeregistrationDelay   int       `json:"deregistrationDelay"`
	ConnectionTermination bool      `json:"connectionTermination"`
	Tags                  Tags      `json:"tags"`
	Ownership             Ownership `json:"ownership"`
}

func (g TargetGroup) Ref() Ref         { return Ref{KindTargetGroup, g.Name} }
func (g TargetGroup) Needs() []Ref     { return present(g.VPC) }
func (g TargetGroup) Owner() Ownership { return g.Ownership }
func (g TargetGroup) Labels() Tags     { return g.Tags }
func (TargetGroup) resource()          {}
