package topology

// Alarm tells people when a metric of the cluster stays on the wrong side of a threshold.
type Alarm struct {
	// Name is unique in account and region, and begins with [AlarmPrefix].
	Name        string `json:"name"`
	Description string `json:"description"`
	// Watches is the Auto Scaling group or the target group that the metric is of, and
	// LoadBalancer the load balancer in front of a target group.
	Watches      Ref `json:"watches"`
	LoadBalancer Ref `json:"loadBalancer,omitzero"`
	// Namespace, Metric and Statistic are CloudWatch's words.
	Namespace string `json:"namespace"`
	Metric    string `json:"metric"`
	Statistic string `json:"statistic"`
	// Comparison is CloudWatch's word for how the metric stands to the threshold while
	// something is wrong.
	Comparison string  `json:"comparison"`
	Threshold  float64 `json:"threshold"`
	// Period is how long one data point takes, in seconds. Something is wrong when
	// Datapoints of the last Periods are.
	Period     int `json:"period"`
	Periods    int `json:"periods"`
	Datapoints int `json:"datapoints"`
	// MissingData is what a missing data point counts for, in CloudWatch's words.
	MissingData string `json:"missingData"`
	// AlarmActions, OKActions and NoDataActions are the ARNs of who is told; sorted.
	AlarmActions  []string `json:"alarmActions"`
	OKActions     []string `json:"okActions"`
	NoDataActions []string `json:"noDataActions,omitempty"`
	// Enabled lets the alarm act.
	Enabled   bool      `json:"enabled"`
	Tags      Tags      `json:"tags"`
	Ownership Ownership `json:"ownership"`
}

// Words of CloudWatch.
const (
	NamespaceAutoScaling = "AWS/AutoScaling"
	NamespaceNetworkELB  = "AWS/NetworkELB"
	LessThan             = "LessThanThreshold"
	AtLeast              = "GreaterThanOrEqualToThreshold"
	Breaching            = "breaching"
	NotBreaching         = "notBreaching"
)

// AlarmPrefix begins the names of all alarms of a cluster, and of no other cluster's.
func AlarmPrefix(cluster string) string { return "quorate/" + cluster + "/" }

// TagAlarms marks the control-plane groups of clusters that have alarms, so that nobody
// asks CloudWatch about the others.
const TagAlarms = "quorate.dev/alarms"

func (a Alarm) Ref() Ref         { return Ref{KindAlarm, a.Name} }
func (a Alarm) Needs() []Ref     { return present(a.Watches, a.LoadBalancer) }
func (a Alarm) Owner() Ownership { return a.Ownership }
func (a Alarm) Labels() Tags     { return a.Tags }
func (Alarm) resource()          {}
