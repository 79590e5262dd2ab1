package awssim

import "maps"

// quotaName is a quota as Service Quotas lists it.
type quotaName struct{ service, code string }

// The quotas that are enforced.
var (
	vpcQuota           = quotaName{"vpc", "L-F678F1CE"}
	addressQuota       = quotaName{"ec2", "L-0263D0A3"}
	loadBalancerQuota  = quotaName{"elasticloadbalancing", "L-69A177A2"}
	scalingGroupsQuota = quotaName{"autoscaling", "L-CDE20ADC"}
)

// quota is a limit of the account. AWS raises most of them when asked.
type quota struct {
	label string
	value float64
}

// defaultQuotas are AWS's, but for vCPUs: a new account has 5, and gets more by being used.
var defaultQuotas = map[quotaName]quota{
	vpcQuota:              {"VPCs per Region", 5},
	addressQuota:          {"EC2-VPC Elastic IPs", 5},
	loadBalancerQuota:     {"Network Load Balancers per Region", 50},
	scalingGroupsQuota:    {"Auto Scaling groups per region", 500},
	{"ec2", "L-1216C47A"}: {"Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 1152},
	{"ec2", "L-34B43A08"}: {"All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", 1152},
	{"ec2", "L-DB2E81BA"}: {"Running On-Demand G and VT instances", 64},
	{"ec2", "L-3819A6DF"}: {"All G and VT Spot Instance Requests", 64},
	{"ec2", "L-417A185B"}: {"Running On-Demand P instances", 64},
	{"ec2", "L-7295265B"}: {"Running On-Demand X instances", 64},
}

// SetQuotas replaces the account's quotas, by the codes of Service Quotas such as L-F678F1CE for VPCs.
// Those that are not named are AWS's defaults.
func (r *Region) SetQuotas(values map[string]float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.quotas = maps.Clone(values)
}

func (w *world) limit(name quotaName) int { return int(w.quotaOf(name).value) }

func (w *world) quotaOf(name quotaName) quota {
	q := defaultQuotas[name]
	if value, set := w.region.quotas[name.code]; set {
		q.value = value
	}
	return q
}

var quotaOperations = map[string]operation{
	"GetServiceQuota":           reads((*world).getServiceQuota),
	"GetAWSDefaultServiceQuota": reads((*world).getDefaultQuota),
}

var quotaProtocol = awsJSON{contentType: "application/x-amz-json-1.1", shapes: "com.amazonaws.servicequotas"}

type getQuotaInput struct{ ServiceCode, QuotaCode string }

type getQuotaOutput struct{ Quota quotaJSON }

type quotaJSON struct {
	ServiceCode, QuotaCode, QuotaArn, QuotaName, Unit string
	Value                                             float64
	Adjustable, GlobalQuota                           bool
}

// getServiceQuota knows the quotas that somebody set, and AWS's defaults.
func (w *world) getServiceQuota(in getQuotaInput) (getQuotaOutput, error) {
	name := quotaName{in.ServiceCode, in.QuotaCode}
	if _, exists := defaultQuotas[name]; !exists {
		return getQuotaOutput{}, refuseStatus(400, "NoSuchResourceException", "The request failed because the specified quota doesn't exist.")
	}
	return w.quotaAnswer(name, w.quotaOf(name)), nil
}

func (w *world) getDefaultQuota(in getQuotaInput) (getQuotaOutput, error) {
	name := quotaName{in.ServiceCode, in.QuotaCode}
	q, exists := defaultQuotas[name]
	if !exists {
		return getQuotaOutput{}, refuseStatus(400, "NoSuchResourceException", "The request failed because the specified quota doesn't exist.")
	}
	return w.quotaAnswer(name, q), nil
}

func (w *world) quotaAnswer(name quotaName, q quota) getQuotaOutput {
	return getQuotaOutput{quotaJSON{
		ServiceCode: name.service, QuotaCode: name.code, QuotaName: q.label, Unit: "None", Value: q.value, Adjustable: true,
		QuotaArn: "arn:aws:servicequotas:" + w.region.cfg.Region + ":" + w.account() + ":" + name.service + "/" + name.code,
	}}
}

type scalingLimitsOutput struct {
	MaxGroups         int `xml:"MaxNumberOfAutoScalingGroups"`
	MaxConfigurations int `xml:"MaxNumberOfLaunchConfigurations"`
	Groups            int `xml:"NumberOfAutoScalingGroups"`
	Configurations    int `xml:"NumberOfLaunchConfigurations"`
}

// maxLaunchConfigurations is AWS's default for what came before launch templates.
const maxLaunchConfigurations = 200

func (w *world) describeScalingLimits(none) (scalingLimitsOutput, error) {
	return scalingLimitsOutput{MaxGroups: w.limit(scalingGroupsQuota), MaxConfigurations: maxLaunchConfigurations, Groups: len(w.ScalingGroups)}, nil
}
