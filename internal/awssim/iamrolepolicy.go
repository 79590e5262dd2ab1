package awssim

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

type putRolePolicyInput struct {
	RoleName       string
	PolicyName     string
	PolicyDocument string
}

func (w *world) putRolePolicy(in putRolePolicyInput) (none, error) {
	return w.onRole(in.RoleName, func(r *role) error {
		if err := checkIAMName("policyName", in.PolicyName, 128); err != nil {
			return err
		}
		if err := checkInlinePolicy(r, in.PolicyName, in.PolicyDocument); err != nil {
			return err
		}
		r.InlinePolicies[in.PolicyName] = in.PolicyDocument
		return nil
	})
}

func checkInlinePolicy(r *role, name, document string) error {
	statements, err := policyStatements(document)
	if err != nil {
		return err
	}
	for _, s := range statements {
		if s["Principal"] != nil {
			return malformedPolicy("Policy document should not specify a principal.")
		}
	}
	size := len(withoutSpace(document))
	for other, text := range r.InlinePolicies {
		if other != name {
			size += len(withoutSpace(text))
		}
	}
	if size > maxInlinePolicies {
		return limitExceeded("Maximum policy size of %d bytes exceeded for role %s", maxInlinePolicies, r.Name)
	}
	return nil
}

type rolePolicyInput struct {
	RoleName   string
	PolicyName string
}

type rolePolicyOutput struct {
	RoleName       string
	PolicyName     string
	PolicyDocument string
}

func (w *world) getRolePolicy(in rolePolicyInput) (rolePolicyOutput, error) {
	r, err := w.role(in.RoleName)
	if err != nil {
		return rolePolicyOutput{}, err
	}
	document, exists := r.InlinePolicies[in.PolicyName]
	if !exists {
		return rolePolicyOutput{}, noSuchRolePolicy(in.PolicyName)
	}
	return rolePolicyOutput{r.Name, in.PolicyName, encodedPolicy(document)}, nil
}

func noSuchRolePolicy(name string) *apiError {
	return noSuchEntity("The role policy with name %s cannot be found.", name)
}

type listRolePoliciesInput struct {
	RoleName string
	iamPage
}

type listRolePoliciesOutput struct {
	PolicyNames members[string]
	truncation
}

func (w *world) listRolePolicies(in listRolePoliciesInput) (listRolePoliciesOutput, error) {
	r, err := w.role(in.RoleName)
	if err != nil {
		return listRolePoliciesOutput{}, err
	}
	names := slices.Sorted(maps.Keys(r.InlinePolicies))
	cut, more, err := iamList(names, func(name string) string { return name }, in.iamPage)
	return listRolePoliciesOutput{members[string]{cut}, more}, err
}

func (w *world) deleteRolePolicy(in rolePolicyInput) (none, error) {
	return w.onRole(in.RoleName, func(r *role) error {
		if _, exists := r.InlinePolicies[in.PolicyName]; !exists {
			return noSuchRolePolicy(in.PolicyName)
		}
		delete(r.InlinePolicies, in.PolicyName)
		return nil
	})
}

// policyARN is a managed policy of AWS or of an account. The simulator has no managed policies of
// its own: whatever is named is taken to have been made elsewhere.
var policyARN = regexp.MustCompile(`^arn:aws[\w-]*:iam::(aws|\d{12}):policy/[\w+=,.@/-]+$`)

func checkPolicyARN(arn string) error {
	if !policyARN.MatchString(arn) {
		return refuse("InvalidInput", "ARN %s is not valid.", arn)
	}
	return nil
}

type attachmentInput struct {
	RoleName  string
	PolicyARN string `wire:"PolicyArn"`
}

func (w *world) attachRolePolicy(in attachmentInput) (none, error) {
	return w.onRole(in.RoleName, func(r *role) error {
		if err := checkPolicyARN(in.PolicyARN); err != nil {
			return err
		}
		if slices.Contains(r.Attached, in.PolicyARN) {
			return nil // AWS takes it twice
		}
		if len(r.Attached) >= maxAttachedPolicies {
			return limitExceeded("Cannot exceed quota for PoliciesPerRole: %d", maxAttachedPolicies)
		}
		r.Attached = append(r.Attached, in.PolicyARN)
		return nil
	})
}

func (w *world) detachRolePolicy(in attachmentInput) (none, error) {
	return w.onRole(in.RoleName, func(r *role) error {
		i := slices.Index(r.Attached, in.PolicyARN)
		if i < 0 {
			return noSuchEntity("Policy %s was not found.", in.PolicyARN)
		}
		r.Attached = slices.Delete(r.Attached, i, i+1)
		return nil
	})
}

type listAttachedRolePoliciesInput struct {
	RoleName   string
	PathPrefix string
	iamPage
}

type listAttachedRolePoliciesOutput struct {
	AttachedPolicies members[attachedPolicyXML]
	truncation
}

type attachedPolicyXML struct {
	PolicyName string
	PolicyARN  string `xml:"PolicyArn"`
}

func (w *world) listAttachedRolePolicies(in listAttachedRolePoliciesInput) (listAttachedRolePoliciesOutput, error) {
	r, err := w.role(in.RoleName)
	if err != nil {
		return listAttachedRolePoliciesOutput{}, err
	}
	var found []string
	for _, arn := range slices.Sorted(slices.Values(r.Attached)) {
		_, resource, _ := strings.Cut(arn, ":policy")
		if strings.HasPrefix(resource, in.PathPrefix) {
			found = append(found, arn)
		}
	}
	cut, more, err := iamList(found, func(arn string) string { return arn }, in.iamPage)
	out := listAttachedRolePoliciesOutput{truncation: more}
	for _, arn := range cut {
		name := arn[strings.LastIndex(arn, "/")+1:]
		out.AttachedPolicies.Members = append(out.AttachedPolicies.Members, attachedPolicyXML{name, arn})
	}
	return out, err
}
