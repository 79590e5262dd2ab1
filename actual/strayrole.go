package actual

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type strayRoleReader interface {
	ListRoles(context.Context, *iam.ListRolesInput, ...func(*iam.Options)) (*iam.ListRolesOutput, error)
}

// strayRoleAnswers are roles of service accounts that the manifest does not want any
// more. What is in them is not asked: they are only ever removed.
type strayRoleAnswers struct {
	names []string
	found []iamtypes.Role
}

// lookRoleNames reads the names of all roles of the account, which is slow and has a
// page per thousand roles; IAM has no narrower question. A cluster pays for it only if
// it has an OIDC provider: the roles of service accounts need one, and go before it.
func lookRoleNames(ctx context.Context, o *observation) error {
	if !o.issues() {
		return nil
	}
	pages := iam.NewListRolesPaginator(o.clients.IAM, &iam.ListRolesInput{MaxItems: page1000})
	roles, err := everything(ctx, pages, func(p *iam.ListRolesOutput) []iamtypes.Role { return p.Roles })
	for _, r := range roles {
		name := aws.ToString(r.RoleName)
		if accountRole(name, o.scope.Cluster) && !slices.Contains(o.roleNames(), name) {
			o.strayRoles.names = append(o.strayRoles.names, name)
		}
	}
	return err
}

// accountRole tells whether a role's name is one that kops gives to the role of a
// service account of the cluster; see [topology.AccountRoleName]. A name that was cut
// short need only begin like it: the tags tell the rest.
func accountRole(name, cluster string) bool {
	_, owner, ok := strings.Cut(name, ".sa.")
	if !ok || owner == cluster {
		return ok
	}
	cut := strings.LastIndex(owner, "-")
	return cut >= 0 && topology.IsCutName(name) && strings.HasPrefix(cluster, owner[:cut])
}

func lookStrayRoles(ctx context.Context, o *observation) error {
	roles, err := each(ctx, o.strayRoles.names, o.role)
	o.strayRoles.found = existing(roles)
	return err
}

func convertStrayRoles(o *observation) error {
	for _, r := range o.strayRoles.found {
		if !o.owns(iamTags(r.Tags)) {
			continue
		}
		if err := o.addRole(r); err != nil {
			return err
		}
	}
	return nil
}

// role is nil if there is none of the name.
func (o *observation) role(ctx context.Context, name string) (*iamtypes.Role, error) {
	out, err := o.clients.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if awsapi.NotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return out.Role, nil
}
