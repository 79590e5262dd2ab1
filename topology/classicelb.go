package topology

import (
	"slices"
	"strings"
	"time"
)

// ClassicELB is a load balancer of the first generation, as older versions of kops put it in
// front of the API servers. A network load balancer takes its place when the manifest says so.
type ClassicELB struct {
	// Name is the Name tag, "api.CLUSTER"; it is the identity.
	Name string `json:"name"`
	// AWSName is the name AWS knows, shortened and hashed by kops's rule.
	AWSName        string            `json:"awsName"`
	Internal       bool              `json:"internal"`
	Subnets        []Ref             `json:"subnets"`        // sorted
	SecurityGroups []Ref             `json:"securityGroups"` // sorted
	Listeners      []ClassicListener `json:"listeners"`      // sorted by port
	HealthCheck    ClassicCheck      `json:"healthCheck"`
	CrossZone      bool              `json:"crossZone"`
	// IdleTimeout is in seconds.
	IdleTimeout int `json:"idleTimeout"`
	// DrainingTimeout is in seconds; zero for none.
	DrainingTimeout int `json:"drainingTimeout"`
	// AccessLog is zero for none.
	AccessLog AccessLog `json:"accessLog,omitzero"`
	Tags      Tags      `json:"tags"`
	Ownership Ownership `json:"ownership"`
}

// ClassicListener is a port of a [ClassicELB], with the port of the machines behind it. The
// protocols are TCP, or SSL with a certificate.
type ClassicListener struct {
	Port             int    `json:"port"`
	Protocol         string `json:"protocol"`
	InstancePort     int    `json:"instancePort"`
	InstanceProtocol string `json:"instanceProtocol"`
	// Certificate is the ARN of an ACM or IAM certificate; for SSL only.
	Certificate string `json:"certificate,omitempty"`
}

// ClassicCheck is how a [ClassicELB] asks its machines how they are; times in seconds.
type ClassicCheck struct {
	// Target is PROTOCOL:PORT.
	Target             string `json:"target"`
	Interval           int    `json:"interval"`
	Timeout            int    `json:"timeout"`
	HealthyThreshold   int    `json:"healthyThreshold"`
	UnhealthyThreshold int    `json:"unhealthyThreshold"`
}

// AccessLog is where a load balancer writes down who called.
type AccessLog struct {
	Bucket string `json:"bucket"`
	Prefix string `json:"prefix,omitempty"`
	// Interval is in minutes, 5 or 60; zero for a network load balancer, which has none to choose.
	Interval int `json:"interval,omitempty"`
}

// IsAPI tells the load balancer of the API servers from that of the bastions.
func (l ClassicELB) IsAPI() bool { return strings.HasPrefix(l.Name, "api.") }

func (l ClassicELB) Ref() Ref { return Ref{KindClassicELB, l.Name} }

func (l ClassicELB) Needs() []Ref {
	return present(append(slices.Clone(l.SecurityGroups), l.Subnets...)...)
}

func (l ClassicELB) Owner() Ownership { return l.Ownership }
func (l ClassicELB) Labels() Tags     { return l.Tags }
func (ClassicELB) resource()          {}

// Replaces says which Classic load balancer a network load balancer takes the place of.
type Replaces struct {
	// AWSName is the name of the old one.
	AWSName string
	// Since is when every name was seen to lead to the new one.
	Since time.Time
}

// Tag is the value of [TagReplaces]: NAME@TIME, in characters that AWS takes in a tag.
func (r Replaces) Tag() string { return r.AWSName + "@" + r.Since.UTC().Format(time.RFC3339) }

// ParseReplaces reads the value of [TagReplaces]; ok is false if somebody else wrote it.
func ParseReplaces(tag string) (r Replaces, ok bool) {
	name, since, found := strings.Cut(tag, "@")
	at, err := time.Parse(time.RFC3339, since)
	return Replaces{name, at}, found && err == nil
}
