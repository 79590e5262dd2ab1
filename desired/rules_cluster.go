package desired

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/quorate/quorate/desired/kopsspec"
)

var clusterRules = []rule{
	{"the cluster's name is a DNS name", clusterNameRule},
	{"the cloud is AWS", cloudRule},
	{"the Kubernetes version is a version", versionRule},
	{"the Kubernetes version is supported", supportedVersionRule},
	{"the state store is a bucket", stateStoreRule},
	{"there is one network plugin", pluginRule},
	{"the kind of DNS is known", dnsRule},
	{"tags of kops are not overwritten", cloudLabelsRule},
	{"tags are tags of AWS", tagRule},
	{"there is one readable SSH key", sshKeyRule},
	{"policies are for roles and readable", policyRule},
}

var (
	dnsLabel = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	version  = regexp.MustCompile(`^v?1\.[0-9]+\.[0-9]+([-+].+)?$`)
)

// maxDomainName is the length that DNS allows (RFC 1035).
const maxDomainName = 253

func clusterNameRule(m manifest, r *report) {
	const path = "metadata.name"
	name := m.Name()
	none := !m.publishesDNS()
	labels := strings.Split(name, ".")
	switch {
	case name == "":
		// assemble has said so
	case len(name) > maxDomainName || slices.ContainsFunc(labels, func(l string) bool { return !dnsLabel.MatchString(l) }):
		r.errorf(m.Source, path, "%q is not a DNS name; use lower-case letters, digits, dashes and dots", name)
	case len(labels) == 1 && !none:
		r.errorf(m.Source, path, "%q has no dot; use a name inside a hosted zone, or topology.dns.type None", name)
	case strings.HasSuffix(name, ".k8s.local") && !none:
		r.errorf(m.Source, path, "a name ending in .k8s.local has no hosted zone; set topology.dns.type to None")
	}
}

func cloudRule(m manifest, r *report) {
	if c := m.Spec.CloudProvider; c != "aws" {
		r.errorf(m.Source, "spec.cloudProvider", "the cloud is %q, and only aws is supported; write cloudProvider: aws", c)
	}
}

func versionRule(m manifest, r *report) {
	if v := m.Spec.KubernetesVersion; !version.MatchString(v) {
		r.errorf(m.Source, "spec.kubernetesVersion", "%q is not a Kubernetes version; write one such as v1.34.2", v)
	}
}

func stateStoreRule(m manifest, r *report) {
	base := strings.TrimSuffix(m.Spec.ConfigBase, "/")
	if _, ok := parseStore(base, "-"); !ok {
		r.errorf(m.Source, "spec.configBase", "%q is not a state store; write s3://BUCKET/%s", m.Spec.ConfigBase, m.Name())
		return
	}
	for path, store := range map[string]string{"keyStore": m.Spec.KeyStore, "secretStore": m.Spec.SecretStore} {
		want := base + map[string]string{"keyStore": "/pki", "secretStore": "/secrets"}[path]
		if store != "" && strings.TrimSuffix(store, "/") != want {
			r.errorf(m.Source, "spec."+path, "a store outside of configBase is not supported yet; remove the field or write %s", want)
		}
	}
}

// plugins are the network plugins that kops still runs on AWS.
var plugins = []string{"amazonvpc", "calico", "cilium", "cni", "external", "flannel", "kindnet", "kopeio", "kubenet", "kuberouter"}

func pluginRule(m manifest, r *report) {
	chosen := m.Spec.Networking.Plugins
	switch {
	case len(chosen) == 0:
		r.errorf(m.Source, "spec.networking", "no network plugin is chosen; write one of %s, such as cilium: {}", strings.Join(plugins, ", "))
	case len(chosen) > 1:
		r.errorf(m.Source, "spec.networking", "%s are chosen; keep one network plugin", strings.Join(chosen, " and "))
	case !slices.Contains(plugins, chosen[0]):
		r.errorf(m.Source, "spec.networking."+chosen[0], "kops no longer runs %s on AWS; choose one of %s", chosen[0], strings.Join(plugins, ", "))
	}
}

func dnsRule(m manifest, r *report) {
	oneOf(r, m.Source, "spec.topology.dns.type", m.Spec.Topology.DNS.Type, "Public", "Private", "None")
}

// oneOf complains about a word that is not among the known ones; an empty word was not written.
func oneOf(r *report, s kopsspec.Source, path, word string, known ...string) {
	if word != "" && !slices.Contains(known, word) {
		r.errorf(s, path, "%q is not known here; use %s", word, strings.Join(known, ", "))
	}
}

func cloudLabelsRule(m manifest, r *report) {
	checkLabels(r, m.Source, m.Spec.CloudLabels, "")
	for _, g := range m.groups {
		checkLabels(r, g.Source, g.Spec.CloudLabels, g.Name())
	}
}

// ownTagPrefixes start the keys of tags whose values kops lives on.
var ownTagPrefixes = []string{"kubernetes.io/cluster/", "k8s.io/role/", "kops.k8s.io/"}

func checkLabels(r *report, s kopsspec.Source, labels map[string]string, group string) {
	for key, value := range labels {
		own := key == "Name" || key == "KubernetesCluster" ||
			slices.ContainsFunc(ownTagPrefixes, func(p string) bool { return strings.HasPrefix(key, p) })
		named := key == "kops.k8s.io/instancegroup" && group != "" && value == group
		if own && !named {
			r.errorf(s, entry("spec.cloudLabels", key), "kops writes the tag %s itself; remove it from cloudLabels", key)
		}
	}
}

// entry is the path of a key of a mapping, as kopsspec writes it.
func entry(path, key string) string { return kopsspec.Join(path, key) }

// item is the path of an element of a list.
func item(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

func sshKeyRule(m manifest, r *report) {
	for i, k := range m.keys {
		if key, err := parsePublicKey(k.Spec.PublicKey); err != nil {
			r.errorf(k.Source, "spec.publicKey", "this is not a public key: %v", err)
		} else if problem := key.problem(); problem != "" {
			r.errorf(k.Source, "spec.publicKey", "%s", problem)
		}
		if i > 0 {
			r.errorf(k.Source, "metadata.name", "AWS machines take one SSH key, and the cluster has %d; keep one", len(m.keys))
		}
	}
}

func policyRule(m manifest, r *report) {
	keys := map[string]bool{}
	for _, role := range machineRoles {
		for _, key := range role.keys {
			keys[key] = true
		}
	}
	known := strings.Join(slices.Sorted(maps.Keys(keys)), ", ")
	for key, text := range m.Spec.AdditionalPolicies {
		path := entry("spec.additionalPolicies", key)
		if !keys[key] {
			r.errorf(m.Source, path, "%q is not a role here; use %s", key, known)
		} else if statements, err := parseStatements(text); err != nil {
			r.errorf(m.Source, path, "expected a JSON list of IAM statements: %v", err)
		} else {
			checkStatements(r, m.Source, path, statements)
		}
	}
	for key, arns := range m.Spec.ExternalPolicies {
		path := entry("spec.externalPolicies", key)
		if !keys[key] {
			r.errorf(m.Source, path, "%q is not a role here; use %s", key, known)
		}
		for i, arn := range arns {
			requirePrefix(r, m.Source, fmt.Sprintf("%s[%d]", path, i), arn, "arn:")
		}
	}
	if b := m.Spec.IAM.PermissionsBoundary; b != "" {
		requirePrefix(r, m.Source, "spec.iam.permissionsBoundary", b, "arn:")
	}
}

// requirePrefix complains about an id of the wrong sort.
func requirePrefix(r *report, s kopsspec.Source, path, id string, prefixes ...string) {
	if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(id, p) }) {
		r.errorf(s, path, "%q should start with %s", id, strings.Join(prefixes, ", "))
	}
}
