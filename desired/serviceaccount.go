package desired

import (
	"slices"
	"strings"

	"github.com/quorate/quorate/topology"
)

// serviceAccount is a service account that has a role of its own.
type serviceAccount struct {
	name, namespace string
	managed         []string    // ARNs of policies
	inline          []statement // for kops's add-ons
	written         []any       // statements of the manifest
}

// serviceAccounts are those of the manifest and, if it asks for it, those of the add-ons that kops runs.
func (m manifest) serviceAccounts() []serviceAccount {
	var accounts []serviceAccount
	if m.Spec.IAM.UseServiceAccountExternalPermissions {
		accounts = m.addons()
	}
	for _, e := range m.Spec.IAM.ServiceAccountExternalPermissions {
		account := serviceAccount{name: e.Name, namespace: e.Namespace, managed: slices.Sorted(slices.Values(e.AWS.PolicyARNs))}
		if e.AWS.InlinePolicy != "" {
			account.written, _ = parseStatements(e.AWS.InlinePolicy)
		}
		accounts = append(accounts, account)
	}
	return accounts
}

// addons are the add-ons of kops that call AWS.
func (m manifest) addons() []serviceAccount {
	spec := m.Spec
	accounts := []serviceAccount{m.addon("aws-cloud-controller-manager", func(p *permissions) { p.addCloudController(m) })}
	if driver := spec.CloudConfig.AWSEBSCSIDriver; unlessFalse(driver.Enabled) && unlessFalse(driver.Managed) {
		accounts = append(accounts, m.addon("ebs-csi-controller-sa", func(p *permissions) { p.addVolumeDriver(m) }))
	}
	if name := m.dnsPublisher(); name != "" {
		accounts = append(accounts, m.addon(name, func(p *permissions) { p.statements = m.dnsStatements() }))
	}
	if m.nthQueue() {
		accounts = append(accounts, m.addon("aws-node-termination-handler", (*permissions).addTerminationHandler))
	}
	if spec.AWSLoadBalancerController.Enabled {
		accounts = append(accounts, m.addon("aws-load-balancer-controller", func(p *permissions) { p.addLoadBalancerController(m) }))
	}
	if spec.ClusterAutoscaler.Enabled {
		accounts = append(accounts, m.addon("cluster-autoscaler", func(p *permissions) { p.addAutoscaler(m) }))
	}
	if c := spec.CertManager; c.Enabled && unlessFalse(c.Managed) && len(c.HostedZoneIDs) > 0 {
		accounts = append(accounts, serviceAccount{name: "cert-manager", namespace: "cert-manager", inline: m.challengeStatements()})
	}
	return accounts
}

func (m manifest) addon(name string, grant func(*permissions)) serviceAccount {
	var p permissions
	grant(&p)
	return serviceAccount{name: name, namespace: "kube-system", inline: p.all(m)}
}

func unlessFalse(b *bool) bool { return b == nil || *b }

// dnsPublisher is the add-on that keeps the records of services and machines; empty if none does.
func (m manifest) dnsPublisher() string {
	switch dns := m.Spec.ExternalDNS; {
	case !m.publishesDNS() || dns.Disable || dns.Provider == "none":
		return ""
	case dns.Provider == "external-dns":
		return "external-dns"
	}
	return "dns-controller"
}

// challengeStatements let cert-manager prove by DNS records that names are ours.
func (m manifest) challengeStatements() []statement {
	var zones []string
	for _, id := range m.Spec.CertManager.HostedZoneIDs {
		zones = append(zones, m.arn("route53:::hostedzone/"+id))
	}
	return []statement{
		allow(actions("route53", "ChangeResourceRecordSets", "ListResourceRecordSets"), nil, zones...),
		allow(actions("route53", "GetChange"), nil, m.arn("route53:::change/*")),
		allow(actions("route53", "ListHostedZonesByName"), nil, "*"),
	}
}

// accountRoles are the roles of the service accounts.
func (m manifest) accountRoles() []topology.IAMRole {
	var roles []topology.IAMRole
	for _, a := range m.serviceAccounts() {
		name := topology.AccountRoleName(a.name, a.namespace, m.Name())
		provider := topology.OIDCProviderRef(m.issuer())
		role := topology.IAMRole{
			Name:                name,
			TrustPolicy:         document(a.trust(provider)),
			Provider:            provider,
			ManagedPolicies:     slices.Compact(a.managed),
			PermissionsBoundary: m.Spec.IAM.PermissionsBoundary,
			Tags: m.tags(name).With(topology.Tags{
				topology.TagAccountName: wildcards(a.name), topology.TagAccountSpace: wildcards(a.namespace),
			}),
			Ownership: topology.Owned,
		}
		if len(a.written) > 0 {
			role.InlinePolicies = []topology.InlinePolicy{{Name: name, Document: document(a.written...)}}
		} else if len(a.inline) > 0 {
			role.InlinePolicies = []topology.InlinePolicy{{Name: name, Document: document(a.inline...)}}
		}
		roles = append(roles, role)
	}
	return roles
}

// wildcards writes out what AWS takes in no tag.
func wildcards(name string) string { return strings.ReplaceAll(name, "*", "wildcard") }

// trust lets the pods of the account assume its role, by the tokens that the provider vouches for.
func (a serviceAccount) trust(provider topology.Ref) statement {
	subject := "system:serviceaccount:" + a.namespace + ":" + a.name
	operator := "StringEquals"
	if strings.Contains(subject, "*") {
		operator = "StringLike"
	}
	return statement{
		Effect:    "Allow",
		Principal: map[string]string{"Federated": provider.String()},
		Action:    []string{"sts:AssumeRoleWithWebIdentity"},
		Condition: conditions{operator: {provider.Name + ":sub": subject}},
	}
}
