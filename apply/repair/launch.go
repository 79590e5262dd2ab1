package repair

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// A Launch is the newest attempt of a group to start a machine.
type Launch struct {
	// Failure is what AWS says of it; empty if it succeeded or is under way.
	Failure string
	// Since is the first of the failures in a row, as far back as was looked.
	Since time.Time
}

// Made is what a group's machines are made of, in the words of the manifest.
type Made struct {
	InstanceType, Image string
	// InstanceGroup is the name of the kops InstanceGroup.
	InstanceGroup string
}

// A refusal is a reason of EC2's not to start a machine. Auto Scaling passes on the words and not the
// code, so it is known by its words.
type refusal struct {
	code  string
	words *regexp.Regexp
	// say gets what the words name, by the groups of the expression.
	say func(m Made, named []string) string
	who string
}

// The words are those of EC2's API errors, as Auto Scaling activities show them; the guide to Auto
// Scaling lists them under "troubleshoot: instance launch failure".
var refusals = []refusal{
	{"InsufficientInstanceCapacity", regexp.MustCompile(`sufficient (?:([a-z0-9.-]+) )?capacity in the Availability Zone you requested(?: \(([a-z0-9-]+)\))?`), func(m Made, named []string) string {
		return fmt.Sprintf("AWS has no %s in %s now, and goes on trying; another machineType would do, or several (mixedInstancesPolicy)",
			cmp.Or(named[1], m.InstanceType), cmp.Or(named[2], "that zone"))
	}, AWS},
	{"InsufficientInstanceCapacity", regexp.MustCompile(`no Spot capacity available`), func(m Made, _ []string) string {
		return "AWS has no spot capacity for it now, and goes on trying; more types (mixedInstancesPolicy) or on-demand machines would do"
	}, AWS},
	{"VcpuLimitExceeded", regexp.MustCompile(`current vCPU limit of (\d+)`), func(m Made, named []string) string {
		return fmt.Sprintf("the account may run %s vCPUs of machines like %s in this region, and they are in use: ask for more in Service Quotas (%s), or end others",
			named[1], m.InstanceType, vcpuQuota(m.InstanceType))
	}, People},
	{"MaxSpotInstanceCountExceeded", regexp.MustCompile(`Max spot instance count exceeded`), func(Made, []string) string {
		return "the account's quota of spot machines is used up: ask for more in Service Quotas, or end others"
	}, People},
	{"SpotMaxPriceTooLow", regexp.MustCompile(`lower than the minimum required Spot request fulfillment price of ([0-9.]+)`), func(m Made, named []string) string {
		return fmt.Sprintf("spot machines cost %s now, more than the maxPrice of InstanceGroup %s", named[1], m.InstanceGroup)
	}, People},
	{"InvalidAMIID.NotFound", regexp.MustCompile(`(?:image id '\[?|AMI ID ')(ami-[0-9a-f]+)\]?'(?: does not exist|.*no longer)`), func(m Made, named []string) string {
		return fmt.Sprintf("the image %s%s does not exist any more: change spec.image of InstanceGroup %s", named[1], called(m.Image, named[1]), m.InstanceGroup)
	}, People},
	{"InvalidAMIID.Unavailable", regexp.MustCompile(`(?:[Ii]mage|AMI)[^']*'\[?(ami-[0-9a-f]+)\]?' is (?:not available|not active|disabled|deregistered)`), func(m Made, named []string) string {
		return fmt.Sprintf("the image %s%s may not be used any more: change spec.image of InstanceGroup %s", named[1], called(m.Image, named[1]), m.InstanceGroup)
	}, People},
	{"Unsupported", regexp.MustCompile(`instance type \(([^)]+)\) is not supported in your requested Availability Zone \(([^)]+)\)`), func(m Made, named []string) string {
		return fmt.Sprintf("%s has no %s: change spec.machineType of InstanceGroup %s, or the zones of its subnets", named[2], named[1], m.InstanceGroup)
	}, People},
	{"InvalidParameterValue", regexp.MustCompile(`architecture '([^']+)' of the specified instance type does not match the architecture '([^']+)'`), func(m Made, named []string) string {
		return fmt.Sprintf("machines of type %s are %s, and the image %s is for %s: change spec.image or spec.machineType of InstanceGroup %s",
			m.InstanceType, named[1], m.Image, named[2], m.InstanceGroup)
	}, People},
	{"InsufficientFreeAddressesInSubnet", regexp.MustCompile(`not enough free addresses in (?:the )?subnet(?: '(subnet-[0-9a-f]+)')?`), func(m Made, named []string) string {
		return fmt.Sprintf("its subnet %shas no free addresses left: end what is not needed there, or give InstanceGroup %s more subnets", spaced(named[1]), m.InstanceGroup)
	}, People},
	{"InvalidKeyPair.NotFound", regexp.MustCompile(`key pair '([^']+)' does not exist`), func(_ Made, named []string) string {
		return fmt.Sprintf("the key pair %s does not exist any more; the next pass makes it again if it is the cluster's own", named[1])
	}, People},
}

// failed is what stands at the end of every such message and tells nothing.
const failed = "Launching EC2 instance failed."

// Explain turns AWS's words about a launch that failed into a sentence that begins with EC2's code, and
// says who can mend it. Words that nobody knows are given as they are.
func Explain(words string, m Made) (sentence, who string) {
	for _, r := range refusals {
		if named := r.words.FindStringSubmatch(words); named != nil {
			return r.code + ": " + r.say(m, named), r.who
		}
	}
	return "AWS says: " + strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(words), failed)), People
}

func called(name, id string) string {
	if name == "" || name == id {
		return ""
	}
	return " (" + name + ")"
}

func spaced(id string) string {
	if id == "" {
		return ""
	}
	return id + " "
}

// vcpuQuota is the quota of on-demand machines that counts those of a type, by the letters that its
// name begins with; see the EC2 guide on instance quotas.
func vcpuQuota(instanceType string) string {
	for _, q := range []struct{ prefix, name string }{
		{"trn", "Running On-Demand Trn instances"}, {"inf", "Running On-Demand Inf instances"},
		{"dl", "Running On-Demand DL instances"}, {"hpc", "Running On-Demand HPC instances"},
		{"g", "Running On-Demand G and VT instances"}, {"vt", "Running On-Demand G and VT instances"},
		{"p", "Running On-Demand P instances"}, {"f", "Running On-Demand F instances"},
		{"x", "Running On-Demand X instances"}, {"u-", "Running On-Demand High Memory instances"},
	} {
		if strings.HasPrefix(instanceType, q.prefix) {
			return q.name
		}
	}
	return "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances"
}
