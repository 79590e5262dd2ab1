package desired

import (
	"fmt"
	"strings"
	"testing"
)

// edit changes the good manifest: the first text is replaced by the second, or appended if it is empty.
type edit struct{ old, new string }

// ruleCase is a mistake and the beginning of the problem it gives, from the path on.
type ruleCase struct {
	edits []edit
	want  string
}

func one(before, after, want string) ruleCase { return ruleCase{[]edit{{before, after}}, want} }

// in adds a line to the spec of the cluster, before a line that is there.
func in(line, want string) ruleCase {
	return one("  cloudProvider: aws\n", "  cloudProvider: aws\n  "+line+"\n", want)
}

// toIPv6 makes an IPv6 cluster of the good one.
var toIPv6 = edit{"  cloudProvider: aws\n", "  cloudProvider: aws\n  nonMasqueradeCIDR: \"::/0\"\n"}

// inIPv6 adds a line to the spec of an IPv6 cluster.
func inIPv6(line, want string) ruleCase {
	return ruleCase{[]edit{toIPv6, {"  cloudProvider: aws\n", "  cloudProvider: aws\n  " + line + "\n"}}, want}
}

// withIPv6 gives the second subnet an IPv6 range.
func withIPv6(text, want string) ruleCase {
	return one("cidr: 172.20.64.0/19", "cidr: 172.20.64.0/19, ipv6CIDR: "+text, "spec.subnets[1].ipv6CIDR: "+want)
}

// inNodes adds a line to the spec of the group of workers.
func inNodes(line, want string) ruleCase {
	return one("  minSize: 3\n  maxSize: 6\n", "  minSize: 3\n  maxSize: 6\n  "+line+"\n", want)
}

const masterA = "  name: master-a\n  labels: {kops.k8s.io/cluster: k.example.com}\nspec:\n  role: ControlPlane\n"

const memberA = "    - name: a\n      instanceGroup: master-a\n"

// cases are mistakes, by the name of the rule that finds them.
var cases = map[string][]ruleCase{
	"the cluster's name is a DNS name": {
		everywhere("k.example.com", "K.example.com", `metadata.name: "K.example.com" is not a DNS name`),
		everywhere("k.example.com", "k", `metadata.name: "k" has no dot`),
		everywhere("k.example.com", "k.k8s.local", `metadata.name: a name ending in .k8s.local has no hosted zone`),
	},
	"annotations for Quorate are known and well-formed": {
		one("  name: k.example.com\n", "  name: k.example.com\n  annotations: {other.dev/x: y, quorate.dev/zzzzzzzz: y}\n", `metadata.annotations["quorate.dev/zzzzzzzz"]: there is no such annotation; write one of quorate.dev/`),
		one("  name: k.example.com\n", "  name: k.example.com\n  annotations: {quorate.dev/prunes: \"true\"}\n", `metadata.annotations["quorate.dev/prunes"]: there is no such annotation; did you mean quorate.dev/prune?`),
		one("  name: k.example.com\n", "  name: k.example.com\n  annotations: {quorate.dev/bootstrap: nodeup}\n", `metadata.annotations["quorate.dev/bootstrap"]: "nodeup" is neither "kops" (machines keep the user data that kops wrote) nor "quorate" (Quorate writes it)`),
		one("  name: k.example.com\n", "  name: k.example.com\n  annotations: {quorate.dev/deletion: \"true\"}\n", `metadata.annotations["quorate.dev/deletion"]: "true" is not the name of this cluster; to delete the cluster and all that it owns write "k.example.com", to keep it remove the annotation`),
		one("  name: k.example.com\n", "  name: k.example.com\n  annotations: {quorate.dev/roll-at: tomorrow}\n", `metadata.annotations["quorate.dev/roll-at"]: "tomorrow" is no moment`),
		onGroup("master-a", `quorate.dev/roll-at: "2026-11-21T22:00:00"`, `metadata.annotations["quorate.dev/roll-at"]: "2026-11-21T22:00:00" is no moment; write one with its zone`),
		one("  name: k.example.com\n", "  name: k.example.com\n  annotations: {quorate.dev/max-machine-age: 30d}\n", `metadata.annotations["quorate.dev/max-machine-age"]: "30d" is no time of at least 24 hours`),
		hops("1.33", `"1.33" is not a Kubernetes version; write such as "1.32.9,1.33.5"`),
		hops("1.33.1, v1.33.2", `1.33.1 and v1.33.2 are of one minor version, and a hop has one; remove one of them`),
		hops("1.32.9,1.34.1", `1.34.1 is not on the way to v1.34.2; write versions of older minor versions only`),
		onGroup("nodes", `quorate.dev/max-machine-age: "23h"`, `metadata.annotations["quorate.dev/max-machine-age"]: "23h" is no time of at least 24 hours`),
		onGroup("nodes", `quorate.dev/back-within: "4m"`, `metadata.annotations["quorate.dev/back-within"]: "4m" is no time of at least 5 minutes`),
		one("  name: k.example.com\n", "  name: k.example.com\n  annotations: {quorate.dev/prune: \"no\"}\n", `metadata.annotations["quorate.dev/prune"]: "no" is neither "true" nor "false"`),
		alarmsTo("alarms", `"alarms" is not the ARN of an SNS topic; write arn:aws:sns:REGION:ACCOUNT:NAME`),
		alarmsTo("arn:aws:sqs:eu-west-1:123456789012:alarms", `"arn:aws:sqs:eu-west-1:123456789012:alarms" is not the ARN of an SNS topic`),
		alarmsTo("arn:aws:sns:us-east-1:123456789012:alarms", "the topic is in us-east-1 of aws, and alarms of a cluster in eu-west-1"),
		alarmsTo("arn:aws-cn:sns:eu-west-1:123456789012:alarms", "the topic is in eu-west-1 of aws-cn"),
		onGroup("nodes", `quorate.dev/scaling-cpu-target: "0"`, `metadata.annotations["quorate.dev/scaling-cpu-target"]: "0" is no percentage of CPU`),
		scheduledAs("0 6 * * min=1 max=2", "the time has 4 fields and must have 5"),
		scheduledAs("@daily min=1 max=2", "the time has 1 fields and must have 5"),
		one("  name: nodes\n", "  name: nodes\n  annotations: {quorate.dev/drain-force-after: 10s}\n", `metadata.annotations["quorate.dev/drain-force-after"]: "10s" is no time of at least 5 minutes`),
		one("  name: master-a\n", "  name: master-a\n  annotations: {quorate.dev/zzz: y}\n", `metadata.annotations["quorate.dev/zzz"]: there is no such annotation`),
	},
	"only groups without etcd members scale": {
		onGroup("master-a", `quorate.dev/scaling-cpu-target: "60"`, `metadata.annotations["quorate.dev/scaling-cpu-target"]: control-plane machines hold etcd members`),
		onGroup("master-a", `quorate.dev/scaling-schedule: "0 6 * * * min=1 max=1"`, `metadata.annotations["quorate.dev/scaling-schedule"]: control-plane machines hold etcd members`),
	},
	"a group that follows its CPU has room to": {{[]edit{
		{"  name: nodes\n", "  name: nodes\n  annotations: {quorate.dev/scaling-cpu-target: \"60\"}\n"},
		{"  minSize: 3\n  maxSize: 6\n", "  minSize: 3\n  maxSize: 3\n"},
	}, `metadata.annotations["quorate.dev/scaling-cpu-target"]: minSize and maxSize are both 3`}},
	"the cloud is AWS": {
		one("cloudProvider: aws", "cloudProvider: gce", `spec.cloudProvider: the cloud is "gce", and only aws is supported`),
		one("  cloudProvider: aws\n", "", `spec.cloudProvider: the cloud is "", and only aws is supported`),
	},
	"the Kubernetes version is a version": {
		one("kubernetesVersion: v1.34.2", "kubernetesVersion: latest", `spec.kubernetesVersion: "latest" is not a Kubernetes version`),
	},
	"the Kubernetes version is supported": {
		one("kubernetesVersion: v1.34.2", "kubernetesVersion: v1.31.9", `spec.kubernetesVersion: Kubernetes 1.31 is no longer supported; use 1.32 to 1.37`),
		one("kubernetesVersion: v1.34.2", "kubernetesVersion: 1.38.0", `spec.kubernetesVersion: Kubernetes 1.38 is younger than this version knows; use 1.32 to 1.37`),
	},
	"tags are tags of AWS": {
		one("    team: platform\n", "    aws:team: platform\n", `spec.cloudLabels["aws:team"]: AWS keeps the keys that begin with aws: to itself`),
		one("    team: platform\n", "    "+strings.Repeat("k", 129)+": platform\n", `spec.cloudLabels["`+strings.Repeat("k", 60)+`…"]: a key has at most 128 characters`),
		inNodes("cloudLabels: {team: "+strings.Repeat("v", 257)+"}", `spec.cloudLabels.team: a value has at most 256 characters`),
		one("    team: platform\n", manyLabels(51), `spec.cloudLabels: AWS takes at most 50 tags`),
	},
	"the state store is a bucket": {
		one("s3://state", "gs://state", `spec.configBase: "gs://state.example.com/k.example.com" is not a state store; write s3://BUCKET/k.example.com`),
		in("keyStore: s3://elsewhere/pki", `spec.keyStore: a store outside of configBase is not supported yet`),
	},
	"there is one network plugin": {
		one("    calico: {}\n", "    calico: {}\n    cilium: {}\n", `spec.networking: calico and cilium are chosen`),
		one("    calico: {}\n", "    weave: {}\n", `spec.networking.weave: kops no longer runs weave on AWS`),
		one("  networking:\n    calico: {}\n", "", `spec.networking: no network plugin is chosen`),
	},
	"the kind of DNS is known": {
		in("topology: {dns: {type: Split}}", `spec.topology.dns.type: "Split" is not known here; use Public, Private, None`),
	},
	"the hosted zone is a name or an id": {
		in("dnsZone: example", `spec.dnsZone: "example" is neither the name of a hosted zone`),
		in("dnsZone: exa mple.com", `spec.dnsZone: "exa mple.com" is neither the name of a hosted zone`),
	},
	"records have names in the hosted zone": {
		in("masterPublicName: api", `spec.masterPublicName: "api" is not a DNS name`),
		in("masterPublicName: api.internal.k.example.com", `spec.masterPublicName: api.internal.k.example.com is already the name of api.internal`),
		in("dnsZone: example.com\n  masterPublicName: api.example.org", `spec.masterPublicName: api.example.org is not in the hosted zone example.com`),
		in("dnsZone: example.org", `spec.dnsZone: the cluster k.example.com is not in the hosted zone example.org`),
		in("topology: {bastion: {bastionPublicName: api.k.example.com}}",
			`spec.topology.bastion.bastionPublicName: api.k.example.com is already the name of spec.masterPublicName`),
	},
	"bastions have a name if they exist": {
		{[]edit{{"role: Bastion", "role: Node"}, {"  cloudProvider: aws\n", "  cloudProvider: aws\n  topology: {bastion: {bastionPublicName: b.example.com}}\n"}},
			`spec.topology.bastion.bastionPublicName: there are no bastions`},
	},
	"tags of kops are not overwritten": {
		one("    team: platform\n", "    KubernetesCluster: other\n", `spec.cloudLabels.KubernetesCluster: kops writes the tag KubernetesCluster itself`),
		inNodes("cloudLabels: {k8s.io/role/node: \"0\"}", `spec.cloudLabels["k8s.io/role/node"]: kops writes the tag`),
		inNodes("cloudLabels: {kops.k8s.io/instancegroup: other}", `spec.cloudLabels["kops.k8s.io/instancegroup"]: kops writes the tag`),
	},
	"there is one readable SSH key": {
		one("publicKey: ssh-ed25519 ", "publicKey: ", `spec.publicKey: this is not a public key: the second word is not base64`),
		one("", "---\napiVersion: kops.k8s.io/v1alpha2\nkind: SSHCredential\nmetadata: {name: two, labels: {kops.k8s.io/cluster: k.example.com}}\nspec: {publicKey: ssh-rsa AAAA}\n",
			`metadata.name: AWS machines take one SSH key, and the cluster has 2`),
		one("publicKey: ssh-ed25519 ", "publicKey: ecdsa-sha2-nistp256 ", `spec.publicKey: EC2 imports RSA and ED25519 keys, and no ecdsa-sha2-nistp256`),
		one("publicKey: ssh-ed25519 ", "publicKey: ssh-rsa ", `spec.publicKey: the key says that it is ssh-rsa, but its content does not`),
		one("publicKey: ssh-ed25519 AAAA", "publicKey: ssh-ed25519 ////", `spec.publicKey: the key says that it is ssh-ed25519, but its content does not`),
		one("publicKey: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDhNm3UtyLiCRB/49NGcO4nU5O036FY/jo2coG3XQW+C", "publicKey: ssh-ed25519 AAA=", `spec.publicKey: the key says that it is ssh-ed25519`),
	},
	"the cluster's name fits into the key of a tag": {
		everywhere("k.example.com", strings.Repeat("k", 60)+"."+strings.Repeat("k", 50), `metadata.name: the name has 111 characters, and the tag kubernetes.io/cluster/NAME, by which everything of the cluster is found again, has room for 106`),
	},
	"names of groups fit into those of launch templates": {
		{[]edit{{"*k.example.com", strings.Repeat("k", 60) + "." + strings.Repeat("k", 40)}, {"  name: nodes\n", "  name: nodes-of-a-team-with-a-long-name\n"}},
			`metadata.name: the launch template of group nodes-of-a-team-with-a-long-name would be named nodes-of-a-team-with-a-long-name.kkk`},
	},
	"additional names of the API server are names": {
		in("additionalSans: [api.example.com, \"*.example.com\", 10.0.0.1, \"https://api.example.com\"]", `spec.additionalSans[3]: "https://api.example.com" is neither a DNS name nor an address`),
		in("additionalSans: [10.0.0.0/8]", `spec.additionalSans[0]: "10.0.0.0/8" is neither a DNS name nor an address`),
	},
	"certificates are certificates of the region": {
		one("      type: Public\n", "      type: Public\n      sslCertificate: mine\n", `spec.api.loadBalancer.sslCertificate: "mine" is not the ARN of a certificate of ACM; write one such as arn:aws:acm:eu-west-1:ACCOUNT:certificate/…`),
		one("      type: Public\n", "      type: Public\n      sslCertificate: arn:aws:acm:eu-west-1:1:certificate/\n", `spec.api.loadBalancer.sslCertificate: "arn:aws:acm:eu-west-1:1:certificate/" is not the ARN of a certificate of ACM`),
		one("      type: Public\n", "      type: Public\n      sslCertificate: arn:aws:acm:us-east-1:1:certificate/1\n", `spec.api.loadBalancer.sslCertificate: the certificate of ACM is in us-east-1, and only those in eu-west-1 can be used there`),
		one("      type: Public\n", "      type: Public\n      sslCertificate: arn:aws-cn:iam::1:server-certificate/c\n", `spec.api.loadBalancer.sslCertificate: the certificate of IAM is in the partition aws-cn`),
	},
	"encryption keys are keys of the region": {
		one(memberA, memberA+"      kmsKeyId: key\n", `spec.etcdClusters[0].etcdMembers[0].kmsKeyId: "key" is no KMS key; write its ARN, its id, or alias/NAME`),
		inNodes("rootVolumeEncryptionKey: arn:aws:kms:us-east-1:1:key/1", `spec.rootVolumeEncryptionKey: the KMS key is in us-east-1`),
		inNodes("volumes: [{device: /dev/xvdd, size: 1, key: \"arn:aws:iam::1:role/r\"}]", `spec.volumes[0].key: "arn:aws:iam::1:role/r" is not the ARN of a KMS key`),
	},
	"target groups are target groups of the region": {
		inNodes("externalLoadBalancers: [{targetGroupArn: \"arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/net/l/1\"}]", `spec.externalLoadBalancers[0].targetGroupArn: "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/net/l/1" is not the ARN of a target group`),
		inNodes("externalLoadBalancers: [{targetGroupArn: \"arn:aws:elasticloadbalancing:eu-west-2:1:targetgroup/t/1\"}]", `spec.externalLoadBalancers[0].targetGroupArn: the target group is in eu-west-2`),
	},
	"policies are policies of the partition": {
		in("externalPolicies: {node: [\"arn:aws-us-gov:iam::aws:policy/ReadOnlyAccess\"]}", `spec.externalPolicies.node[0]: the policy of IAM is in the partition aws-us-gov, and nothing reaches it from aws`),
		in("externalPolicies: {node: ["+strings.Repeat("\"arn:aws:iam::aws:policy/p\", ", 21)+"]}", `spec.externalPolicies.node: AWS attaches at most 20 policies to a role, and these are 21`),
		in("iam: {permissionsBoundary: \"arn:aws:iam::1:role/r\"}", `spec.iam.permissionsBoundary: "arn:aws:iam::1:role/r" is not the ARN of a policy of IAM`),
		in("iam: {serviceAccountExternalPermissions: [{name: a, namespace: b, aws: {policyARNs: [\"arn:aws:s3:::b\"]}}]}", `spec.iam.serviceAccountExternalPermissions[0].aws.policyARNs[0]: "arn:aws:s3:::b" is not the ARN of a policy`),
		inNodes("iam: {profile: \"arn:aws-cn:iam::1:instance-profile/p\"}", `spec.iam.profile: the instance profile is in the partition aws-cn`),
	},
	"subnets have a size that AWS makes": {
		one("cidr: 172.20.64.0/19", "cidr: 172.20.64.0/29", `spec.subnets[1].cidr: 172.20.64.0/29 is no range for a subnet; AWS takes IPv4 ranges from /16 to /28`),
	},
	"services have a range of their own": {
		in("podCIDR: 100.96.0.0/11\n  serviceClusterIPRange: 100.96.0.0/13", `spec.serviceClusterIPRange: 100.96.0.0/13 overlaps podCIDR 100.96.0.0/11`),
		in("serviceClusterIPRange: 172.20.128.0/17", `spec.serviceClusterIPRange: 172.20.128.0/17 overlaps networkCIDR 172.20.0.0/16`),
		in("serviceClusterIPRange: 100.64.0.0/10", `spec.serviceClusterIPRange: 100.64.0.0/10 is more than the API server keeps count of; use /12 or smaller`),
		inIPv6("serviceClusterIPRange: fd00:5e4f:ce::/64", `spec.serviceClusterIPRange: fd00:5e4f:ce::/64 is more than the API server keeps count of; use /108 or smaller`),
	},
	"labels and taints are those of Kubernetes": {
		one("{pool: general}", "{-pool: general}", `spec.nodeLabels.-pool: "-pool" is no key of a label`),
		one("{pool: general}", "{Exa_mple/pool: general}", `spec.nodeLabels["Exa_mple/pool"]: "Exa_mple/pool" is no key of a label`),
		one("{pool: general}", "{pool: all of them}", `spec.nodeLabels.pool: "all of them" is no value of a label`),
		one("dedicated=batch:NoSchedule", "dedicated=b/c:NoSchedule", `spec.taints[0]: "dedicated=b/c" is no key and value of a taint`),
	},
	"extra disks have devices that EC2 knows": {
		inNodes("volumes: [{device: d, size: 1}]", `spec.volumes[0].device: "d" is no device that EC2 attaches a volume as`),
		inNodes("volumes: [{device: /dev/xvda, size: 1}]", `spec.volumes[0].device: /dev/xvda is the disk that machines boot from`),
		{[]edit{{"  machineType: t3.medium\n  minSize: 3\n", "  machineType: m3.large\n  volumes: [{device: /dev/sdc, size: 1}]\n  minSize: 3\n"}}, `spec.volumes[0].device: /dev/sdc is a local disk of a m3.large`},
	},
	"disks are mounted once and in full": {
		inNodes("volumeMounts: [{device: /dev/xvdd, path: /data}]", `spec.volumeMounts[0]: a mount needs device, path and filesystem`),
		inNodes("volumeMounts: [{device: /dev/xvdd, path: /data, filesystem: fat}]", `spec.volumeMounts[0].filesystem: "fat" is not known here; use btfs, ext4, xfs`),
		inNodes("volumeMounts: [{device: /dev/xvdd, path: data, filesystem: xfs}]", `spec.volumeMounts[0].path: "data" does not begin with a slash`),
		inNodes("volumeMounts: [{device: /dev/xvdd, path: /a, filesystem: xfs}, {device: /dev/xvdd, path: /b, filesystem: xfs}]", `spec.volumeMounts[1].device: device /dev/xvdd is mounted already`),
		inNodes("volumeMounts: [{device: /dev/xvdd, path: /a, filesystem: xfs}, {device: /dev/xvde, path: /a/, filesystem: xfs}]", `spec.volumeMounts[1].path: something is mounted at /a/ already`),
	},
	"processes to suspend are processes of Auto Scaling": {
		inNodes("suspendProcesses: [Rebalance]", `spec.suspendProcesses[0]: "Rebalance" is not known here; use AddToLoadBalancer`),
		inNodes("suspendProcesses: [AZRebalance, Launch]", `spec.suspendProcesses[1]: while Launch is suspended no machine of group nodes can be replaced`),
	},
	"machines live at most a year": {
		inNodes("maxInstanceLifetime: 8784h", `spec.maxInstanceLifetime: AWS takes a lifetime of at most 8760h, a year; use 24h to 8760h`),
	},
	"the cluster's DNS server is a service": {
		in("kubeDNS: {provider: Bind}", `spec.kubeDNS.provider: "Bind" is not known here; use CoreDNS, KubeDNS`),
		in("serviceClusterIPRange: 100.64.0.0/13\n  kubeDNS: {serverIP: 10.0.0.10}", `spec.kubeDNS.serverIP: "10.0.0.10" is not an address of serviceClusterIPRange 100.64.0.0/13`),
		in("kubeDNS: {serverIP: here}", `spec.kubeDNS.serverIP: "here" is no address`),
		in("kubeDNS: {nodeLocalDNS: {localIP: here}}", `spec.kubeDNS.nodeLocalDNS.localIP: "here" is no address`),
		in("serviceClusterIPRange: 100.64.0.0/13\n  kubeDNS: {nodeLocalDNS: {localIP: 100.64.0.99}}", `spec.kubeDNS.nodeLocalDNS.localIP: 100.64.0.99 is in serviceClusterIPRange 100.64.0.0/13`),
	},
	"records are published by something known": {
		in("externalDns: {provider: bind}", `spec.externalDns.provider: "bind" is not known here; use dns-controller, external-dns, none`),
	},
	"volumes of pods have a driver": {
		in("cloudConfig: {awsEBSCSIDriver: {enabled: false}}", `spec.cloudConfig.awsEBSCSIDriver.enabled: without the EBS CSI driver no pod gets its volume`),
	},
	"policies are for roles and readable": {
		in(`additionalPolicies: {worker: "[]"}`, `spec.additionalPolicies.worker: "worker" is not a role here; use apiserver, bastion, control-plane, master, node`),
		in(`additionalPolicies: {node: "{}"}`, `spec.additionalPolicies.node: expected a JSON list of IAM statements`),
		in(`additionalPolicies: {node: '[{"Action": "s3:*", "Resource": "*"}]'}`, `spec.additionalPolicies.node: statement 1 has no Effect that IAM knows; write Allow or Deny`),
		in(`additionalPolicies: {node: '[{"Effect": "Allow", "Resource": "*"}]'}`, `spec.additionalPolicies.node: statement 1 says nothing of actions; write Action`),
		in(`additionalPolicies: {node: '[{"Effect": "Allow", "Action": "s3:*"}]'}`, `spec.additionalPolicies.node: statement 1 says nothing of resources; write Resource`),
		in(`additionalPolicies: {node: '["s3"]'}`, `spec.additionalPolicies.node: statement 1 is no object`),
		in(`externalPolicies: {worker: [arn:x]}`, `spec.externalPolicies.worker: "worker" is not a role here`),
		in(`externalPolicies: {node: [ReadOnly]}`, `spec.externalPolicies.node[0]: "ReadOnly" should start with arn:`),
		in(`iam: {permissionsBoundary: b}`, `spec.iam.permissionsBoundary: "b" should start with arn:`),
	},
	"the VPC has a range": {
		in("networkID: subnet-1", `spec.networkID: "subnet-1" should start with vpc-`),
		one("  networkCIDR: 172.20.0.0/16\n", "  networkID: vpc-1\n", `spec.networkID: the VPC exists already, so its range must be written`),
	},
	"ranges are ranges": {
		one("networkCIDR: 172.20.0.0/16", "networkCIDR: 172.20.0.1/16", `spec.networkCIDR: 172.20.0.1/16 has bits set behind its prefix; write 172.20.0.0/16`),
		one("networkCIDR: 172.20.0.0/16", "networkCIDR: 172.0.0.0/8", `spec.networkCIDR: 172.0.0.0/8 is no range for a VPC`),
		in("podCIDR: everywhere", `spec.podCIDR: "everywhere" is not an address range`),
	},
	"pods and services stay out of the network": {
		in("nonMasqueradeCIDR: 172.20.128.0/17", `spec.nonMasqueradeCIDR: 172.20.128.0/17 overlaps networkCIDR 172.20.0.0/16`),
		in("podCIDR: 192.168.0.0/16", `spec.podCIDR: 192.168.0.0/16 is not inside nonMasqueradeCIDR 100.64.0.0/10`),
		in("serviceClusterIPRange: 172.20.32.0/24", `spec.subnets[0].cidr: 172.20.32.0/19 overlaps serviceClusterIPRange 172.20.32.0/24`),
	},
	"additional ranges fit beside the network": {
		in("additionalNetworkCIDRs: [office]", `spec.additionalNetworkCIDRs[0]: "office" is not an address range`),
		in("additionalNetworkCIDRs: [10.1.0.1/16]", `spec.additionalNetworkCIDRs[0]: 10.1.0.1/16 has bits set behind its prefix; write 10.1.0.0/16`),
		in("additionalNetworkCIDRs: [10.0.0.0/8]", `spec.additionalNetworkCIDRs[0]: 10.0.0.0/8 is no range for a VPC; AWS takes IPv4 ranges from /16 to /28`),
		in("additionalNetworkCIDRs: [10.1.0.0/29]", `spec.additionalNetworkCIDRs[0]: 10.1.0.0/29 is no range for a VPC`),
		in("additionalNetworkCIDRs: ['fd00::/64']", `spec.additionalNetworkCIDRs[0]: fd00::/64 is no range for a VPC`),
		in("additionalNetworkCIDRs: [172.20.128.0/17]", `spec.additionalNetworkCIDRs[0]: 172.20.128.0/17 overlaps networkCIDR 172.20.0.0/16`),
		in("additionalNetworkCIDRs: [10.1.0.0/16, 10.1.8.0/24]", `spec.additionalNetworkCIDRs[1]: 10.1.8.0/24 overlaps the additional range 10.1.0.0/16`),
		in("additionalNetworkCIDRs: [10.1.0.0/16, 10.2.0.0/16, 10.3.0.0/16, 10.4.0.0/16, 10.5.0.0/16]", `spec.additionalNetworkCIDRs[4]: this is the 6th range of the VPC, and AWS gives a VPC 5`),
	},
	"pods have one family of addresses": {
		in(`nonMasqueradeCIDR: "fd00::/64"`, `spec.nonMasqueradeCIDR: fd00::/64 is only a part of IPv6; write ::/0`),
		in("podCIDR: fd00::/108", `spec.podCIDR: fd00::/108 is an IPv6 range, and the cluster is IPv4`),
		inIPv6("serviceClusterIPRange: 100.64.0.0/13", `spec.serviceClusterIPRange: 100.64.0.0/13 is an IPv4 range, and pods of an IPv6 cluster have no IPv4`),
	},
	"the network plugin knows IPv6": {
		{[]edit{toIPv6, {"calico: {}", "kubenet: {}"}}, `spec.networking.kubenet: kubenet gives pods IPv4 addresses only`},
		{[]edit{toIPv6, {"calico: {}", "amazonvpc: {}"}}, `spec.networking.amazonvpc: amazonvpc gives pods IPv4 addresses only`},
		{[]edit{toIPv6, {"calico: {}", "cilium: {ipam: eni}"}}, `spec.networking.cilium.ipam: Cilium takes only IPv4 addresses from AWS's interfaces`},
	},
	"IPv6 nodes are named after their instances": {
		inIPv6("cloudConfig: {useIPBasedNodeNames: true}", `spec.cloudConfig.useIPBasedNodeNames: the nodes of an IPv6 cluster cannot be named after IPv4 addresses`),
	},
	"IPv6 ranges are ranges of the VPC": {
		withIPv6("/60#1", `"/60#1" is neither a range nor /64#K`),
		withIPv6("/64#100", `Amazon gives a VPC a /56, which has the parts /64#0 to /64#ff; /64#100 is not among them`),
		withIPv6("/64#10000000000000000", `Amazon gives a VPC a /56`),
		withIPv6("10.0.0.0/24", `10.0.0.0/24 is an IPv4 range; write it as cidr`),
		withIPv6("'2001:db8::1/64'", `2001:db8::1/64 has bits set behind its prefix; write 2001:db8::/64`),
		withIPv6("'2001:db8::/66'", `2001:db8::/66 is no range for a subnet; AWS takes IPv6 ranges from /44 to /64`),
		withIPv6("'fd00::/64'", `fd00::/64 is private and routed nowhere`),
	},
	"IPv6 ranges do not overlap": {
		{[]edit{{"cidr: 172.20.32.0/19", "cidr: 172.20.32.0/19, ipv6CIDR: /64#a"}, {"cidr: 172.20.64.0/19", "cidr: 172.20.64.0/19, ipv6CIDR: /64#0a"}},
			`spec.subnets[1].ipv6CIDR: /64#0a overlaps /64#a of subnet a`},
		{[]edit{{"cidr: 172.20.32.0/19", "cidr: 172.20.32.0/19, ipv6CIDR: '2001:db8::/60'"}, {"cidr: 172.20.64.0/19", "cidr: 172.20.64.0/19, ipv6CIDR: '2001:db8:0:1::/64'"}},
			`spec.subnets[1].ipv6CIDR: 2001:db8:0:1::/64 overlaps 2001:db8::/60 of subnet a`},
	},
	"IPv6 machines have IPv6 subnets": {
		inIPv6("channel: stable", `spec.subnets[0]: subnet a has no ipv6CIDR, and pods on its machines will have no address`),
	},
	"kubenet needs public subnets": {
		one("calico: {}", "kubenet: {}", `spec.subnets[0].type: kubenet does not work in private subnets`),
	},
	"subnets that are ours are tagged": {
		in("DisableSubnetTags: true", `spec.DisableSubnetTags: subnet a is made for the cluster and is found again by its tags`),
	},
	"there are subnets": {
		{[]edit{{subnetLines, "  subnets: []\n"}}, `spec.subnets: the cluster has no subnets`},
	},
	"subnets have names of their own": {
		one("{name: b,", "{name: a,", `spec.subnets[1].name: subnet a is already listed as spec.subnets[0]`),
		one("{name: b,", "{name: B_1,", `spec.subnets[1].name: "B_1" cannot be part of a DNS name`),
	},
	"subnets have a known type": {
		one("type: Private, cidr: 172.20.32.0/19", "type: private, cidr: 172.20.32.0/19", `spec.subnets[0].type: "private" is not a type of subnet`),
		one("type: Private, cidr: 172.20.32.0/19", "cidr: 172.20.32.0/19", `spec.subnets[0]: subnet a has no type`),
		one("type: Private, cidr: 172.20.32.0/19", "type: DualStack, cidr: 172.20.32.0/19", `spec.subnets[0].type: DualStack subnets are for IPv6 clusters, and this one is IPv4`),
	},
	"zones are zones of one region": {
		one("zone: eu-west-1b, type: Private", "zone: eu-west-2b, type: Private", `spec.subnets[1].zone: zone eu-west-2b is not in region eu-west-1`),
		one("zone: eu-west-1b, type: Private", "zone: eu-west-1, type: Private", `spec.subnets[1].zone: "eu-west-1" is not an availability zone`),
	},
	"subnets lie in the network": {
		one("cidr: 172.20.64.0/19", "cidr: 172.21.64.0/19", `spec.subnets[1].cidr: 172.21.64.0/19 is not inside networkCIDR 172.20.0.0/16`),
		one("cidr: 172.20.64.0/19", "cidr: 172.20.64.1/19", `spec.subnets[1].cidr: 172.20.64.1/19 has bits set behind its prefix`),
		{[]edit{{"cidr: 172.20.64.0/19", "cidr: 10.9.0.0/19"}, {"  cloudProvider: aws\n", "  cloudProvider: aws\n  additionalNetworkCIDRs: [10.1.0.0/16]\n"}},
			`spec.subnets[1].cidr: 10.9.0.0/19 is not inside networkCIDR 172.20.0.0/16, nor inside one of additionalNetworkCIDRs (10.1.0.0/16)`},
		{[]edit{{"cidr: 172.20.64.0/19", ""}, {"cidr: 172.20.32.0/19", "cidr: 172.20.0.0/17"}, {"cidr: 172.20.96.0/19", "cidr: 172.20.128.0/17"}},
			`spec.subnets[1].cidr: subnet b has no range, and none can be chosen for it`},
	},
	"subnets do not overlap": {
		one("cidr: 172.20.64.0/19", "cidr: 172.20.48.0/20", `spec.subnets[1].cidr: 172.20.48.0/20 overlaps 172.20.32.0/19 of subnet a`),
	},
	"subnets are all shared or all made": {
		{[]edit{{"cidr: 172.20.64.0/19", "cidr: 172.20.64.0/19, id: subnet-1"}, {"  cloudProvider: aws\n", "  cloudProvider: aws\n  networkID: vpc-1\n"}},
			`spec.subnets[1].id: some subnets have an id and some do not`},
		one("cidr: 172.20.32.0/19", "cidr: 172.20.32.0/19, id: subnet-1", `spec.subnets[0].id: subnet a exists already, so its VPC does too`),
	},
	"the way out of a subnet is known": {
		one("cidr: 172.20.0.0/22", "cidr: 172.20.0.0/22, egress: nat-1", `spec.subnets[3].egress: a Utility subnet leaves by the internet gateway`),
		one("cidr: 172.20.32.0/19", "cidr: 172.20.32.0/19, egress: igw-1", `spec.subnets[0].egress: "igw-1" should start with nat-, eipalloc-`),
	},
	"a zone has one way out": {
		one("  - {name: b,", "  - {name: a2, zone: eu-west-1a, type: Private, cidr: 172.20.160.0/19, egress: tgw-1}\n  - {name: b,",
			`spec.subnets[1].egress: the subnets of zone eu-west-1a that need a NAT gateway share one`),
	},
	"private subnets have a utility subnet": {
		one("zone: eu-west-1b, type: Utility", "zone: eu-west-1c, type: Utility", `spec.subnets[1]: zone eu-west-1b has private subnets and no Utility subnet`),
		one("zone: eu-west-1b, type: Utility", "zone: eu-west-1c, type: Utility", `spec.subnets[2]: zone eu-west-1c has 2 Utility subnets`),
	},
	"additional routes lead somewhere": {
		one("cidr: 172.20.32.0/19", "cidr: 172.20.32.0/19, additionalRoutes: [{cidr: 10.0.0.0/8, target: vgw-1}]",
			`spec.subnets[0].additionalRoutes[0].target: "vgw-1" should start with`),
		one("cidr: 172.20.32.0/19", "cidr: 172.20.32.0/19, additionalRoutes: [{cidr: 10.0.0.0/8, target: pcx-1}, {cidr: 10.0.0.0/8, target: pcx-2}]",
			`spec.subnets[0].additionalRoutes[1].cidr: 10.0.0.0/8 already has a route`),
		one("cidr: 172.20.32.0/19", "cidr: 172.20.32.0/19, additionalRoutes: [{cidr: ten, target: pcx-1}]",
			`spec.subnets[0].additionalRoutes[0].cidr: "ten" is not an address range`),
		one("cidr: 172.20.0.0/22", "cidr: 172.20.0.0/22, additionalRoutes: [{cidr: 10.0.0.0/8, target: pcx-1}]",
			`spec.subnets[3].additionalRoutes[0]: only private subnets that are made for the cluster take additional routes`),
	},
	"the API is reached one way": {
		one("  api:\n", "  api:\n    dns: {}\n", `spec.api: the API has both dns and loadBalancer`),
	},
	"the API's load balancer is of a known class and scheme": {
		one("      class: Network\n", "", `spec.api.loadBalancer.class: older versions of kops took a missing class for Classic`),
		one("      class: Network\n", "      class: Application\n", `spec.api.loadBalancer.class: "Application" is not known here; use Network, Classic`),
		one("      type: Public\n", "      type: public\n", `spec.api.loadBalancer.type: "public" is not known here; use Public, Internal`),
		one("      type: Public\n", "      sslPolicy: p\n", `spec.api.loadBalancer.sslPolicy: sslPolicy needs sslCertificate`),
		one("      type: Public\n", "      type: Internal\n      useForInternalApi: true\n", `spec.api.loadBalancer.useForInternalApi: an Internal load balancer already has`),
		in("topology: {bastion: {loadBalancer: {type: None}}}", `spec.topology.bastion.loadBalancer.type: "None" is not known here`),
		in("cloudConfig: {nlbSecurityGroupMode: Other}", `spec.cloudConfig.nlbSecurityGroupMode: "Other" is not known here`),
	},
	"a Classic load balancer does what it can": {
		one("      class: Network\n", "      class: Classic\n", `spec.api.loadBalancer.class: kops has given up Classic load balancers`),
		one("      class: Network\n", "      class: Classic\n      sslPolicy: p\n", `spec.api.loadBalancer.sslPolicy: a Classic load balancer has AWS's default policy`),
		one("      class: Network\n", "      class: Classic\n      idleTimeoutSeconds: 9999\n", `spec.api.loadBalancer.idleTimeoutSeconds: 9999 is no idle time`),
		one("      class: Network\n", "      class: Classic\n      subnets: [{name: utility-a, allocationId: eipalloc-1}]\n", `spec.api.loadBalancer.subnets[0]: a Classic load balancer has no fixed addresses`),
		{[]edit{{"      class: Network\n", "      class: Classic\n"}, {"spec:\n", "spec:\n  topology: {dns: {type: None}}\n"}}, `spec.api.loadBalancer.class: without DNS, workers join through the load balancer's other ports`},
	},
	"access logs have a bucket": {
		one("      class: Network\n", "      class: Network\n      accessLog: {bucketPrefix: api}\n", `spec.api.loadBalancer.accessLog.bucket: access logs need a bucket`),
		one("      class: Network\n", "      class: Network\n      accessLog: {bucket: logs, interval: 5}\n", `spec.api.loadBalancer.accessLog.interval: a network load balancer has no interval`),
		one("      class: Network\n", "      class: Classic\n      accessLog: {bucket: logs, interval: 7}\n", `spec.api.loadBalancer.accessLog.interval: a Classic load balancer writes its log every 5 or every 60`),
	},
	"a load balancer has subnets": {
		{[]edit{{"type: Private", "type: Public"}, {"type: Private", "type: Public"}, {"type: Private", "type: Public"}, {"      type: Public\n", "      type: Internal\n"}},
			`spec.api.loadBalancer: an Internal load balancer needs a Private subnet`},
		{[]edit{{"type: Utility", "type: Private"}, {"type: Utility", "type: Private"}, {"type: Utility", "type: Private"}},
			`spec.topology.bastion.loadBalancer: a Public load balancer needs a Public or Utility subnet`},
	},
	"fixed addresses fit the load balancer": {
		one("      type: Public\n", "      type: Public\n      subnets: [{name: nowhere}]\n", `spec.api.loadBalancer.subnets[0].name: there is no subnet "nowhere"`),
		one("      type: Public\n", "      type: Public\n      subnets: [{name: utility-a}, {name: a}]\n", `spec.api.loadBalancer.subnets[1].name: subnets utility-a and a are both in zone eu-west-1a`),
		one("      type: Public\n", "      type: Public\n      subnets: [{name: utility-a, privateIPv4Address: 172.20.0.9}]\n",
			`spec.api.loadBalancer.subnets[0].privateIPv4Address: only an Internal load balancer has a fixed private address`),
		one("      type: Public\n", "      type: Internal\n      subnets: [{name: a, privateIPv4Address: 172.20.0.9}]\n",
			`spec.api.loadBalancer.subnets[0].privateIPv4Address: "172.20.0.9" is not an address of subnet a (172.20.32.0/19)`),
		one("      type: Public\n", "      type: Internal\n      subnets: [{name: a, allocationId: eipalloc-1}]\n",
			`spec.api.loadBalancer.subnets[0].allocationId: an Internal load balancer has no elastic IP`),
	},
	"security groups are given by id": {
		inNodes("additionalSecurityGroups: [default]", `spec.additionalSecurityGroups[0]: "default" should start with sg-`),
		inNodes("additionalSecurityGroups: [sg-1, sg-1]", `spec.additionalSecurityGroups[1]: sg-1 is listed twice`),
		inNodes("securityGroupOverride: mine", `spec.securityGroupOverride: "mine" should start with sg-`),
		one("      type: Public\n", "      securityGroupOverride: mine\n", `spec.api.loadBalancer.securityGroupOverride: "mine" should start with sg-`),
		one("      type: Public\n", "      additionalSecurityGroups: [mine]\n", `spec.api.loadBalancer.additionalSecurityGroups[0]: "mine" should start with sg-`),
	},
	"access lists hold ranges": {
		one("  - 10.0.0.0/8\n", "  - office\n", `spec.sshAccess[0]: "office" is not an address range`),
		one("  - 10.0.0.0/8\n", "  - 10.0.0.0/8\n  - 10.0.0.0/8\n", `spec.sshAccess[1]: 10.0.0.0/8 is listed twice`),
		in("nodePortAccess: [10.0.0.1/8]", `spec.nodePortAccess[0]: 10.0.0.1/8 has bits set behind its prefix`),
	},
	"node ports are ports": {
		in("kubeAPIServer: {serviceNodePortRange: 30000-70000}", `spec.kubeAPIServer.serviceNodePortRange: "30000-70000" is not a range of ports`),
	},
	"etcd clusters are known, and main is one": {
		one("  - name: events\n", "  - name: event\n", `spec.etcdClusters[1].name: "event" is not an etcd cluster of kops; use cilium, events, leases, main`),
		one("  - name: events\n", "  - name: main\n", `spec.etcdClusters[1].name: etcd cluster main is listed twice`),
		one("  - name: main\n", "  - name: leases\n", `spec.etcdClusters: there is no etcd cluster main`),
	},
	"tokens of service accounts can be verified": {
		in("serviceAccountIssuerDiscovery: {enableAWSOIDCProvider: true}", `spec.serviceAccountIssuerDiscovery.enableAWSOIDCProvider: AWS must be able to verify the tokens`),
		in("serviceAccountIssuerDiscovery: {enableAWSOIDCProvider: true, discoveryStore: gs://issuer/k}", `spec.serviceAccountIssuerDiscovery.discoveryStore: "gs://issuer/k" is not a bucket`),
		in("serviceAccountIssuerDiscovery: {enableAWSOIDCProvider: true, discoveryService: {url: 'http://issuer.example.com'}}", `spec.serviceAccountIssuerDiscovery: the issuer of the tokens would be "http://issuer.example.com"`),
		in("serviceAccountIssuerDiscovery: {enableAWSOIDCProvider: true, discoveryStore: s3://issuer/k}", `spec.serviceAccountIssuerDiscovery: AWS will verify tokens at https://issuer.s3.eu-west-1.amazonaws.com/k;`),
	},
	"roles of service accounts have a provider": {
		in("iam: {useServiceAccountExternalPermissions: true}", `spec.iam.useServiceAccountExternalPermissions: a role of a service account needs the cluster's OIDC provider`),
		in("iam: {serviceAccountExternalPermissions: [{name: a, namespace: b}]}", `spec.iam.serviceAccountExternalPermissions: a role of a service account needs the cluster's OIDC provider`),
	},
	"a service account has one set of permissions": {
		in("iam: {serviceAccountExternalPermissions: [{name: a}]}", `spec.iam.serviceAccountExternalPermissions[0]: a service account has a name and a namespace`),
		in("iam: {serviceAccountExternalPermissions: [{name: a, namespace: b}]}", `spec.iam.serviceAccountExternalPermissions[0].aws: permissions are written as inlinePolicy or as policyARNs`),
		in("iam: {serviceAccountExternalPermissions: [{name: a, namespace: b, aws: {policyARNs: [ReadOnly]}}]}", `spec.iam.serviceAccountExternalPermissions[0].aws.policyARNs[0]: "ReadOnly" should start with arn:`),
		in("iam: {serviceAccountExternalPermissions: [{name: a, namespace: b, aws: {inlinePolicy: '{}'}}]}", `spec.iam.serviceAccountExternalPermissions[0].aws.inlinePolicy: expected a JSON list of IAM statements`),
		in("iam: {serviceAccountExternalPermissions: [{name: a, namespace: 'b-*', aws: {policyARNs: ['arn:x']}}, {name: a, namespace: b-wildcard, aws: {policyARNs: ['arn:x']}}]}",
			`spec.iam.serviceAccountExternalPermissions[1]: spec.iam.serviceAccountExternalPermissions[0] has the role of b-wildcard/a already`),
		in("iam: {useServiceAccountExternalPermissions: true, serviceAccountExternalPermissions: [{name: dns-controller, namespace: kube-system, aws: {policyARNs: ['arn:x']}}]}",
			`spec.iam.serviceAccountExternalPermissions[0]: kops's add-on has the role of kube-system/dns-controller already`),
	},
	"etcd has an odd number of members": {
		one(memberA, "", `spec.etcdClusters[0].etcdMembers: etcd cluster main has 2 members and survives no more failures than with 1`),
		one("  - name: main\n    etcdMembers:\n", "  - name: main\n    etcdMembers: []\n  - name: leases\n    etcdMembers:\n", `spec.etcdClusters[0].etcdMembers: etcd cluster main has no members`),
		one(memberA, memberA+moreMembers(6), `spec.etcdClusters[0].etcdMembers: etcd cluster main has 9 members, and more than 7 only make it slower`),
	},
	"etcd members have names and groups": {
		one(memberA, "    - name: b\n      instanceGroup: master-a\n", `spec.etcdClusters[0].etcdMembers[1].name: two members of etcd cluster main are named b`),
		one(memberA, "    - name: A\n      instanceGroup: master-a\n", `spec.etcdClusters[0].etcdMembers[0].name: "A" cannot be part of a DNS name`),
		one(memberA, "    - name: a\n      instanceGroup: master-x\n", `spec.etcdClusters[0].etcdMembers[0].instanceGroup: there is no instance group "master-x"`),
		one(memberA, "    - name: a\n      instanceGroup: nodes\n", `spec.etcdClusters[0].etcdMembers[0].instanceGroup: group nodes has the role Node`),
		one(memberA, "    - name: a\n", `spec.etcdClusters[0].etcdMembers[0].instanceGroup: member a has no instance group`),
	},
	"no two members share a machine": {
		one(memberA, "    - name: a\n      instanceGroup: master-b\n", `spec.etcdClusters[0].etcdMembers[1].instanceGroup: members a and b of etcd cluster main are on one machine, group master-b`),
	},
	"every etcd cluster runs on every master": {
		one(memberA, "", `spec.etcdClusters[0].etcdMembers: control-plane group master-a has no member in etcd cluster main`),
	},
	"etcd clusters are run alike": {
		one("  - name: events\n", "  - name: events\n    version: 3.5.0\n", `spec.etcdClusters[1].version: etcd cluster events has version 3.5.0 and main has 3.6.12`),
		{[]edit{{"  - name: main\n", "  - name: main\n    version: 2.3.8\n"}, {"  - name: events\n", "  - name: events\n    version: 2.3.8\n"}},
			`spec.etcdClusters[0].version: etcd 2.3.8 is not supported`},
		one("  - name: main\n", "  - name: main\n    provider: Legacy\n", `spec.etcdClusters[0].provider: "Legacy" is not known here; use Manager`),
		{[]edit{{"  - name: main\n", "  - name: main\n    backups: {backupStore: s3://b/x}\n"}, {"  - name: events\n", "  - name: events\n    backups: {backupStore: s3://b/x}\n"}},
			`spec.etcdClusters[1].backups.backupStore: etcd clusters main and events would overwrite each other's backups`},
		one("  - name: main\n", "  - name: main\n    backups: {backupStore: /var/backups}\n", `spec.etcdClusters[0].backups.backupStore: "/var/backups" is not a bucket`),
	},
	"etcd volumes are possible": {
		one(memberA, memberA+"      volumeType: st1\n", `spec.etcdClusters[0].etcdMembers[0].volumeType: "st1" is not known here`),
		one(memberA, memberA+"      volumeSize: 70000\n", `spec.etcdClusters[0].etcdMembers[0].volumeSize: 70000 GiB is no size of a gp3 volume; use 1 to 65536`),
		one(memberA, memberA+"      volumeIops: 16000\n", `spec.etcdClusters[0].etcdMembers[0].volumeIops: 16000 IOPS need a larger gp3 volume than 20 GiB`),
		one(memberA, memberA+"      volumeType: io1\n      volumeIops: 2000\n", `spec.etcdClusters[0].etcdMembers[0].volumeIops: 2000 IOPS need a larger io1 volume than 20 GiB; it has at most 50 for each GiB`),
		one(memberA, memberA+"      volumeSize: 1000\n      volumeIops: 90000\n", `spec.etcdClusters[0].etcdMembers[0].volumeIops: no gp3 volume has more than 80000 IOPS`),
		one(memberA, memberA+"      volumeSize: 1000\n      volumeIops: 16000\n      volumeThroughput: 3000\n", `spec.etcdClusters[0].etcdMembers[0].volumeThroughput: no gp3 volume has more than 2000 MiB/s`),
		one(memberA, memberA+"      volumeThroughput: 1000\n", `spec.etcdClusters[0].etcdMembers[0].volumeThroughput: 1000 MiB/s need at least 4000 IOPS`),
		one(memberA, memberA+"      kmsKeyId: key\n", `spec.etcdClusters[0].etcdMembers[0].kmsKeyId: the key is used only on an encrypted volume`),
	},
	"masters are spread over zones": {
		one("subnets: [b]", "subnets: [a]", `spec.etcdClusters[0].etcdMembers: when zone eu-west-1a fails, 2 of the 3 members of etcd cluster main fail with it, the other 1 are no majority`),
	},
	"there are masters and other machines": {
		{[]edit{{"role: ControlPlane", "role: Node"}, {"role: ControlPlane", "role: Node"}, {"role: ControlPlane", "role: Node"}}, `metadata.name: the cluster has no control plane`},
		{[]edit{{"role: Node", "role: ControlPlane"}, {"role: Bastion", "role: ControlPlane"}}, `metadata.name: the cluster has no workers`},
	},
	"groups have names of their own": {
		one("  name: bastions\n", "  name: nodes\n", `metadata.name: group nodes is already described at k.yaml:`),
		one("  name: bastions\n", "  name: Bastions\n", `metadata.name: "Bastions" cannot be part of a DNS name`),
	},
	"the role of a group is known": {
		one("role: Node", "role: node", `spec.role: group nodes has the role "node", which is not known`),
	},
	"a control-plane group is one machine in one subnet": {
		one(masterA+"  image: ami-0123456789abcdef0\n  machineType: t3.medium\n  minSize: 1\n  maxSize: 1\n", masterA+"  minSize: 1\n  maxSize: 3\n",
			`spec.maxSize: control-plane group master-a has size 1 to 3 and must be exactly one machine`),
		one(masterA+"  image: ami-0123456789abcdef0\n  machineType: t3.medium\n  minSize: 1\n  maxSize: 1\n", masterA+"  minSize: 0\n  maxSize: 0\n",
			`spec.maxSize: control-plane group master-a has size 0 to 0 and must be exactly one machine`),
		one("subnets: [a]", "subnets: [a, b]", `spec.subnets: control-plane group master-a has 2 subnets and must have exactly one`),
		one("  subnets: [a]\n", "", `spec.subnets: control-plane group master-a has 0 subnets`),
	},
	"the size of a group is possible": {
		one("minSize: 3", "minSize: 7", `spec.maxSize: group nodes has minSize 7 above maxSize 6`),
		one("minSize: 3", "minSize: -1", `spec.minSize: group nodes has minSize -1`),
	},
	"the subnets of a group exist": {
		one("[a, b, c]", "[a, b, d]", `spec.subnets[2]: there is no subnet "d" in cluster k.example.com; name one of a, b, c, utility-a`),
		one("[a, b, c]", "[a, b, b]", `spec.subnets[2]: subnet b is listed twice`),
		{[]edit{{subnetLines, "  subnets: []\n"}, {"  subnets: [a, b, c]\n", ""}}, `spec.subnets: group nodes has no subnets`},
	},
	"the subnets of a group are of one sort": {
		one("[a, b, c]", "[a, b, utility-c]", `spec.subnets: group nodes mixes the Private subnet a with the Utility subnet utility-c`),
	},
	"API servers of their own need DNS": {
		{[]edit{{"role: Node", "role: APIServer"}, {"  cloudProvider: aws\n", "  cloudProvider: aws\n  topology: {dns: {type: None}}\n"}},
			`spec.role: APIServer groups find etcd by its DNS names`},
	},
	"the pace of rolling is a number or a share": {
		in("rollingUpdate: {maxSurge: many}", `spec.rollingUpdate.maxSurge: many is neither a number of machines nor a share`),
		inNodes("rollingUpdate: {maxUnavailable: -1}", `spec.rollingUpdate.maxUnavailable: -1 is neither a number of machines nor a share`),
	},
	"masters are not surged": {
		one("subnets: [a]", "subnets: [a]\n  rollingUpdate: {maxSurge: 1}", `spec.rollingUpdate.maxSurge: a second master of group master-a would find no volume`),
		inNodes("rollingUpdate: {maxSurge: 0%, maxUnavailable: 0}", `spec.rollingUpdate: with neither surge nor unavailability nothing can be replaced`),
	},
	"a group has an image": {
		one(masterA+"  image: ami-0123456789abcdef0\n", masterA, `spec.image: group master-a has no image`),
	},
	"machine types exist": {
		one("  machineType: t3.medium\n", "  machineType: large\n", `spec.machineType: "large" is not a machine type; write one such as t3.medium`),
		one("  machineType: t3.medium\n", "  machineType: t3.mediun\n", `spec.machineType: "t3.mediun" is not a machine type; did you mean t3.medium?`),
		one("  machineType: t3.medium\n", "  machineType: m19i.large\n", `spec.machineType: "m19i.large" is not among the machine types known to this version`),
		inNodes("mixedInstancesPolicy: {instances: [m5.large, big]}", `spec.mixedInstancesPolicy.instances[1]: "big" is not a machine type`),
	},
	"an image runs on the machine types of its group": {
		{[]edit{{"image: ami-0123456789abcdef0", "image: ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20251001"}},
			`spec.machineType: image ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20251001 is for arm64, and a t3.medium is x86_64`},
		{[]edit{{"image: ami-0123456789abcdef0", "image: al2023-ami-2023.8.20260801.0-kernel-6.12-x86_64"}, {"machineType: t3.medium", "machineType: t4g.medium"}},
			`spec.machineType: image al2023-ami-2023.8.20260801.0-kernel-6.12-x86_64 is for x86_64, and a t4g.medium is arm64`},
		inNodes("mixedInstancesPolicy: {instances: [m5.large, m6g.large]}", `spec.mixedInstancesPolicy.instances[1]: a m6g.large is arm64 and a t3.medium is x86_64, and no image runs on both`),
	},
	"the machines of a group all have a graphics processor or none": {
		inNodes("mixedInstancesPolicy: {instances: [m5.large, g4dn.xlarge]}", `spec.mixedInstancesPolicy.instances[1]: a g4dn.xlarge has 1 graphics processors and a t3.medium has 0`),
	},
	"unlimited CPU credits are for burstable machines": {
		{[]edit{{"machineType: t3.medium", "machineType: m5.large\n  cpuCredits: unlimited"}}, `spec.cpuCredits: a m5.large has no CPU credits`},
	},
	"disks are possible": {
		inNodes("rootVolumeType: nvme", `spec.rootVolumeType: "nvme" is not known here`),
		inNodes("rootVolumeSize: -1", `spec.rootVolumeSize: -1 GiB is no size of a gp3 volume`),
		inNodes("volumes: [{device: /dev/xvdd}]", `spec.volumes[0].size: 0 GiB is no size of a gp3 volume; use 1 to 65536`),
		inNodes("volumes: [{size: 1}]", `spec.volumes[0].device: every volume needs a device of its own`),
		inNodes("volumes: [{device: d, size: 1}, {device: d, size: 1, type: x}]", `spec.volumes[1].type: "x" is not known here`),
	},
	"instance profiles are given by ARN": {
		inNodes("iam: {profile: mine}", `spec.iam.profile: "mine" is not the ARN of an instance profile`),
		{[]edit{{"subnets: [a]", "subnets: [a]\n  iam: {profile: \"arn:aws:iam::1:instance-profile/p\"}"}, {"subnets: [a, b, c]", "subnets: [a, b, c]\n  iam: {profile: \"arn:aws:iam::1:instance-profile/p\"}"}},
			`spec.iam.profile: the profile serves group master-a, which has another role`},
	},
	"labels and taints are readable": {
		one("dedicated=batch:NoSchedule", "dedicated=batch", `spec.taints[0]: "dedicated=batch" is not a taint`),
		one("[dedicated=batch:NoSchedule]", "[a:NoExecute, a:NoExecute]", `spec.taints[1]: taint a:NoExecute is listed twice`),
		one("{pool: general}", "{a/b/c: general}", `spec.nodeLabels["a/b/c"]: "a/b/c" is not a label`),
	},
	"machine settings are values of EC2": {
		inNodes("instanceMetadata: {httpTokens: never}", `spec.instanceMetadata.httpTokens: "never" is not known here; use optional, required`),
		inNodes("instanceMetadata: {httpPutResponseHopLimit: 65}", `spec.instanceMetadata.httpPutResponseHopLimit: 65 is no hop limit`),
		inNodes("cpuCredits: all", `spec.cpuCredits: "all" is not known here`),
		inNodes("tenancy: shared", `spec.tenancy: "shared" is not known here`),
		inNodes("manager: Other", `spec.manager: "Other" is not known here`),
		inNodes("maxInstanceLifetime: 1h", `spec.maxInstanceLifetime: AWS replaces machines at most once a day`),
	},
	"external load balancers are named in one way": {
		inNodes("externalLoadBalancers: [{targetGroupArn: tg}]", `spec.externalLoadBalancers[0].targetGroupArn: "tg" should start with arn:`),
		inNodes("externalLoadBalancers: [{}]", `spec.externalLoadBalancers[0]: a load balancer needs either loadBalancerName`),
		inNodes("externalLoadBalancers: [{loadBalancerName: a, targetGroupArn: \"arn:b\"}]", `spec.externalLoadBalancers[0]: a load balancer needs either loadBalancerName`),
		inNodes("externalLoadBalancers: [{loadBalancerName: "+strings.Repeat("a", 33)+"}]", `spec.externalLoadBalancers[0].loadBalancerName: no load balancer has a name of more than 32`),
	},
	"a NAT gateway has an address of its own": {
		one("{name: a,", "{name: a, publicIP: here,", `spec.subnets[0].publicIP: "here" is no IPv4 address`),
		{[]edit{{"{name: a,", "{name: a, publicIP: 203.0.113.1,"}, {"{name: b,", "{name: b, publicIP: 203.0.113.1,"}},
			`spec.subnets[1].publicIP: 203.0.113.1 is already the address of the NAT gateway of zone eu-west-1a`},
		one("{name: b, zone: eu-west-1b,", "{name: b, zone: eu-west-1a, publicIP: 203.0.113.1,", `spec.subnets[1].publicIP: the subnets of zone eu-west-1a share a NAT gateway`),
		one("{name: a,", "{name: a, publicIP: 203.0.113.1, egress: nat-1,", `the NAT gateway of zone eu-west-1a has its address from egress nat-1`),
		one("{name: utility-a,", "{name: utility-a, publicIP: 203.0.113.1,", `subnet utility-a needs no NAT gateway`),
	},
	"warm pools are possible": {
		{[]edit{{"  role: ControlPlane\n", "  role: ControlPlane\n  warmPool: {minSize: 1}\n"}}, `spec.warmPool: group master-a has the role ControlPlane, and only Node and APIServer groups`},
		inNodes("warmPool: {maxSize: 1}\n  mixedInstancesPolicy: {instances: [t3.large]}", `spec.warmPool: AWS keeps no warm pool for group nodes, which has a mixedInstancesPolicy`),
		inNodes("warmPool: {}\n  maxPrice: \"0.1\"", `spec.warmPool: AWS keeps no warm pool for group nodes, whose machines are spot machines`),
		inNodes("warmPool: {minSize: -1}", `spec.warmPool.minSize: a pool of -1 machines is none`),
		inNodes("warmPool: {minSize: 2, maxSize: 1}", `spec.warmPool.maxSize: the warm pool of group nodes has maxSize 1 below minSize 2`),
		{[]edit{{"  cloudProvider: aws\n", "  cloudProvider: aws\n  warmPool: {minSize: 2}\n"}, {"  minSize: 3\n  maxSize: 6\n", "  minSize: 3\n  maxSize: 6\n  warmPool: {maxSize: 1}\n"}},
			`spec.warmPool.maxSize: the warm pool of group nodes has maxSize 1 below minSize 2`},
	},
	"a hook waits as long as AWS allows": {
		inNodes("warmPool: {enableLifecycleHook: true, lifecycleHookTimeout: 10}", `spec.warmPool.lifecycleHookTimeout: 10 s is more or less than AWS lets a machine wait`),
	},
	"a policy of several instance types is possible": {
		inNodes("mixedInstancesPolicy: {onDemandAllocationStrategy: cheapest}", `spec.mixedInstancesPolicy.onDemandAllocationStrategy: "cheapest" is not known here`),
		inNodes("mixedInstancesPolicy: {spotAllocationStrategy: cheapest}", `spec.mixedInstancesPolicy.spotAllocationStrategy: "cheapest" is not known here`),
		inNodes("mixedInstancesPolicy: {onDemandBase: 7}", `spec.mixedInstancesPolicy.onDemandBase: 7 machines on demand are not between 0 and maxSize 6`),
		inNodes("mixedInstancesPolicy: {onDemandAboveBase: 101}", `spec.mixedInstancesPolicy.onDemandAboveBase: 101 is no percentage`),
		inNodes("mixedInstancesPolicy: {spotInstancePools: 21}", `spec.mixedInstancesPolicy.spotInstancePools: AWS spreads spot machines over 1 to 20 pools, not over 21`),
		inNodes("mixedInstancesPolicy: {spotInstancePools: 3, spotAllocationStrategy: diversified}", `spec.mixedInstancesPolicy.spotInstancePools: only the strategy lowest-price has a number of pools`),
		inNodes("mixedInstancesPolicy: {instances: [m5.large, m5.large]}", `spec.mixedInstancesPolicy.instances[1]: type m5.large is listed twice`),
		inNodes("mixedInstancesPolicy: {instances: [m5.large], instanceRequirements: {cpu: {min: \"2\"}}}", `spec.mixedInstancesPolicy.instanceRequirements: AWS takes either instances or requirements`),
		inNodes("mixedInstancesPolicy: {instanceRequirements: {cpu: {min: \"-2\"}}}", `spec.mixedInstancesPolicy.instanceRequirements.cpu: no machine has less cpu than none`),
		inNodes("mixedInstancesPolicy: {instanceRequirements: {memory: {min: 4Gi, max: 2Gi}}}", `spec.mixedInstancesPolicy.instanceRequirements.memory.max: the most is below the least; raise it to 4096 or more`),
	},
	"spot machines are asked for in full": {
		inNodes("instanceInterruptionBehavior: sleep", `spec.instanceInterruptionBehavior: "sleep" is not known here`),
		inNodes("maxPrice: cheap", `spec.maxPrice: "cheap" is no price`),
		inNodes("maxPrice: \"-1\"", `spec.maxPrice: "-1" is no price`),
		inNodes("spotDurationInMinutes: 90", `spec.spotDurationInMinutes: 90 minutes are not 60`),
		inNodes("spotDurationInMinutes: 60", `spec.maxPrice: spotDurationInMinutes and instanceInterruptionBehavior do nothing without maxPrice`),
	},
	"masters are not taken back": {
		one(masterA, masterA+"  maxPrice: \"0.1\"\n", `spec.maxPrice: AWS may take the master of group master-a back`),
		one(masterA, masterA+"  mixedInstancesPolicy: {onDemandAboveBase: 0}\n", `spec.maxPrice: AWS may take the master of group master-a back`),
	},
	"machines of their own host have a type that can": {
		one("  machineType: t3.medium\n  minSize: 3\n", "  machineType: t2.medium\n  tenancy: dedicated\n  minSize: 3\n", `spec.tenancy: a t2.medium cannot have a host of its own`),
	},
	"additional user data is complete": {
		inNodes("additionalUserData: [{name: a, type: text/plain, content: \""+strings.Repeat("x", 16384)+"\"}]", `spec.additionalUserData: the machines of group nodes would boot from`),
		inNodes("additionalUserData: [{name: a, content: b}]", `spec.additionalUserData[0]: a part of the user data needs name, content, and a type`),
	},
}

const subnetLines = `  subnets:
  - {name: a, zone: eu-west-1a, type: Private, cidr: 172.20.32.0/19}
  - {name: b, zone: eu-west-1b, type: Private, cidr: 172.20.64.0/19}
  - {name: c, zone: eu-west-1c, type: Private, cidr: 172.20.96.0/19}
  - {name: utility-a, zone: eu-west-1a, type: Utility, cidr: 172.20.0.0/22}
  - {name: utility-b, zone: eu-west-1b, type: Utility, cidr: 172.20.4.0/22}
  - {name: utility-c, zone: eu-west-1c, type: Utility, cidr: 172.20.8.0/22}
`

// hops names versions on the way.
func hops(versions, want string) ruleCase {
	return one("  name: k.example.com\n", "  name: k.example.com\n  annotations: {quorate.dev/hop-versions: \""+versions+"\"}\n", `metadata.annotations["quorate.dev/hop-versions"]: `+want)
}

// onGroup adds an annotation to a group.
func onGroup(name, annotation, want string) ruleCase {
	return one("  name: "+name+"\n", "  name: "+name+"\n  annotations: {"+annotation+"}\n", want)
}

func alarmsTo(topic, want string) ruleCase {
	return one("  name: k.example.com\n", "  name: k.example.com\n  annotations: {quorate.dev/alarms-topic: \""+topic+"\"}\n", `metadata.annotations["quorate.dev/alarms-topic"]: `+want)
}

// scheduledAs gives the workers a schedule.
func scheduledAs(schedule, want string) ruleCase {
	return onGroup("nodes", `quorate.dev/scaling-schedule: "`+schedule+`"`, `metadata.annotations["quorate.dev/scaling-schedule"]: "`+schedule+`": `+want)
}

// everywhere replaces a text in all documents.
func everywhere(before, after, want string) ruleCase {
	return ruleCase{[]edit{{"*" + before, after}}, want}
}

func manyLabels(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "    label-%d: x\n", i)
	}
	return b.String()
}

func moreMembers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "    - name: x%d\n      instanceGroup: x%d\n", i, i)
	}
	return b.String()
}

// apply fails if there is nothing to edit: a case that changes nothing would test nothing.
func apply(t *testing.T, manifest string, edits []edit) string {
	t.Helper()
	for _, e := range edits {
		old, all := strings.CutPrefix(e.old, "*")
		switch {
		case old == "":
			manifest += e.new
		case !strings.Contains(manifest, old):
			t.Fatalf("the manifest has no %q to edit", old)
		case all:
			manifest = strings.ReplaceAll(manifest, old, e.new)
		default:
			manifest = strings.Replace(manifest, old, e.new, 1)
		}
	}
	return manifest
}

// TestEveryRuleFindsItsMistakes runs each rule alone on a manifest with a mistake. That the good manifest has
// none is the business of the golden files.
func TestEveryRuleFindsItsMistakes(t *testing.T) {
	good := string(readFile(t, "testdata/clusters/private.yaml"))
	known := map[string]bool{}
	for _, rule := range rules {
		known[rule.name] = true
		if len(cases[rule.name]) == 0 {
			t.Errorf("no case for the rule that %s", rule.name)
		}
		for _, c := range cases[rule.name] {
			t.Run(rule.name+"/"+c.want, func(t *testing.T) {
				var found report
				for _, m := range assemble([]File{{"k.yaml", []byte(apply(t, good, c.edits))}}, &report{}) {
					rule.check(m, &found)
				}
				if !strings.Contains(listProblems(found.problems), ": "+c.want) {
					t.Errorf("want %q, got:\n%s", c.want, listProblems(found.problems))
				}
			})
		}
	}
	for name := range cases {
		if !known[name] {
			t.Errorf("there are cases for %q, which is no rule", name)
		}
	}
}

func TestRulesHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, rule := range rules {
		if seen[rule.name] {
			t.Errorf("two rules say that %s", rule.name)
		}
		seen[rule.name] = true
	}
}
