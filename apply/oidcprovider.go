package apply

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type oidcProviderWriter interface {
	ListOpenIDConnectProviders(context.Context, *iam.ListOpenIDConnectProvidersInput, ...func(*iam.Options)) (*iam.ListOpenIDConnectProvidersOutput, error)
	GetOpenIDConnectProvider(context.Context, *iam.GetOpenIDConnectProviderInput, ...func(*iam.Options)) (*iam.GetOpenIDConnectProviderOutput, error)
	CreateOpenIDConnectProvider(context.Context, *iam.CreateOpenIDConnectProviderInput, ...func(*iam.Options)) (*iam.CreateOpenIDConnectProviderOutput, error)
	AddClientIDToOpenIDConnectProvider(context.Context, *iam.AddClientIDToOpenIDConnectProviderInput, ...func(*iam.Options)) (*iam.AddClientIDToOpenIDConnectProviderOutput, error)
	RemoveClientIDFromOpenIDConnectProvider(context.Context, *iam.RemoveClientIDFromOpenIDConnectProviderInput, ...func(*iam.Options)) (*iam.RemoveClientIDFromOpenIDConnectProviderOutput, error)
	UpdateOpenIDConnectProviderThumbprint(context.Context, *iam.UpdateOpenIDConnectProviderThumbprintInput, ...func(*iam.Options)) (*iam.UpdateOpenIDConnectProviderThumbprintOutput, error)
	TagOpenIDConnectProvider(context.Context, *iam.TagOpenIDConnectProviderInput, ...func(*iam.Options)) (*iam.TagOpenIDConnectProviderOutput, error)
	UntagOpenIDConnectProvider(context.Context, *iam.UntagOpenIDConnectProviderInput, ...func(*iam.Options)) (*iam.UntagOpenIDConnectProviderOutput, error)
	DeleteOpenIDConnectProvider(context.Context, *iam.DeleteOpenIDConnectProviderInput, ...func(*iam.Options)) (*iam.DeleteOpenIDConnectProviderOutput, error)
}

// oidcProviders are bound to their ARNs. An account has one provider of an issuer, so
// that a lost answer cannot make a second.
type oidcProviders struct {
	api     oidcProviderWriter
	cluster string
}

func (p oidcProviders) Create(ctx context.Context, want topology.OIDCProvider, ids topology.Bindings) (topology.Bindings, error) {
	learned, _, err := bound(want.Ref(), ids, func() (string, error) { return p.make(ctx, want) })
	return learned, err
}

func (p oidcProviders) make(ctx context.Context, want topology.OIDCProvider) (arn string, err error) {
	out, err := p.api.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{
		Url: aws.String(want.Issuer), ClientIDList: want.ClientIDs, ThumbprintList: want.Thumbprints, Tags: iamTags(want.Tags),
	})
	if err != nil && awsapi.AlreadyExists(err) {
		return p.takeUp(ctx, want, err)
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(out.OpenIDConnectProviderArn), nil
}

// takeUp finds the ARN of the issuer's provider, if it is ours.
func (p oidcProviders) takeUp(ctx context.Context, want topology.OIDCProvider, conflict error) (arn string, err error) {
	const unseen = "AWS has the provider already and does not show it yet"
	list, err := p.api.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})
	if err != nil {
		return "", err
	}
	for _, entry := range list.OpenIDConnectProviderList {
		if !strings.HasSuffix(aws.ToString(entry.Arn), ":oidc-provider/"+want.Ref().Name) {
			continue
		}
		found, err := p.api.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: entry.Arn})
		if err != nil {
			return "", settling(err, unseen)
		}
		if !ownsIAM(p.cluster, found.Tags) {
			return "", strange(want.Ref(), conflict)
		}
		return aws.ToString(entry.Arn), nil
	}
	return "", &WaitError{Reason: unseen}
}

// Update accepts new audiences before it refuses old ones.
func (p oidcProviders) Update(ctx context.Context, have, want topology.OIDCProvider, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	id, err := idOf(ids, want.Ref())
	if err != nil {
		return nil, err
	}
	arn := aws.String(id)
	if change.Has("thumbprints") {
		_, err = p.api.UpdateOpenIDConnectProviderThumbprint(ctx, &iam.UpdateOpenIDConnectProviderThumbprintInput{
			OpenIDConnectProviderArn: arn, ThumbprintList: want.Thumbprints,
		})
	}
	if err == nil && change.Has("clientIDs") {
		err = p.updateClients(ctx, arn, have, want)
	}
	if err == nil {
		err = p.retag(ctx, arn, tagChangeOf(change))
	}
	return nil, err
}

func (p oidcProviders) updateClients(ctx context.Context, arn *string, have, want topology.OIDCProvider) error {
	for _, id := range missing(want.ClientIDs, have.ClientIDs) {
		_, err := p.api.AddClientIDToOpenIDConnectProvider(ctx, &iam.AddClientIDToOpenIDConnectProviderInput{
			OpenIDConnectProviderArn: arn, ClientID: aws.String(id),
		})
		if err != nil {
			return err
		}
	}
	for _, id := range missing(have.ClientIDs, want.ClientIDs) {
		_, err := p.api.RemoveClientIDFromOpenIDConnectProvider(ctx, &iam.RemoveClientIDFromOpenIDConnectProviderInput{
			OpenIDConnectProviderArn: arn, ClientID: aws.String(id),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p oidcProviders) retag(ctx context.Context, arn *string, tags tagChange) error {
	if len(tags.set) > 0 {
		_, err := p.api.TagOpenIDConnectProvider(ctx, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, Tags: iamTags(tags.set)})
		if err != nil {
			return err
		}
	}
	if len(tags.drop) == 0 {
		return nil
	}
	_, err := p.api.UntagOpenIDConnectProvider(ctx, &iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, TagKeys: tags.drop})
	return err
}

func (p oidcProviders) Delete(ctx context.Context, have topology.OIDCProvider, ids topology.Bindings) error {
	arn, err := idOf(ids, have.Ref())
	if err == nil {
		_, err = p.api.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(arn)})
	}
	return removed(err, "AWS is still changing the provider")
}
