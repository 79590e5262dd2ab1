package actual_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/topology"
)

func (w *world) oidcProvider(issuer string, tags topology.Tags) (arn string) {
	w.t.Helper()
	out := must[*iam.CreateOpenIDConnectProviderOutput](w)(w.IAM.CreateOpenIDConnectProvider(w.t.Context(), &iam.CreateOpenIDConnectProviderInput{
		Url: &issuer, ClientIDList: []string{"sts.example.com", "amazonaws.com"}, Tags: iamTags(tags),
		ThumbprintList: []string{"a9d53002e97e00e043244f3d170d6f4c414104fd", "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"},
	}))
	return *out.OpenIDConnectProviderArn
}

func (w *world) accountRole(name, provider string, tags topology.Tags) {
	w.t.Helper()
	must[*iam.CreateRoleOutput](w)(w.IAM.CreateRole(w.t.Context(), &iam.CreateRoleInput{
		RoleName: &name, Tags: iamTags(tags), AssumeRolePolicyDocument: aws.String(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"` + provider + `"},"Action":["sts:AssumeRoleWithWebIdentity"]}]}`),
	}))
}

func wants(refs ...topology.Ref) func(*actual.Scope) {
	return func(s *actual.Scope) { s.Named = append(s.Named, refs...) }
}

func refs(s actual.State) []string {
	var list []string
	for ref := range s.Topology.All() {
		list = append(list, ref.String())
	}
	return list
}

func TestARoleTrustsTheProviderByItsReference(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		const issuer, name = "https://issuer.example.com/" + cluster, "a.b.sa." + cluster
		arn := w.oidcProvider(issuer, base(cluster))
		w.accountRole(name, arn, base(name))
		state := w.observe(wants(topology.OIDCProviderRef(issuer), topology.Ref{Kind: topology.KindIAMRole, Name: name}))
		want, err := topology.New(
			topology.OIDCProvider{
				Issuer: issuer, ClientIDs: []string{"amazonaws.com", "sts.example.com"},
				Thumbprints: []string{"9e99a48a9960b14926bb7f3b02e22da2b0ab7280", "a9d53002e97e00e043244f3d170d6f4c414104fd"},
				Tags:        base(cluster), Ownership: topology.Owned,
			},
			topology.IAMRole{
				Name: name, Provider: topology.OIDCProviderRef(issuer), Tags: base(name), Ownership: topology.Owned,
				TrustPolicy: `{"Statement":[{"Action":"sts:AssumeRoleWithWebIdentity","Effect":"Allow","Principal":{"Federated":"oidc-provider/issuer.example.com/` + cluster + `"}}],"Version":"2012-10-17"}`,
			},
		)
		if err != nil {
			t.Fatal(err)
		}
		if got, wanted := onePerLine(t, state), onePerLine(t, actual.State{Topology: want}); string(got) != string(wanted) {
			t.Error(cmp.Diff(strings.Split(string(wanted), "\n"), strings.Split(string(got), "\n")))
		}
		if got := state.Bindings[topology.OIDCProviderRef(issuer)]; got != arn {
			t.Errorf("the provider is bound to %q, not %q", got, arn)
		}
	})
}

// The manifest has stopped to want any of it.
func TestRolesOfServiceAccountsAreFoundUnasked(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		arn := w.oidcProvider("https://issuer.example.com/"+cluster, base(cluster))
		w.oidcProvider("https://issuer.example.com/other.example.com", topology.BaseTags("other.example.com", "other.example.com"))
		long := topology.AccountRoleName("an-account-with-a-very-long-name", "a-namespace", cluster)
		for _, name := range []string{"a.b.sa." + cluster, long} {
			w.accountRole(name, arn, base(name))
		}
		w.accountRole("c.d.sa."+cluster, arn, topology.Tags{"team": "red"})
		w.accountRole("a.b.sa.other."+cluster, arn, base("x"))
		w.role("by-hand", base("by-hand"), nil)
		want := []string{"oidc-provider/issuer.example.com/" + cluster, "iam-role/a.b.sa." + cluster, "iam-role/" + long}
		state := w.observe()
		if diff := cmp.Diff(want, refs(state)); diff != "" {
			t.Error(diff)
		}
		role, _ := topology.Find[topology.IAMRole](state.Topology, topology.Ref{Kind: topology.KindIAMRole, Name: long})
		if role.Provider.Name != "issuer.example.com/"+cluster {
			t.Errorf("the role does not need its provider: %v", role.Provider)
		}
	})
}

func TestStrangersProviderOfTheWantedIssuerIsLeftOver(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		arn := w.oidcProvider("https://issuer.example.com/k", topology.Tags{"team": "red"})
		state := w.observe(wants(topology.OIDCProviderRef("https://issuer.example.com/k")))
		if len(state.Leftovers) != 1 || state.Leftovers[0].ID != arn || state.Topology.Len() > 0 {
			t.Errorf("got %v and %v", state.Leftovers, refs(state))
		}
	})
}

// Listing roles is the slow question; only who has a provider asks it.
func TestAClusterWithoutProviderDoesNotListRoles(t *testing.T) {
	w := simulator(t)
	w.oidcProvider("https://issuer.example.com/other", nil)
	w.observe()
	for operation := range w.calls.ByOperation() {
		if strings.Contains(operation, "ListRoles") || strings.Contains(operation, "GetOpenIDConnectProvider") {
			t.Errorf("%s was called", operation)
		}
	}
}
