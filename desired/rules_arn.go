package desired

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/quorate/quorate/desired/kopsspec"
)

var arnRules = []rule{
	{"certificates are certificates of the region", certificateRule},
	{"encryption keys are keys of the region", keyRule},
	{"target groups are target groups of the region", targetGroupRule},
	{"policies are policies of the partition", policyARNRule},
}

// arnOf is what a field takes by ARN. A service without regions has none in its ARNs.
type arnOf struct {
	what     string
	service  string
	resource string // what the last part begins with
	regional bool
}

var (
	acmCertificate = arnOf{"certificate of ACM", "acm", "certificate/", true}
	iamCertificate = arnOf{"certificate of IAM", "iam", "server-certificate/", false}
	kmsKey         = arnOf{"KMS key", "kms", "key/", true}
	kmsAlias       = arnOf{"alias of a KMS key", "kms", "alias/", true}
	targetGroupARN = arnOf{"target group", "elasticloadbalancing", "targetgroup/", true}
	iamPolicy      = arnOf{"policy of IAM", "iam", "policy/", false}
	iamProfile     = arnOf{"instance profile", "iam", "instance-profile/", false}
)

// testPartition is that of kops's own test regions, whose manifests mention other partitions at will.
const testPartition = "aws-test"

// example is an ARN as the cluster could have it.
func (a arnOf) example(m manifest) string {
	region := ""
	if a.regional {
		region = m.region
	}
	return fmt.Sprintf("arn:%s:%s:%s:ACCOUNT:%s…", m.partition(), a.service, region, a.resource)
}

// checkARN complains about what is no ARN of any of the given sorts, or is one that the cluster cannot reach:
// nothing in AWS crosses partitions, and services with regions keep to theirs.
func checkARN(r *report, m manifest, s kopsspec.Source, path, text string, sorts ...arnOf) {
	parts := strings.SplitN(text, ":", 6) // arn, partition, service, region, account, resource
	i := slices.IndexFunc(sorts, func(a arnOf) bool {
		return len(parts) == 6 && parts[0] == "arn" && parts[2] == a.service && strings.HasPrefix(parts[5], a.resource) && parts[5] != a.resource
	})
	switch {
	case i < 0:
		r.errorf(s, path, "%q is not the ARN of a %s; write one such as %s", text, sorts[0].what, sorts[0].example(m))
	case m.partition() == testPartition:
		// what is in regions that do not exist is nowhere else either
	case parts[1] != m.partition():
		r.errorf(s, path, "the %s is in the partition %s, and nothing reaches it from %s, where the cluster is; write one such as %s", sorts[i].what, parts[1], m.partition(), sorts[i].example(m))
	case sorts[i].regional && parts[3] != m.region:
		r.errorf(s, path, "the %s is in %s, and only those in %s can be used there; write one such as %s", sorts[i].what, parts[3], m.region, sorts[i].example(m))
	}
}

func certificateRule(m manifest, r *report) {
	if lb := m.apiLoadBalancer(); lb != nil && lb.SSLCertificate != "" {
		checkARN(r, m, m.Source, "spec.api.loadBalancer.sslCertificate", lb.SSLCertificate, acmCertificate, iamCertificate)
	}
}

// kmsKeyID is the id of a key, which AWS looks up in its own region; those that several regions have begin with mrk-.
var kmsKeyID = regexp.MustCompile(`^(mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$`)

// keyRule matters because EC2 accepts a volume with a key that is not there, and lets it vanish later.
func keyRule(m manifest, r *report) {
	for i, e := range m.Spec.EtcdClusters {
		for j, member := range e.Members {
			checkKey(r, m, m.Source, memberPath(i, j, "kmsKeyId"), member.KMSKeyID)
		}
	}
	for _, g := range m.groups {
		checkKey(r, m, g.Source, "spec.rootVolumeEncryptionKey", g.Spec.RootVolumeEncryptionKey)
		for i, v := range g.Spec.Volumes {
			checkKey(r, m, g.Source, fmt.Sprintf("spec.volumes[%d].key", i), v.Key)
		}
	}
}

func checkKey(r *report, m manifest, s kopsspec.Source, path, key string) {
	switch {
	case key == "" || kmsKeyID.MatchString(key) || strings.HasPrefix(key, "alias/"):
	case strings.HasPrefix(key, "arn:"):
		checkARN(r, m, s, path, key, kmsKey, kmsAlias)
	default:
		r.errorf(s, path, "%q is no KMS key; write its ARN, its id, or alias/NAME", key)
	}
}

func targetGroupRule(m manifest, r *report) {
	for _, g := range m.groups {
		for i, lb := range g.Spec.ExternalLoadBalancers {
			checkGivenARN(r, m, g.Source, fmt.Sprintf("spec.externalLoadBalancers[%d].targetGroupArn", i), lb.TargetGroupARN, targetGroupARN)
		}
	}
}

// maxManagedPolicies is the most that AWS raises its quota of managed policies for each role to.
const maxManagedPolicies = 20

func policyARNRule(m manifest, r *report) {
	for key, arns := range m.Spec.ExternalPolicies {
		path := entry("spec.externalPolicies", key)
		checkPolicyARNs(r, m, path, arns)
		if len(arns) > maxManagedPolicies {
			r.errorf(m.Source, path, "AWS attaches at most %d policies to a role, and these are %d; put some of them together", maxManagedPolicies, len(arns))
		}
	}
	for i, e := range m.Spec.IAM.ServiceAccountExternalPermissions {
		checkPolicyARNs(r, m, fmt.Sprintf("spec.iam.serviceAccountExternalPermissions[%d].aws.policyARNs", i), e.AWS.PolicyARNs)
	}
	checkGivenARN(r, m, m.Source, "spec.iam.permissionsBoundary", m.Spec.IAM.PermissionsBoundary, iamPolicy)
	for _, g := range m.groups {
		checkGivenARN(r, m, g.Source, "spec.iam.profile", g.Spec.IAM.Profile, iamProfile)
	}
}

func checkPolicyARNs(r *report, m manifest, path string, arns []string) {
	for i, arn := range arns {
		checkGivenARN(r, m, m.Source, fmt.Sprintf("%s[%d]", path, i), arn, iamPolicy)
	}
}

// checkGivenARN leaves what does not look like an ARN to the rules that say so.
func checkGivenARN(r *report, m manifest, s kopsspec.Source, path, text string, sort arnOf) {
	if strings.HasPrefix(text, "arn:") {
		checkARN(r, m, s, path, text, sort)
	}
}
