package desired

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

var machineRules = []rule{
	{"a group has an image", imageRule},
	{"disks are possible", diskRule},
	{"instance profiles are given by ARN", profileRule},
	{"labels and taints are readable", taintRule},
	{"machine settings are values of EC2", machineSettingsRule},
	{"external load balancers are named in one way", externalLoadBalancerRule},
	{"machines of their own host have a type that can", tenancyRule},
	{"additional user data is complete", userDataRule},
}

func imageRule(m manifest, r *report) {
	for _, g := range m.groups {
		if g.Spec.Image == "" {
			r.errorf(g.Source, "spec.image", "group %s has no image; write an AMI id, or OWNER/NAME", g.Name())
		}
	}
}

// profileRule: a profile holds one role, so that it cannot serve machines of two.
func profileRule(m manifest, r *report) {
	users := map[string]kopsspec.InstanceGroup{}
	for _, g := range m.groups {
		arn := g.Spec.IAM.Profile
		if arn == "" {
			continue
		}
		if !strings.HasPrefix(arn, "arn:") || !strings.Contains(arn, ":instance-profile/") {
			r.errorf(g.Source, "spec.iam.profile", "%q is not the ARN of an instance profile; write arn:aws:iam::ACCOUNT:instance-profile/NAME", arn)
		}
		if other, taken := users[arn]; taken && other.Role() != g.Role() {
			r.errorf(g.Source, "spec.iam.profile", "the profile serves group %s, which has another role; give each role its own", other.Name())
		}
		users[arn] = g
	}
}

func taintRule(m manifest, r *report) {
	for _, g := range m.groups {
		for key := range g.Spec.NodeLabels {
			if strings.Count(key, "/") > 1 {
				r.errorf(g.Source, entry("spec.nodeLabels", key), "%q is not a label; a key has at most one slash", key)
			}
		}
		for i, taint := range g.Spec.Taints {
			_, effect, _ := strings.Cut(taint, ":")
			path := fmt.Sprintf("spec.taints[%d]", i)
			if key, _ := splitTaint(taint); key == "" || !slices.Contains([]string{"NoSchedule", "PreferNoSchedule", "NoExecute"}, effect) {
				r.errorf(g.Source, path, "%q is not a taint; write KEY=VALUE:NoSchedule, PreferNoSchedule or NoExecute", taint)
			} else if slices.Contains(g.Spec.Taints[:i], taint) {
				r.errorf(g.Source, path, "taint %s is listed twice; keep one", taint)
			}
		}
	}
}

// maxHopLimit is EC2's for answers of the instance metadata service.
const maxHopLimit = 64

func machineSettingsRule(m manifest, r *report) {
	for _, g := range m.groups {
		oneOf(r, g.Source, "spec.instanceMetadata.httpTokens", g.Spec.InstanceMetadata.HTTPTokens, "optional", "required")
		oneOf(r, g.Source, "spec.cpuCredits", g.Spec.CPUCredits, "standard", "unlimited")
		oneOf(r, g.Source, "spec.tenancy", g.Spec.Tenancy, "default", "dedicated", "host")
		oneOf(r, g.Source, "spec.manager", g.Spec.Manager, "CloudGroup", "Karpenter") // Karpenter is refused by name
		if n := g.Spec.InstanceMetadata.HTTPPutResponseHopLimit; n < 1 || n > maxHopLimit {
			r.errorf(g.Source, "spec.instanceMetadata.httpPutResponseHopLimit", "%d is no hop limit; use 1 to %d", n, maxHopLimit)
		}
		// AWS: zero for none, otherwise at least a day.
		if d, err := time.ParseDuration(g.Spec.MaxInstanceLifetime); err == nil && d != 0 && d < 24*time.Hour {
			r.errorf(g.Source, "spec.maxInstanceLifetime", "AWS replaces machines at most once a day; use 24h or more, or 0 for never")
		}
	}
}

func externalLoadBalancerRule(m manifest, r *report) {
	for _, g := range m.groups {
		for i, lb := range g.Spec.ExternalLoadBalancers {
			path := fmt.Sprintf("spec.externalLoadBalancers[%d]", i)
			switch {
			case (lb.LoadBalancerName == "") == (lb.TargetGroupARN == ""):
				r.errorf(g.Source, path, "a load balancer needs either loadBalancerName, for a Classic one, or targetGroupArn, for the others")
			case len(lb.LoadBalancerName) > topology.MaxLoadBalancerName:
				r.errorf(g.Source, path+".loadBalancerName", "no load balancer has a name of more than %d characters; correct it", topology.MaxLoadBalancerName)
			case lb.TargetGroupARN != "":
				requirePrefix(r, g.Source, path+".targetGroupArn", lb.TargetGroupARN, "arn:")
			}
		}
	}
}

// sharedOnly are the types that EC2 runs on shared hardware alone.
var sharedOnly = []string{"t2.nano", "t2.micro", "t2.small", "t2.medium", "t2.large", "t2.xlarge"}

func tenancyRule(m manifest, r *report) {
	for _, g := range m.groups {
		alone := g.Spec.Tenancy == "dedicated" || g.Spec.Tenancy == "host"
		if alone && slices.Contains(sharedOnly, g.Spec.MachineType) {
			r.errorf(g.Source, "spec.tenancy", "a %s cannot have a host of its own; choose another machineType, or tenancy default", g.Spec.MachineType)
		}
	}
}

// maxUserData is EC2's limit in bytes, before it is encoded.
const maxUserData = 16384

func userDataRule(m manifest, r *report) {
	for _, g := range m.groups {
		if n := len(m.userData(g)); n > maxUserData {
			r.errorf(g.Source, "spec.additionalUserData", "the machines of group %s would boot from %d bytes of user data, and EC2 takes %d; shorten the additional parts", g.Name(), n, maxUserData)
		}
		for i, part := range g.Spec.AdditionalUserData {
			if part.Name == "" || part.Content == "" || !strings.HasPrefix(part.Type, "text/") {
				r.errorf(g.Source, fmt.Sprintf("spec.additionalUserData[%d]", i), "a part of the user data needs name, content, and a type such as text/x-shellscript")
			}
		}
	}
}
