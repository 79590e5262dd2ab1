package awssim_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	trustEC2 = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`
	allowAll = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["ec2:Describe*"], "Resource": "*"}]}`
	boundary = "arn:aws:iam::123456789012:policy/boundary"
	readOnly = "arn:aws:iam::aws:policy/ReadOnlyAccess"
)

func iamTag(k, v string) types.Tag { return types.Tag{Key: aws.String(k), Value: aws.String(v)} }

func (w *world) role(t *testing.T, name string) *types.Role {
	t.Helper()
	out, err := iam.NewFromConfig(w.aws).CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: &name, AssumeRolePolicyDocument: aws.String(trustEC2),
	})
	return must[*iam.CreateRoleOutput](t)(out, err).Role
}

func TestRoleComesBackAsItWasMade(t *testing.T) {
	w := newWorld(t)
	api := iam.NewFromConfig(w.aws)
	must[*iam.CreateRoleOutput](t)(api.CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: aws.String("masters.ha.example.com"), Path: aws.String("/kops/"),
		AssumeRolePolicyDocument: aws.String(trustEC2), PermissionsBoundary: aws.String(boundary),
		Tags: []types.Tag{iamTag("Name", "masters.ha.example.com"), iamTag("KubernetesCluster", "ha.example.com")},
	}))
	out := must[*iam.GetRoleOutput](t)(api.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("masters.ha.example.com")}))
	want := types.Role{
		Arn:                      aws.String("arn:aws:iam::123456789012:role/kops/masters.ha.example.com"),
		RoleName:                 aws.String("masters.ha.example.com"),
		Path:                     aws.String("/kops/"),
		CreateDate:               aws.Time(start),
		AssumeRolePolicyDocument: aws.String(strings.ReplaceAll(url.QueryEscape(trustEC2), "+", "%20")),
		MaxSessionDuration:       aws.Int32(3600),
		PermissionsBoundary: &types.AttachedPermissionsBoundary{
			PermissionsBoundaryArn: aws.String(boundary), PermissionsBoundaryType: "PermissionsBoundaryPolicy",
		},
		Tags: []types.Tag{iamTag("KubernetesCluster", "ha.example.com"), iamTag("Name", "masters.ha.example.com")},
	}
	ignore := []cmp.Option{cmpopts.IgnoreFields(types.Role{}, "RoleId", "RoleLastUsed"), cmpopts.IgnoreUnexported(
		types.Role{}, types.Tag{}, types.AttachedPermissionsBoundary{}, types.RoleLastUsed{})}
	if diff := cmp.Diff(want, *out.Role, ignore...); diff != "" {
		t.Error(diff)
	}
	if id := aws.ToString(out.Role.RoleId); !strings.HasPrefix(id, "AROA") || len(id) != 21 {
		t.Errorf("role id %q", id)
	}
	listed := must[*iam.ListRolesOutput](t)(api.ListRoles(t.Context(), &iam.ListRolesInput{})).Roles
	if len(listed) != 1 || listed[0].Tags != nil || listed[0].PermissionsBoundary != nil {
		t.Errorf("ListRoles shows tags or boundary: %+v", listed)
	}
}

func TestIAMRefusesWhatAWSRefuses(t *testing.T) {
	w := newWorld(t)
	api := iam.NewFromConfig(w.aws)
	ctx := t.Context()
	w.role(t, "taken")
	w.role(t, "second")
	profile := aws.String("profile")
	must[*iam.CreateInstanceProfileOutput](t)(api.CreateInstanceProfile(ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: profile}))
	must[*iam.AddRoleToInstanceProfileOutput](t)(api.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{
		InstanceProfileName: profile, RoleName: aws.String("taken")}))

	createRole := func(name, trust string) error {
		_, err := api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
		return err
	}
	putPolicy := func(role, document string) error {
		_, err := api.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &role, PolicyName: aws.String("p"), PolicyDocument: &document})
		return err
	}
	for name, tt := range map[string]struct {
		call func() error
		want string
	}{
		"a second role of one name":       {func() error { return createRole("taken", trustEC2) }, "EntityAlreadyExists"},
		"a trust policy that is no JSON":  {func() error { return createRole("r", "{") }, "MalformedPolicyDocument"},
		"a trust policy that trusts none": {func() error { return createRole("r", allowAll) }, "MalformedPolicyDocument"},
		"a name with a space":             {func() error { return createRole("a b", trustEC2) }, "ValidationError"},
		"a name of 65 characters":         {func() error { return createRole(strings.Repeat("r", 65), trustEC2) }, "ValidationError"},
		"an inline policy with principal": {func() error { return putPolicy("taken", trustEC2) }, "MalformedPolicyDocument"},
		"an inline policy too long": {func() error {
			return putPolicy("taken", strings.Replace(allowAll, "Describe*", strings.Repeat("x", 10240), 1))
		}, "LimitExceeded"},
		"a policy for no role": {func() error { return putPolicy("absent", allowAll) }, "NoSuchEntity"},
		"a second role in a profile": {func() error {
			_, err := api.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: profile, RoleName: aws.String("second")})
			return err
		}, "LimitExceeded"},
		"deleting a role in a profile": {func() error {
			_, err := api.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("taken")})
			return err
		}, "DeleteConflict"},
		"deleting a profile with a role": {func() error {
			_, err := api.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: profile})
			return err
		}, "DeleteConflict"},
		"detaching what is not attached": {func() error {
			_, err := api.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: aws.String("taken"), PolicyArn: aws.String(readOnly)})
			return err
		}, "NoSuchEntity"},
		"a reserved tag": {func() error {
			_, err := api.TagRole(ctx, &iam.TagRoleInput{RoleName: aws.String("taken"), Tags: []types.Tag{iamTag("aws:x", "")}})
			return err
		}, "ValidationError"},
		"a boundary that is no policy": {func() error {
			_, err := api.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: aws.String("taken"), PermissionsBoundary: aws.String("boundary")})
			return err
		}, "InvalidInput"},
	} {
		t.Run(name, func(t *testing.T) { wantCode(t, tt.call(), tt.want) })
	}
}

func TestRoleGoesOnceItsPoliciesAreGone(t *testing.T) {
	w := newWorld(t)
	api := iam.NewFromConfig(w.aws)
	ctx := t.Context()
	name := w.role(t, "nodes").RoleName
	remove := func() error {
		_, err := api.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})
		return err
	}
	must[*iam.PutRolePolicyOutput](t)(api.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: name, PolicyDocument: aws.String(allowAll)}))
	must[*iam.AttachRolePolicyOutput](t)(api.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: aws.String(readOnly)}))

	policy := must[*iam.GetRolePolicyOutput](t)(api.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: name, PolicyName: name}))
	if document, err := url.PathUnescape(*policy.PolicyDocument); err != nil || document != allowAll {
		t.Errorf("policy came back as %s (%v)", *policy.PolicyDocument, err)
	}
	attached := must[*iam.ListAttachedRolePoliciesOutput](t)(api.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: name}))
	if len(attached.AttachedPolicies) != 1 || *attached.AttachedPolicies[0].PolicyName != "ReadOnlyAccess" {
		t.Errorf("attached: %+v", attached.AttachedPolicies)
	}
	wantCode(t, remove(), "DeleteConflict")
	must[*iam.DetachRolePolicyOutput](t)(api.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: aws.String(readOnly)}))
	wantCode(t, remove(), "DeleteConflict")
	must[*iam.DeleteRolePolicyOutput](t)(api.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: name}))
	wantCode(t, remove(), "")
	if left := w.Inventory(); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestRolesAreListedPageByPage(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		w.role(t, name)
	}
	pages := iam.NewListRolesPaginator(iam.NewFromConfig(w.aws), &iam.ListRolesInput{MaxItems: aws.Int32(2)})
	var got []string
	count := 0
	for ; pages.HasMorePages(); count++ {
		for _, r := range must[*iam.ListRolesOutput](t)(pages.NextPage(t.Context())).Roles {
			got = append(got, *r.RoleName)
		}
	}
	if strings.Join(got, "") != "abcde" || count != 3 {
		t.Errorf("got %v on %d pages", got, count)
	}
}

func TestInstanceProfileHoldsItsRole(t *testing.T) {
	w := newWorld(t)
	api := iam.NewFromConfig(w.aws)
	ctx := t.Context()
	name := w.role(t, "nodes").RoleName
	must[*iam.CreateInstanceProfileOutput](t)(api.CreateInstanceProfile(ctx, &iam.CreateInstanceProfileInput{
		InstanceProfileName: name, Tags: []types.Tag{iamTag("Name", "nodes")}}))
	must[*iam.AddRoleToInstanceProfileOutput](t)(api.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: name}))
	got := must[*iam.GetInstanceProfileOutput](t)(api.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: name})).InstanceProfile
	if len(got.Roles) != 1 || *got.Roles[0].RoleName != "nodes" || len(got.Tags) != 1 {
		t.Errorf("profile: %+v", got)
	}
	of := must[*iam.ListInstanceProfilesForRoleOutput](t)(api.ListInstanceProfilesForRole(ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: name}))
	if len(of.InstanceProfiles) != 1 || of.InstanceProfiles[0].Tags != nil {
		t.Errorf("profiles of the role: %+v", of.InstanceProfiles)
	}
	must[*iam.RemoveRoleFromInstanceProfileOutput](t)(api.RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: name, RoleName: name}))
	_, err := api.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: name})
	wantCode(t, err, "")
}

func TestOIDCProviderIsFoundByItsARN(t *testing.T) {
	w := newWorld(t)
	api := iam.NewFromConfig(w.aws)
	ctx := t.Context()
	create := &iam.CreateOpenIDConnectProviderInput{
		Url: aws.String("https://discovery.example.com/ha"), ClientIDList: []string{"amazonaws.com"},
		ThumbprintList: []string{"9e99a48a9960b14926bb7f3b02e22da2b0ab7280"}, Tags: []types.Tag{iamTag("Name", "ha")},
	}
	arn := must[*iam.CreateOpenIDConnectProviderOutput](t)(api.CreateOpenIDConnectProvider(ctx, create)).OpenIDConnectProviderArn
	if *arn != "arn:aws:iam::123456789012:oidc-provider/discovery.example.com/ha" {
		t.Errorf("arn %s", *arn)
	}
	_, err := api.CreateOpenIDConnectProvider(ctx, create)
	wantCode(t, err, "EntityAlreadyExists")
	got := must[*iam.GetOpenIDConnectProviderOutput](t)(api.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn}))
	if *got.Url != "discovery.example.com/ha" || len(got.ClientIDList) != 1 || len(got.ThumbprintList) != 1 || len(got.Tags) != 1 {
		t.Errorf("provider: %+v", got)
	}
	must[*iam.DeleteOpenIDConnectProviderOutput](t)(api.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn}))
	_, err = api.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	wantCode(t, err, "NoSuchEntity")
}

func TestCallerIsAUserOfTheAccount(t *testing.T) {
	w := newWorld(t)
	api := sts.NewFromConfig(w.aws)
	who := must[*sts.GetCallerIdentityOutput](t)(api.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}))
	if *who.Account != "123456789012" || *who.Arn != "arn:aws:iam::123456789012:user/simulated" {
		t.Errorf("caller: %+v", who)
	}
}

func TestOnlyARoleThatExistsCanBeAssumed(t *testing.T) {
	w := newWorld(t)
	api := sts.NewFromConfig(w.aws)
	arn := w.role(t, "deployer").Arn
	got := must[*sts.AssumeRoleOutput](t)(api.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: arn, RoleSessionName: aws.String("quorate")}))
	if *got.AssumedRoleUser.Arn != "arn:aws:sts::123456789012:assumed-role/deployer/quorate" || !got.Credentials.Expiration.After(start) {
		t.Errorf("session: %+v %+v", got.AssumedRoleUser, got.Credentials)
	}
	_, err := api.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(*arn + "x"), RoleSessionName: aws.String("quorate")})
	wantCode(t, err, "AccessDenied")
}
