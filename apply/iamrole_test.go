package apply

import (
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

const (
	someBoundary = "arn:aws:iam::123456789012:policy/boundary"
	otherPolicy  = `{"Statement":[{"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}`
)

func TestRoleIsMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.policies(t, "boundary", "first", "second")
		want := aRole()
		want.ManagedPolicies, want.PermissionsBoundary = []string{managed("first")}, someBoundary
		w.create(t, want)
		w.create(t, want)
		wantRole(t, w, want)

		want.TrustPolicy = `{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":"ssm.amazonaws.com"}}],"Version":"2012-10-17"}`
		want.InlinePolicies = []topology.InlinePolicy{{Name: "additional." + want.Name, Document: otherPolicy}, {Name: want.Name, Document: otherPolicy}}
		want.ManagedPolicies, want.PermissionsBoundary = []string{managed("second")}, ""
		want.Tags = want.Tags.With(topology.Tags{"team": "blue"})
		w.update(t, want)
		wantRole(t, w, want)

		want.InlinePolicies, want.ManagedPolicies, want.PermissionsBoundary, want.Tags = nil, nil, someBoundary, aRole().Tags
		w.update(t, want)
		wantRole(t, w, want)

		w.remove(t, want)
		wantNoRole(t, w)
	})
}

// Somebody gave the role policies that the plan knows nothing of.
func TestRoleIsRemovedWithWhateverIsInIt(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.policies(t, "first")
		more := aRole()
		more.ManagedPolicies = []string{managed("first")}
		more.InlinePolicies = append(more.InlinePolicies, topology.InlinePolicy{Name: "by-hand", Document: otherPolicy})
		w.create(t, more)
		w.remove(t, aRole())
		wantNoRole(t, w)
	})
}

func TestRoleThatWasMadeHalfIsFinished(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.policies(t, "first")
		want := aRole()
		want.ManagedPolicies = []string{managed("first")}
		w.lossy(t, "CreateRole", want)
		wantRole(t, w, want)
		w.remove(t, want)
		w.lossy(t, "PutRolePolicy", want)
		wantRole(t, w, want)
	})
}

func TestStrangersRoleIsNotTaken(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		strangers := aRole()
		strangers.Tags, strangers.InlinePolicies = topology.Tags{"team": "red"}, nil
		w.create(t, strangers)
		if err := w.tryCreate(t, aRole()); err == nil {
			t.Error("the role was taken")
		}
		wantRole(t, w, strangers)
	})
}

func managed(name string) string { return "arn:aws:iam::123456789012:policy/" + name }

// policies makes managed policies, as somebody else would. The simulated account has
// every policy that anybody names.
func (w *world) policies(t *testing.T, names ...string) {
	t.Helper()
	if w.simulated {
		return
	}
	for _, name := range names {
		_, err := w.env.clients.IAM.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String(name), PolicyDocument: aws.String(otherPolicy)})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func wantNoRole(t *testing.T, w *world) {
	t.Helper()
	_, err := w.env.clients.IAM.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String(aRole().Name)})
	if !awsapi.NotFound(err) {
		t.Errorf("the role is still there: %v", err)
	}
}

// wantRole reads the role back and compares it.
func wantRole(t *testing.T, w *world, want topology.IAMRole) {
	t.Helper()
	api, name := w.env.clients.IAM, aws.String(want.Name)
	out, err := api.GetRole(t.Context(), &iam.GetRoleInput{RoleName: name})
	if err != nil {
		t.Fatal(err)
	}
	got := topology.IAMRole{Name: want.Name, TrustPolicy: policyText(t, out.Role.AssumeRolePolicyDocument), Tags: tagsOfIAM(out.Role.Tags), Ownership: want.Ownership}
	if b := out.Role.PermissionsBoundary; b != nil {
		got.PermissionsBoundary = aws.ToString(b.PermissionsBoundaryArn)
	}
	attached, err := api.ListAttachedRolePolicies(t.Context(), &iam.ListAttachedRolePoliciesInput{RoleName: name})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range attached.AttachedPolicies {
		got.ManagedPolicies = append(got.ManagedPolicies, aws.ToString(p.PolicyArn))
	}
	inline, err := api.ListRolePolicies(t.Context(), &iam.ListRolePoliciesInput{RoleName: name})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range inline.PolicyNames {
		document, err := api.GetRolePolicy(t.Context(), &iam.GetRolePolicyInput{RoleName: name, PolicyName: aws.String(p)})
		if err != nil {
			t.Fatal(err)
		}
		got.InlinePolicies = append(got.InlinePolicies, topology.InlinePolicy{Name: p, Document: policyText(t, document.PolicyDocument)})
	}
	byName := cmpopts.SortSlices(func(a, b topology.InlinePolicy) bool { return a.Name < b.Name })
	if diff := cmp.Diff(want, got, byName, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("role (-want +got):\n%s", diff)
	}
}

// policyText is the canonical form of a document, which IAM answers URL-encoded.
func policyText(t *testing.T, document *string) string {
	t.Helper()
	plain, err := url.QueryUnescape(aws.ToString(document))
	if err != nil {
		t.Fatal(err)
	}
	canonical, err := topology.CanonicalPolicy(plain)
	if err != nil {
		t.Fatal(err)
	}
	return canonical
}

func tagsOfIAM(list []iamtypes.Tag) topology.Tags {
	tags := topology.Tags{}
	for _, t := range list {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags
}
