package awssim

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"
)

// role is an IAM role with everything that only exists as a part of it.
type role struct {
	ID             string
	Name           string
	Path           string
	ARN            string
	Created        time.Time
	Description    string
	TrustPolicy    string // as sent
	MaxSession     int    // seconds
	Boundary       string // ARN of the permissions boundary, or empty
	InlinePolicies map[string]string
	Attached       []string // ARNs of managed policies, in the order they were attached
}

// AWS's limits: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const (
	maxRoleName           = 64
	maxInlinePolicies     = 10240 // characters of all inline policies of a role, less white space
	maxTrustPolicy        = 2048  // characters, the quota an account starts with
	maxAttachedPolicies   = 10    // the quota an account starts with
	defaultSessionSeconds = 3600
)

type createRoleInput struct {
	RoleName                 string
	Path                     string
	AssumeRolePolicyDocument string
	Description              string
	MaxSessionDuration       int
	PermissionsBoundary      string
	Tags                     []queryTag
}

type roleOutput struct {
	Role roleXML
}

func (w *world) createRole(in createRoleInput) (roleOutput, error) {
	if err := w.checkNewRole(in); err != nil {
		return roleOutput{}, err
	}
	path := cmp.Or(in.Path, "/")
	r := &role{
		ID: w.iamID("AROA"), Name: in.RoleName, Path: path,
		ARN:            w.iamARN("role" + path + in.RoleName),
		Created:        w.now().Truncate(time.Second),
		Description:    in.Description,
		TrustPolicy:    in.AssumeRolePolicyDocument,
		MaxSession:     cmp.Or(in.MaxSessionDuration, defaultSessionSeconds),
		Boundary:       in.PermissionsBoundary,
		InlinePolicies: map[string]string{},
	}
	w.Roles[r.Name] = r
	return roleOutput{w.roleXML(r)}, w.addTags(iamTags, r.ARN, in.Tags)
}

func (w *world) checkNewRole(in createRoleInput) error {
	err := cmp.Or(checkIAMName("roleName", in.RoleName, maxRoleName), checkIAMPath(in.Path),
		checkTrustPolicy(in.AssumeRolePolicyDocument), checkSession(in.MaxSessionDuration),
		iamTags.check(nil, in.Tags))
	if err != nil {
		return err
	}
	if in.PermissionsBoundary != "" {
		if err := checkPolicyARN(in.PermissionsBoundary); err != nil {
			return err
		}
	}
	if _, exists := w.Roles[in.RoleName]; exists {
		return entityExists("Role with name %s already exists.", in.RoleName)
	}
	return nil
}

func checkSession(seconds int) error {
	if seconds != 0 && (seconds < 3600 || seconds > 43200) {
		return refuse("ValidationError", "1 validation error detected: Value '%d' at 'maxSessionDuration' failed to satisfy constraint: Member must have value between 3600 and 43200", seconds)
	}
	return nil
}

// checkTrustPolicy refuses documents that say not who may assume the role.
func checkTrustPolicy(document string) error {
	statements, err := policyStatements(document)
	if err != nil {
		return err
	}
	if len(withoutSpace(document)) > maxTrustPolicy {
		return limitExceeded("Cannot exceed quota for ACLSizePerRole: %d", maxTrustPolicy)
	}
	for _, s := range statements {
		if s["Principal"] == nil && s["NotPrincipal"] == nil {
			return malformedPolicy("Missing required field Principal")
		}
	}
	return nil
}

// policyStatements reads a policy as far as IAM checks it when it is stored: one statement or a
// list of them, each with effect and action.
func policyStatements(document string) ([]map[string]any, error) {
	var policy struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(document), &policy); err != nil {
		return nil, malformedPolicy("This policy contains invalid Json")
	}
	var list []map[string]any
	if json.Unmarshal(policy.Statement, &list) != nil {
		var single map[string]any
		if json.Unmarshal(policy.Statement, &single) != nil {
			return nil, malformedPolicy("Syntax errors in policy.")
		}
		list = append(list, single)
	}
	for _, s := range list {
		if s["Effect"] != "Allow" && s["Effect"] != "Deny" {
			return nil, malformedPolicy("Syntax errors in policy.")
		}
		if s["Action"] == nil && s["NotAction"] == nil {
			return nil, malformedPolicy("Policy statement must contain actions.")
		}
	}
	return list, nil
}

func malformedPolicy(message string) *apiError {
	return refuse("MalformedPolicyDocument", "%s", message)
}

// withoutSpace is the text IAM counts against its quotas.
func withoutSpace(document string) string {
	return strings.Join(strings.Fields(document), "")
}

func (w *world) role(name string) (*role, error) {
	r, exists := w.Roles[name]
	if !exists {
		return nil, noSuchEntity("The role with name %s cannot be found.", name)
	}
	return r, nil
}

// onRole adapts what changes one role to an operation without an answer.
func (w *world) onRole(name string, change func(*role) error) (none, error) {
	r, err := w.role(name)
	if err != nil {
		return none{}, err
	}
	return none{}, change(r)
}

type roleNameInput struct {
	RoleName string
}

func (w *world) getRole(in roleNameInput) (roleOutput, error) {
	r, err := w.role(in.RoleName)
	if err != nil {
		return roleOutput{}, err
	}
	return roleOutput{w.roleXML(r)}, nil
}

type listRolesInput struct {
	PathPrefix string
	iamPage
}

type listRolesOutput struct {
	Roles members[roleXML]
	truncation
}

// listRoles leaves out tags and boundary, as AWS does: they are in GetRole only.
func (w *world) listRoles(in listRolesInput) (listRolesOutput, error) {
	var found []*role
	for _, r := range sortedRows(w.Roles) {
		if strings.HasPrefix(r.Path, in.PathPrefix) {
			found = append(found, r)
		}
	}
	cut, more, err := iamList(found, func(r *role) string { return r.Name }, in.iamPage)
	out := listRolesOutput{truncation: more}
	for _, r := range cut {
		out.Roles.Members = append(out.Roles.Members, listedRole(r))
	}
	return out, err
}

type updateRoleInput struct {
	RoleName           string
	Description        *string
	MaxSessionDuration int
}

func (w *world) updateRole(in updateRoleInput) (none, error) {
	return w.onRole(in.RoleName, func(r *role) error {
		if err := checkSession(in.MaxSessionDuration); err != nil {
			return err
		}
		r.MaxSession = cmp.Or(in.MaxSessionDuration, r.MaxSession)
		if in.Description != nil {
			r.Description = *in.Description
		}
		return nil
	})
}

type updateAssumeRolePolicyInput struct {
	RoleName       string
	PolicyDocument string
}

func (w *world) updateAssumeRolePolicy(in updateAssumeRolePolicyInput) (none, error) {
	return w.onRole(in.RoleName, func(r *role) error {
		if err := checkTrustPolicy(in.PolicyDocument); err != nil {
			return err
		}
		r.TrustPolicy = in.PolicyDocument
		return nil
	})
}

type putRolePermissionsBoundaryInput struct {
	RoleName            string
	PermissionsBoundary string
}

func (w *world) putRolePermissionsBoundary(in putRolePermissionsBoundaryInput) (none, error) {
	return w.onRole(in.RoleName, func(r *role) error {
		if err := checkPolicyARN(in.PermissionsBoundary); err != nil {
			return err
		}
		r.Boundary = in.PermissionsBoundary
		return nil
	})
}

func (w *world) deleteRolePermissionsBoundary(in roleNameInput) (none, error) {
	return w.onRole(in.RoleName, func(r *role) error {
		if r.Boundary == "" {
			return noSuchEntity("Role %s does not have a permissions boundary.", r.Name)
		}
		r.Boundary = ""
		return nil
	})
}

func (w *world) deleteRole(in roleNameInput) (none, error) {
	return w.onRole(in.RoleName, func(r *role) error {
		switch {
		case len(w.profilesOf(r.Name)) > 0:
			return deleteConflict("Cannot delete entity, must remove roles from instance profile first.")
		case len(r.Attached) > 0:
			return deleteConflict("Cannot delete entity, must detach all policies first.")
		case len(r.InlinePolicies) > 0:
			return deleteConflict("Cannot delete entity, must delete policies first.")
		}
		delete(w.Roles, r.Name)
		delete(w.Tags, r.ARN)
		return nil
	})
}

type tagRoleInput struct {
	RoleName string
	Tags     []queryTag
}

func (w *world) tagRole(in tagRoleInput) (none, error) {
	return w.onRole(in.RoleName, func(r *role) error { return w.addTags(iamTags, r.ARN, in.Tags) })
}

type untagRoleInput struct {
	RoleName string
	TagKeys  []string
}

func (w *world) untagRole(in untagRoleInput) (none, error) {
	return w.onRole(in.RoleName, func(r *role) error {
		w.untag(r.ARN, in.TagKeys...)
		return nil
	})
}

type listRoleTagsInput struct {
	RoleName string
	iamPage
}

type listTagsOutput struct {
	Tags members[queryTag]
	truncation
}

func (w *world) listRoleTags(in listRoleTagsInput) (listTagsOutput, error) {
	r, err := w.role(in.RoleName)
	if err != nil {
		return listTagsOutput{}, err
	}
	return w.iamTagList(r.ARN, in.iamPage)
}

func (w *world) iamTagList(arn string, p iamPage) (listTagsOutput, error) {
	cut, more, err := iamList(w.queryTags(arn), func(t queryTag) string { return t.Key }, p)
	return listTagsOutput{members[queryTag]{cut}, more}, err
}

type roleXML struct {
	Path                     string
	RoleName                 string
	RoleID                   string `xml:"RoleId"`
	ARN                      string `xml:"Arn"`
	CreateDate               time.Time
	AssumeRolePolicyDocument string
	Description              string `xml:",omitempty"`
	MaxSessionDuration       int
	PermissionsBoundary      *boundaryXML
	Tags                     *members[queryTag]
	LastUsed                 *struct{} `xml:"RoleLastUsed"`
}

type boundaryXML struct {
	Type string `xml:"PermissionsBoundaryType"`
	ARN  string `xml:"PermissionsBoundaryArn"`
}

func listedRole(r *role) roleXML {
	return roleXML{
		Path: r.Path, RoleName: r.Name, RoleID: r.ID, ARN: r.ARN, CreateDate: r.Created,
		AssumeRolePolicyDocument: encodedPolicy(r.TrustPolicy),
		Description:              r.Description,
		MaxSessionDuration:       r.MaxSession,
	}
}

func (w *world) roleXML(r *role) roleXML {
	x := listedRole(r)
	if r.Boundary != "" {
		x.PermissionsBoundary = &boundaryXML{"PermissionsBoundaryPolicy", r.Boundary}
	}
	if tags := w.queryTags(r.ARN); len(tags) > 0 {
		x.Tags = &members[queryTag]{tags}
	}
	x.LastUsed = &struct{}{}
	return x
}
