package actual

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type oidcProviderReader interface {
	ListOpenIDConnectProviders(context.Context, *iam.ListOpenIDConnectProvidersInput, ...func(*iam.Options)) (*iam.ListOpenIDConnectProvidersOutput, error)
	GetOpenIDConnectProvider(context.Context, *iam.GetOpenIDConnectProviderInput, ...func(*iam.Options)) (*iam.GetOpenIDConnectProviderOutput, error)
}

type oidcProviderAnswers struct {
	candidates []string // ARNs of those that may be the cluster's
	found      []oidcProviderAnswer
}

type oidcProviderAnswer struct {
	arn string
	*iam.GetOpenIDConnectProviderOutput
}

// lookOIDCProviders lists the account's providers: it is one call without pages, and
// the answer tells the issuers, but no tags. Asking each of them for its tags would
// cost a call for every cluster of the account; asking those whose issuer speaks of
// this cluster finds its own, also after the manifest stopped to want one.
func lookOIDCProviders(ctx context.Context, o *observation) error {
	out, err := o.clients.IAM.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})
	if err != nil {
		return err
	}
	for _, p := range out.OpenIDConnectProviderList {
		arn := aws.ToString(p.Arn)
		if _, issuer, ok := strings.Cut(arn, ":oidc-provider/"); ok && o.mayIssue(issuer) {
			o.oidcProviders.candidates = append(o.oidcProviders.candidates, arn)
		}
	}
	return nil
}

// mayIssue tells whether an issuer, without its scheme, is wanted or names the cluster
// as kops does: in a part of its path, or at the end of its host.
func (o *observation) mayIssue(issuer string) bool {
	if slices.Contains(o.wanted(topology.KindOIDCProvider), issuer) {
		return true
	}
	return slices.ContainsFunc(strings.Split(issuer, "/"), func(part string) bool {
		return part == o.scope.Cluster || strings.HasSuffix(part, "."+o.scope.Cluster)
	})
}

// issues tells whether the cluster has, or may soon have, a provider, without which
// there are no roles of service accounts.
func (o *observation) issues() bool {
	return len(o.oidcProviders.candidates) > 0 || len(o.wanted(topology.KindOIDCProvider)) > 0
}

func lookOIDCProviderDetails(ctx context.Context, o *observation) error {
	found, err := each(ctx, o.oidcProviders.candidates, func(ctx context.Context, arn string) (*oidcProviderAnswer, error) {
		out, err := o.clients.IAM.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
		if err != nil && awsapi.NotFound(err) {
			return nil, nil
		}
		return &oidcProviderAnswer{arn, out}, err
	})
	o.oidcProviders.found = existing(found)
	return err
}

func convertOIDCProviders(o *observation) error {
	for _, p := range o.oidcProviders.found {
		issuer, tags := "https://"+strings.TrimPrefix(aws.ToString(p.Url), "https://"), iamTags(p.Tags)
		ref := topology.OIDCProviderRef(issuer)
		switch {
		case o.owns(tags):
			o.add(p.arn, topology.OIDCProvider{
				Issuer: issuer, ClientIDs: slices.Sorted(slices.Values(p.ClientIDList)), Thumbprints: slices.Sorted(slices.Values(p.ThumbprintList)),
				Tags: tags, Ownership: topology.Owned,
			})
		case slices.Contains(o.wanted(topology.KindOIDCProvider), ref.Name):
			o.leave(candidate{topology.KindOIDCProvider, p.arn, tags, aws.ToTime(p.CreateDate)}, foreignName)
		}
	}
	return nil
}
