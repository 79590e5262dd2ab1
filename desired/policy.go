package desired

import (
	"slices"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// statement is a statement of an IAM policy.
type statement struct {
	Effect    string
	Principal map[string]string `json:",omitempty"`
	Action    []string
	Resource  []string   `json:",omitempty"`
	Condition conditions `json:",omitempty"`
}

// conditions are IAM conditions: operator, key, and one value or a list of them.
type conditions map[string]map[string]any

func allow(actions []string, when conditions, resources ...string) statement {
	return statement{Effect: "Allow", Action: actions, Resource: resources, Condition: when}
}

// actions gives every action of a list its service: actions("s3", "Get*").
func actions(service string, names ...string) []string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = service + ":" + name
	}
	return list
}

// arn is an ARN without account, in the cluster's partition.
func (m manifest) arn(rest string) string { return "arn:" + m.partition() + ":" + rest }

// taggedOurs restricts a statement to what carries the cluster's tag, and requestTagged to what is made
// with it.
func (m manifest) taggedOurs() conditions {
	return conditions{"StringEquals": {"aws:ResourceTag/KubernetesCluster": m.Name()}}
}

func (m manifest) requestTagged() conditions {
	return conditions{"StringEquals": {"aws:RequestTag/KubernetesCluster": m.Name()}}
}

// controlPlaneStatements let the masters run etcd and, unless they have roles of their own, the controllers.
func (m manifest) controlPlaneStatements() []statement {
	var p permissions
	p.statements = slices.Concat(m.volumeStatements(), m.readStoreStatements(), m.backupStatements(), m.bucketStatements(true))
	p.anything.add("ec2", "DescribeInstances", "DescribeVolumes")
	if m.ipv6Only() {
		p.anything.add("ec2", "DescribeNetworkInterfaces") // kops-controller tells the nodes their pods' ranges
	}
	if !m.Spec.IAM.UseServiceAccountExternalPermissions {
		p.statements = append(p.statements, m.dnsStatements()...)
		p.addControllers(m)
	}
	p.addNetworking(m)
	p.addRegistry(m)
	p.statements = append(p.statements, m.kmsStatements()...)
	return p.all(m)
}

// apiServerStatements let API servers without etcd read their configuration.
func (m manifest) apiServerStatements() []statement {
	var p permissions
	p.statements = slices.Concat(m.readStoreStatements(), m.bucketStatements(false), m.kmsStatements())
	if m.waitsAtHook(kopsspec.APIServer) {
		p.addWarmPool()
	}
	return p.all(m)
}

// workerStatements let the network plugin and the kubelet do what they need AWS for. Most workers need
// nothing: they get their configuration from the control plane and not from the bucket.
func (m manifest) workerStatements() []statement {
	var p permissions
	p.addNetworking(m)
	p.addRegistry(m)
	if m.usesGPU() {
		p.anything.add("ec2", "DescribeInstanceTypes")
	}
	if m.waitsAtHook(kopsspec.Node) {
		p.addWarmPool()
	}
	return p.all(m)
}

func (m manifest) usesGPU() bool {
	return m.Spec.Containerd.NvidiaGPU.Enabled || slices.ContainsFunc(m.ofRole(kopsspec.Node), func(g kopsspec.InstanceGroup) bool {
		return g.Spec.Containerd.NvidiaGPU.Enabled
	})
}

// volumeStatements let a master attach the volume that its etcd member lives on.
func (m manifest) volumeStatements() []statement {
	return []statement{allow(actions("ec2", "AttachVolume"), conditions{"StringEquals": {
		"aws:ResourceTag/KubernetesCluster":  m.Name(),
		"aws:ResourceTag/k8s.io/role/master": "1",
	}}, "*")}
}

// dnsStatements let the masters keep the cluster's records. The id of the zone is AWS's to tell.
func (m manifest) dnsStatements() []statement {
	if !m.publishesDNS() {
		return nil
	}
	return []statement{
		allow(actions("route53", "ChangeResourceRecordSets", "GetHostedZone", "ListResourceRecordSets"), nil, m.arn(topology.ZoneARN)),
		allow(actions("route53", "GetChange"), nil, m.arn("route53:::change/*")),
		allow(actions("route53", "ListHostedZones", "ListTagsForResource"), nil, "*"),
	}
}

// tagging lets controllers tag what they make by some calls, and change tags of what is the cluster's, but
// never take over what belongs to another cluster.
func (m manifest) tagging(resources []string, calls ...string) []statement {
	return []statement{m.tagOnCreate(resources, calls...), m.retag(resources)}
}

func (m manifest) tagOnCreate(resources []string, calls ...string) statement {
	when := m.requestTagged()
	when["StringEquals"]["ec2:CreateAction"] = calls
	return allow(actions("ec2", "CreateTags"), when, resources...)
}

func (m manifest) retag(resources []string) statement {
	when := m.taggedOurs()
	when["Null"] = map[string]any{"aws:RequestTag/KubernetesCluster": "true"}
	return allow(actions("ec2", "CreateTags", "DeleteTags"), when, resources...)
}

// kmsStatements let machines use encrypted volumes and buckets. With encryptionConfig an API server can have a
// plugin that encrypts secrets by a key of its own: it asks KMS itself, and not through EC2 or S3.
func (m manifest) kmsStatements() []statement {
	through := conditions{"StringLike": {"kms:ViaService": []string{"ec2." + m.region + "." + m.dnsSuffix(), "s3.*." + m.dnsSuffix()}}}
	if m.Spec.EncryptionConfig {
		through = nil
	}
	return []statement{
		allow(actions("kms", "CreateGrant"), conditions{"Bool": {"kms:GrantIsForAWSResource": "true"}}, "*"),
		allow(actions("kms", "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey*", "ReEncrypt*"), through, "*"),
	}
}
