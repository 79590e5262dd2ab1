package desired

import "github.com/quorate/quorate/desired/kopsspec"

// checkStatements asks of IAM statements what IAM asks when the role is made (IAM User Guide, "Grammar of the
// IAM JSON policy language").
func checkStatements(r *report, s kopsspec.Source, path string, statements []any) {
	for i, each := range statements {
		statement, ok := each.(map[string]any)
		if !ok {
			r.errorf(s, path, "statement %d is no object; write it in braces", i+1)
			continue
		}
		if effect := statement["Effect"]; effect != "Allow" && effect != "Deny" {
			r.errorf(s, path, "statement %d has no Effect that IAM knows; write Allow or Deny", i+1)
		}
		if statement["Action"] == nil && statement["NotAction"] == nil {
			r.errorf(s, path, "statement %d says nothing of actions; write Action", i+1)
		}
		if statement["Resource"] == nil && statement["NotResource"] == nil {
			r.errorf(s, path, "statement %d says nothing of resources; write Resource", i+1)
		}
	}
}
