package desired

import (
	"fmt"
	"net/url"
)

var accountRules = []rule{
	{"tokens of service accounts can be verified", issuerRule},
	{"roles of service accounts have a provider", providerRule},
	{"a service account has one set of permissions", accountRule},
}

const discoveryPath = "spec.serviceAccountIssuerDiscovery"

func issuerRule(m manifest, r *report) {
	discovery := m.Spec.ServiceAccountIssuerDiscovery
	if !discovery.EnableAWSOIDCProvider {
		return
	}
	issuer := m.issuer()
	u, err := url.Parse(issuer)
	switch {
	case issuer == "" && discovery.DiscoveryStore != "":
		r.errorf(m.Source, discoveryPath+".discoveryStore", "%q is not a bucket; write s3://BUCKET/%s", discovery.DiscoveryStore, m.Name())
	case issuer == "":
		r.errorf(m.Source, discoveryPath+".enableAWSOIDCProvider", "AWS must be able to verify the tokens; set discoveryStore to a bucket that everybody can read")
	case err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "":
		r.errorf(m.Source, discoveryPath, "the issuer of the tokens would be %q; AWS takes an https URL without a query", issuer)
	default:
		r.warnf(m.Source, discoveryPath, "AWS will verify tokens at %s; the documents there are not published by this product, and if the address is wrong, set kubeAPIServer.serviceAccountIssuer", issuer)
	}
}

func providerRule(m manifest, r *report) {
	const advice = "a role of a service account needs the cluster's OIDC provider; set serviceAccountIssuerDiscovery.enableAWSOIDCProvider"
	if m.Spec.ServiceAccountIssuerDiscovery.EnableAWSOIDCProvider {
		return
	}
	if m.Spec.IAM.UseServiceAccountExternalPermissions {
		r.errorf(m.Source, "spec.iam.useServiceAccountExternalPermissions", advice)
	}
	if len(m.Spec.IAM.ServiceAccountExternalPermissions) > 0 {
		r.errorf(m.Source, "spec.iam.serviceAccountExternalPermissions", advice)
	}
}

func accountRule(m manifest, r *report) {
	taken := map[string]string{}
	for _, a := range m.addons() {
		if m.Spec.IAM.UseServiceAccountExternalPermissions {
			taken[a.namespace+"/"+wildcards(a.name)] = "kops's add-on"
		}
	}
	for i, e := range m.Spec.IAM.ServiceAccountExternalPermissions {
		path := fmt.Sprintf("spec.iam.serviceAccountExternalPermissions[%d]", i)
		inline, managed := e.AWS.InlinePolicy != "", len(e.AWS.PolicyARNs) > 0
		switch key := wildcards(e.Namespace + "/" + e.Name); {
		case e.Name == "" || e.Namespace == "":
			r.errorf(m.Source, path, "a service account has a name and a namespace; write both")
		case taken[key] != "":
			r.errorf(m.Source, path, "%s has the role of %s/%s already; keep one of the two", taken[key], e.Namespace, e.Name)
		case inline == managed:
			r.errorf(m.Source, path+".aws", "permissions are written as inlinePolicy or as policyARNs; write exactly one of them")
		default:
			taken[key] = path
		}
		if statements, err := parseStatements(e.AWS.InlinePolicy); inline && err != nil {
			r.errorf(m.Source, path+".aws.inlinePolicy", "expected a JSON list of IAM statements: %v", err)
		} else {
			checkStatements(r, m.Source, path+".aws.inlinePolicy", statements)
		}
		for j, arn := range e.AWS.PolicyARNs {
			requirePrefix(r, m.Source, fmt.Sprintf("%s.aws.policyARNs[%d]", path, j), arn, "arn:")
		}
	}
}
