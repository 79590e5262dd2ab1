package desired

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"

	"github.com/quorate/quorate/desired/kopsspec"
)

// reach says which machines a field of the manifest shapes beyond what the node configuration says in
// words. A change of the field makes new machines of those, and of no others.
type reach struct {
	roles []kopsspec.Role
	// part keeps of a value what matters to a machine, nil if nothing does; without a part, all of it does.
	part func(any) any
}

var (
	nowhere    = reach{}
	machines   = reach{roles: []kopsspec.Role{kopsspec.ControlPlane, kopsspec.APIServer, kopsspec.Node}}
	apiServers = reach{roles: []kopsspec.Role{kopsspec.ControlPlane, kopsspec.APIServer}}
	masters    = reach{roles: []kopsspec.Role{kopsspec.ControlPlane}}
)

// of narrows a reach to a part of the value.
func (r reach) of(part func(any) any) reach { return reach{r.roles, part} }

// clusterFields has every field of a cluster's spec that kops knows. What shapes AWS directly, and what
// only configures add-ons inside the cluster, reaches no machine.
var clusterFields = map[string]reach{
	"DisableSubnetTags":             nowhere,
	"additionalNetworkCIDRs":        nowhere,
	"additionalPolicies":            nowhere,
	"additionalSans":                apiServers,
	"addons":                        nowhere,
	"api":                           nowhere,
	"assets":                        machines,
	"authentication":                apiServers,
	"authorization":                 apiServers,
	"awsLoadBalancerController":     nowhere,
	"certManager":                   nowhere,
	"channel":                       nowhere,
	"cloudConfig":                   apiServers,
	"cloudControllerManager":        nowhere,
	"cloudLabels":                   nowhere,
	"cloudProvider":                 nowhere,
	"clusterAutoscaler":             nowhere,
	"clusterDNSDomain":              machines,
	"configBase":                    nowhere,
	"configStore":                   nowhere,
	"containerRuntime":              machines,
	"containerd":                    machines,
	"dnsControllerGossipConfig":     nowhere,
	"dnsZone":                       nowhere,
	"docker":                        nowhere,
	"egressProxy":                   machines,
	"encryptionConfig":              apiServers,
	"etcdClusters":                  masters.of(etcdSettings),
	"externalDns":                   nowhere,
	"externalPolicies":              nowhere,
	"fileAssets":                    machines,
	"gossipConfig":                  nowhere,
	"hooks":                         machines,
	"iam":                           nowhere,
	"isolateMasters":                nowhere,
	"karpenter":                     nowhere,
	"keyStore":                      nowhere,
	"kubeAPIServer":                 apiServers,
	"kubeControllerManager":         masters,
	"kubeDNS":                       machines.of(dnsSettings),
	"kubeProxy":                     machines,
	"kubeScheduler":                 masters,
	"kubelet":                       machines,
	"kubernetesApiAccess":           nowhere,
	"kubernetesVersion":             nowhere,
	"masterInternalName":            nowhere,
	"masterKubelet":                 apiServers,
	"masterPublicName":              apiServers,
	"metricsServer":                 nowhere,
	"networkCIDR":                   nowhere,
	"networkID":                     nowhere,
	"networking":                    machines.of(names),
	"nodeAuthorization":             machines,
	"nodePortAccess":                nowhere,
	"nodeProblemDetector":           nowhere,
	"nodeTerminationHandler":        nowhere,
	"nonMasqueradeCIDR":             machines,
	"ntp":                           machines,
	"packages":                      machines,
	"podCIDR":                       machines,
	"podIdentityWebhook":            nowhere,
	"project":                       nowhere,
	"rollingUpdate":                 nowhere,
	"secretStore":                   nowhere,
	"serviceAccountIssuerDiscovery": nowhere,
	"serviceClusterIPRange":         machines,
	"snapshotController":            nowhere,
	"sshAccess":                     nowhere,
	"sshKeyName":                    nowhere,
	"subnets":                       nowhere,
	"sysctlParameters":              machines,
	"target":                        nowhere,
	"topology":                      nowhere,
	"updatePolicy":                  machines,
	"useHostCertificates":           machines,
	"warmPool":                      nowhere,
}

// groupFields are the fields of an instance group that reach its machines; all others shape AWS.
var groupFields = map[string]reach{
	"containerd":       machines,
	"fileAssets":       machines,
	"hooks":            machines,
	"kubelet":          machines,
	"nodeLabels":       machines,
	"packages":         machines,
	"sysctlParameters": machines,
	"taints":           machines,
	"updatePolicy":     machines,
	"volumeMounts":     machines,
}

// etcdSettings are the settings of etcd's processes. Members and backups are in the node configuration,
// and a volume grows without its machine noticing.
func etcdSettings(value any) any {
	var settings []any
	list, _ := value.([]any)
	for _, e := range list {
		cluster, _ := e.(map[string]any)
		cluster = maps.Clone(cluster)
		maps.DeleteFunc(cluster, func(name string, _ any) bool { return name == "etcdMembers" || name == "backups" })
		settings = append(settings, cluster)
	}
	return settings
}

// dnsSettings are what the kubelet is told of the cluster's DNS; the rest configures the DNS pods.
func dnsSettings(value any) any {
	settings, _ := value.(map[string]any)
	settings = maps.Clone(settings)
	maps.DeleteFunc(settings, func(name string, _ any) bool {
		return name != "domain" && name != "serverIP" && name != "nodeLocalDNS"
	})
	if len(settings) == 0 {
		return nil
	}
	return settings
}

// names keeps of the network plugin which one it is: its settings go into the cluster and not onto machines.
func names(value any) any {
	settings, _ := value.(map[string]any)
	return slices.Sorted(maps.Keys(settings))
}

// specHash stands for everything in the manifest that shapes the machines of a group and has no field in
// the node configuration. encoding/json sorts the keys of maps, so that equal settings have equal hashes.
func (m manifest) specHash(g kopsspec.InstanceGroup) string {
	settings := [2]map[string]any{reaching(g.Role(), m.Raw, clusterFields), reaching(g.Role(), g.Raw, groupFields)}
	text, err := json.Marshal(settings)
	if err != nil {
		panic("a decoded manifest is plain data: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

func reaching(role kopsspec.Role, raw map[string]any, fields map[string]reach) map[string]any {
	settings := map[string]any{}
	for name, value := range raw {
		r := fields[name]
		if !slices.Contains(r.roles, role) {
			continue
		}
		if r.part != nil {
			value = r.part(value)
		}
		if value != nil {
			settings[name] = value
		}
	}
	return settings
}
