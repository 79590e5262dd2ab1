package awssim

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// iamOperations is all of IAM that the simulator knows, by kind.
var iamOperations = map[string]operation{
	"CreateRole":                    mutates((*world).createRole),
	"GetRole":                       reads((*world).getRole),
	"ListRoles":                     reads((*world).listRoles),
	"UpdateRole":                    mutates((*world).updateRole),
	"UpdateAssumeRolePolicy":        mutates((*world).updateAssumeRolePolicy),
	"PutRolePermissionsBoundary":    mutates((*world).putRolePermissionsBoundary),
	"DeleteRolePermissionsBoundary": mutates((*world).deleteRolePermissionsBoundary),
	"DeleteRole":                    mutates((*world).deleteRole),
	"TagRole":                       mutates((*world).tagRole),
	"UntagRole":                     mutates((*world).untagRole),
	"ListRoleTags":                  reads((*world).listRoleTags),

	"PutRolePolicy":            mutates((*world).putRolePolicy),
	"GetRolePolicy":            reads((*world).getRolePolicy),
	"ListRolePolicies":         reads((*world).listRolePolicies),
	"DeleteRolePolicy":         mutates((*world).deleteRolePolicy),
	"AttachRolePolicy":         mutates((*world).attachRolePolicy),
	"DetachRolePolicy":         mutates((*world).detachRolePolicy),
	"ListAttachedRolePolicies": reads((*world).listAttachedRolePolicies),

	"CreateInstanceProfile":         mutates((*world).createInstanceProfile),
	"GetInstanceProfile":            reads((*world).getInstanceProfile),
	"ListInstanceProfiles":          reads((*world).listInstanceProfiles),
	"ListInstanceProfilesForRole":   reads((*world).listInstanceProfilesForRole),
	"DeleteInstanceProfile":         mutates((*world).deleteInstanceProfile),
	"AddRoleToInstanceProfile":      mutates((*world).addRoleToInstanceProfile),
	"RemoveRoleFromInstanceProfile": mutates((*world).removeRoleFromInstanceProfile),
	"TagInstanceProfile":            mutates((*world).tagInstanceProfile),
	"UntagInstanceProfile":          mutates((*world).untagInstanceProfile),
	"ListInstanceProfileTags":       reads((*world).listInstanceProfileTags),

	"CreateOpenIDConnectProvider":             mutates((*world).createOIDCProvider),
	"GetOpenIDConnectProvider":                reads((*world).getOIDCProvider),
	"ListOpenIDConnectProviders":              reads((*world).listOIDCProviders),
	"DeleteOpenIDConnectProvider":             mutates((*world).deleteOIDCProvider),
	"AddClientIDToOpenIDConnectProvider":      mutates((*world).addClientIDToOIDCProvider),
	"RemoveClientIDFromOpenIDConnectProvider": mutates((*world).removeClientIDFromOIDCProvider),
	"UpdateOpenIDConnectProviderThumbprint":   mutates((*world).updateOIDCProviderThumbprint),
	"TagOpenIDConnectProvider":                mutates((*world).tagOIDCProvider),
	"UntagOpenIDConnectProvider":              mutates((*world).untagOIDCProvider),
	"ListOpenIDConnectProviderTags":           reads((*world).listOIDCProviderTags),
}

// iamTags are IAM's words for bad tags.
var iamTags = tagRules{limit: "LimitExceeded", duplicate: "InvalidInput", invalid: "ValidationError"}

// iamARN names a resource of IAM, which belongs to no region.
func (w *world) iamARN(resource string) string {
	return "arn:aws:iam::" + w.account() + ":" + resource
}

// iamID makes the stable id of an IAM entity: AROA… for a role, AIPA… for an instance profile.
func (w *world) iamID(prefix string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	id := []byte(prefix)
	for range 17 {
		id = append(id, alphabet[w.region.ids.rand.IntN(len(alphabet))])
	}
	return string(id)
}

func noSuchEntity(format string, args ...any) *apiError {
	return refuseStatus(http.StatusNotFound, "NoSuchEntity", format, args...)
}

func entityExists(format string, args ...any) *apiError {
	return refuseStatus(http.StatusConflict, "EntityAlreadyExists", format, args...)
}

func deleteConflict(sentence string) *apiError {
	return refuseStatus(http.StatusConflict, "DeleteConflict", "%s", sentence)
}

func limitExceeded(format string, args ...any) *apiError {
	return refuseStatus(http.StatusConflict, "LimitExceeded", format, args...)
}

// iamName is what IAM takes as the name of anything; the length depends on the kind.
var iamName = regexp.MustCompile(`^[\w+=,.@-]+$`)

func checkIAMName(parameter, name string, longest int) error {
	if len(name) > longest {
		return refuse("ValidationError", "1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", name, parameter, longest)
	}
	if !iamName.MatchString(name) {
		return refuse("ValidationError", "The specified value for %s is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-", parameter)
	}
	return nil
}

// checkIAMPath takes "", "/" and "/a/b/".
func checkIAMPath(path string) error {
	if path != "" && (!strings.HasPrefix(path, "/") || !strings.HasSuffix(path, "/") || len(path) > 512) {
		return refuse("ValidationError", "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	return nil
}

// iamPage is embedded in the input of IAM's paginated lists.
type iamPage struct {
	Marker   string
	MaxItems *int
}

// truncation is the end of every paginated answer of IAM.
type truncation struct {
	IsTruncated bool
	Marker      string `xml:",omitempty"`
}

// iamList cuts a page of 100 (IAM's default and what it mostly gives) out of a list sorted by key.
func iamList[T any](list []T, key func(T) string, p iamPage) ([]T, truncation, error) {
	size := cmp.Or(p.MaxItems, new(100))
	cut, next, err := page(list, key, paging{MaxResults: size, NextToken: p.Marker}, 1000)
	return cut, truncation{IsTruncated: next != "", Marker: next}, err
}

// sortedRows lists the values of a map in the order of its keys.
func sortedRows[T any](rows map[string]T) []T {
	list := make([]T, 0, len(rows))
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		list = append(list, rows[key])
	}
	return list
}

// encodedPolicy writes a policy document as IAM answers it: URL-encoded after RFC 3986.
func encodedPolicy(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}
