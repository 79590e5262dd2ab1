package topology

import "strings"

// Queue is the SQS queue that AWS tells of machines that are about to go. The node
// termination handler in the cluster reads it.
type Queue struct {
	// Name is both the AWS name (shortened by kops's rule) and the Name tag.
	Name string `json:"name"`
	// Retention is how long a message waits to be read, in seconds.
	Retention int `json:"retention"`
	// Policy says who may send, as canonical JSON. It names the queue itself by its
	// ARN without the account, which a manifest does not know; see [Queue.PolicyIn].
	Policy    string    `json:"policy"`
	Tags      Tags      `json:"tags"`
	Ownership Ownership `json:"ownership"`
}

func (q Queue) Ref() Ref         { return Ref{KindQueue, q.Name} }
func (Queue) Needs() []Ref       { return nil }
func (q Queue) Owner() Ownership { return q.Ownership }
func (q Queue) Labels() Tags     { return q.Tags }
func (Queue) resource()          {}

// PolicyIn is the policy as AWS has it in an account.
func (q Queue) PolicyIn(account string) string {
	return strings.ReplaceAll(q.Policy, "::"+q.Name, ":"+account+":"+q.Name)
}

// PolicyWithoutAccount is the inverse of [Queue.PolicyIn].
func PolicyWithoutAccount(policy, queue, account string) string {
	return strings.ReplaceAll(policy, ":"+account+":"+queue, "::"+queue)
}

// AccountOf is the account in an ARN; empty if there is none.
func AccountOf(arn string) string {
	const place = 4 // arn:PARTITION:SERVICE:REGION:ACCOUNT:…
	parts := strings.SplitN(arn, ":", place+2)
	if len(parts) < place+2 {
		return ""
	}
	return parts[place]
}
