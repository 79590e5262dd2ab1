package terraform

import "github.com/quorate/quorate/topology"

func (d *document) queue(q topology.Queue) {
	d.add("aws_sqs_queue", label(q.Name), attrs{
		"name":                      q.Name,
		"message_retention_seconds": q.Retention,
		"policy":                    q.PolicyIn(d.accountID()),
		"tags":                      q.Tags,
	})
}

// accountID is the account if it is known, and else what lets Terraform look it up.
func (d *document) accountID() string {
	if d.account != "" {
		return d.account
	}
	put(d.Data, "aws_caller_identity", "current", attrs{})
	return "${data.aws_caller_identity.current.account_id}"
}
