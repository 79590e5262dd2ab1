package awssim

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// oidcProvider is an issuer of web identities that IAM trusts.
type oidcProvider struct {
	ARN         string
	URL         string // without the scheme, as AWS keeps it
	ClientIDs   []string
	Thumbprints []string
	Created     time.Time
}

type createOIDCProviderInput struct {
	URL            string   `wire:"Url"`
	ClientIDList   []string // audiences
	ThumbprintList []string
	Tags           []queryTag
}

type createOIDCProviderOutput struct {
	ARN  string `xml:"OpenIDConnectProviderArn"`
	Tags members[queryTag]
}

func (w *world) createOIDCProvider(in createOIDCProviderInput) (createOIDCProviderOutput, error) {
	issuer, err := url.Parse(in.URL)
	if err != nil || issuer.Scheme != "https" || issuer.Host == "" || issuer.RawQuery != "" {
		return createOIDCProviderOutput{}, refuse("InvalidInput", "Invalid Open ID Connect Provider URL")
	}
	if err := checkThumbprints(in.ThumbprintList); err != nil {
		return createOIDCProviderOutput{}, err
	}
	if err := iamTags.check(nil, in.Tags); err != nil {
		return createOIDCProviderOutput{}, err
	}
	name := strings.TrimPrefix(in.URL, "https://")
	p := &oidcProvider{
		ARN: w.iamARN("oidc-provider/" + name), URL: name,
		ClientIDs: in.ClientIDList, Thumbprints: in.ThumbprintList, Created: w.now().Truncate(time.Second),
	}
	if _, exists := w.OIDCProviders[p.ARN]; exists {
		return createOIDCProviderOutput{}, entityExists("Provider with url %s already exists.", in.URL)
	}
	w.OIDCProviders[p.ARN] = p
	err = w.addTags(iamTags, p.ARN, in.Tags)
	return createOIDCProviderOutput{p.ARN, members[queryTag]{w.queryTags(p.ARN)}}, err
}

// checkThumbprints takes up to five SHA-1 fingerprints in hexadecimal.
func checkThumbprints(list []string) error {
	if len(list) > 5 {
		return refuse("InvalidInput", "Thumbprint list must contain fewer than 5 entries.")
	}
	for _, t := range list {
		if len(t) != 40 || strings.Trim(strings.ToLower(t), "0123456789abcdef") != "" {
			return refuse("InvalidInput", "Thumbprint %s is not valid.", t)
		}
	}
	return nil
}

func (w *world) oidcProvider(arn string) (*oidcProvider, error) {
	p, exists := w.OIDCProviders[arn]
	if !exists {
		return nil, noSuchEntity("OpenIDConnect Provider not found for arn %s", arn)
	}
	return p, nil
}

// onOIDCProvider adapts what changes one provider to an operation without an answer.
func (w *world) onOIDCProvider(arn string, change func(*oidcProvider) error) (none, error) {
	p, err := w.oidcProvider(arn)
	if err != nil {
		return none{}, err
	}
	return none{}, change(p)
}

type oidcProviderInput struct {
	ARN string `wire:"OpenIDConnectProviderArn"`
}

type getOIDCProviderOutput struct {
	URL            string `xml:"Url"`
	ClientIDList   members[string]
	ThumbprintList members[string]
	CreateDate     time.Time
	Tags           members[queryTag]
}

func (w *world) getOIDCProvider(in oidcProviderInput) (getOIDCProviderOutput, error) {
	p, err := w.oidcProvider(in.ARN)
	if err != nil {
		return getOIDCProviderOutput{}, err
	}
	return getOIDCProviderOutput{
		p.URL, members[string]{p.ClientIDs}, members[string]{p.Thumbprints}, p.Created,
		members[queryTag]{w.queryTags(p.ARN)},
	}, nil
}

type listOIDCProvidersOutput struct {
	Providers members[oidcProviderXML] `xml:"OpenIDConnectProviderList"`
}

type oidcProviderXML struct {
	ARN string `xml:"Arn"`
}

func (w *world) listOIDCProviders(none) (listOIDCProvidersOutput, error) {
	var out listOIDCProvidersOutput
	for _, p := range sortedRows(w.OIDCProviders) {
		out.Providers.Members = append(out.Providers.Members, oidcProviderXML{p.ARN})
	}
	return out, nil
}

func (w *world) deleteOIDCProvider(in oidcProviderInput) (none, error) {
	// AWS takes the deletion of what is not there.
	delete(w.OIDCProviders, in.ARN)
	delete(w.Tags, in.ARN)
	return none{}, nil
}

type oidcClientInput struct {
	oidcProviderInput
	ClientID string
}

func (w *world) addClientIDToOIDCProvider(in oidcClientInput) (none, error) {
	return w.onOIDCProvider(in.ARN, func(p *oidcProvider) error {
		if !slices.Contains(p.ClientIDs, in.ClientID) {
			p.ClientIDs = append(p.ClientIDs, in.ClientID)
		}
		return nil
	})
}

func (w *world) removeClientIDFromOIDCProvider(in oidcClientInput) (none, error) {
	return w.onOIDCProvider(in.ARN, func(p *oidcProvider) error {
		p.ClientIDs = slices.DeleteFunc(p.ClientIDs, func(id string) bool { return id == in.ClientID })
		return nil
	})
}

type oidcThumbprintInput struct {
	oidcProviderInput
	ThumbprintList []string
}

func (w *world) updateOIDCProviderThumbprint(in oidcThumbprintInput) (none, error) {
	return w.onOIDCProvider(in.ARN, func(p *oidcProvider) error {
		if err := checkThumbprints(in.ThumbprintList); err != nil {
			return err
		}
		p.Thumbprints = in.ThumbprintList
		return nil
	})
}

type tagOIDCProviderInput struct {
	oidcProviderInput
	Tags []queryTag
}

func (w *world) tagOIDCProvider(in tagOIDCProviderInput) (none, error) {
	return w.onOIDCProvider(in.ARN, func(p *oidcProvider) error { return w.addTags(iamTags, p.ARN, in.Tags) })
}

type untagOIDCProviderInput struct {
	oidcProviderInput
	TagKeys []string
}

func (w *world) untagOIDCProvider(in untagOIDCProviderInput) (none, error) {
	return w.onOIDCProvider(in.ARN, func(p *oidcProvider) error {
		w.untag(p.ARN, in.TagKeys...)
		return nil
	})
}

type listOIDCProviderTagsInput struct {
	oidcProviderInput
	iamPage
}

func (w *world) listOIDCProviderTags(in listOIDCProviderTagsInput) (listTagsOutput, error) {
	p, err := w.oidcProvider(in.ARN)
	if err != nil {
		return listTagsOutput{}, err
	}
	return w.iamTagList(p.ARN, in.iamPage)
}
