// Package history answers one question: who changed a resource of AWS lately?
//
// It reads CloudTrail's event history, which every account has, without a trail of its own: management events of
// the last 90 days, some minutes late, at most 50 a page and two requests a second for the whole account and region
// (https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html). So whoever asks
// must ask seldom, and must do without an answer. Start with [History.Changes].
//
// The package imports internal/awsapi and the AWS SDK.
package history

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/quorate/quorate/internal/awsapi"
)

// EventReader lists the calls to CloudTrail.
type EventReader interface {
	LookupEvents(context.Context, *cloudtrail.LookupEventsInput, ...func(*cloudtrail.Options)) (*cloudtrail.LookupEventsOutput, error)
}

// CallerReader tells who asks.
type CallerReader interface {
	GetCallerIdentity(context.Context, *sts.GetCallerIdentityInput, ...func(*sts.Options)) (*sts.GetCallerIdentityOutput, error)
}

// A History is that of one account and region. One goroutine uses it at a time.
type History struct {
	events EventReader
	caller CallerReader
	self   string
}

// FromClients takes the SDK's clients.
func FromClients(c awsapi.Clients) *History { return &History{events: c.CloudTrail, caller: c.STS} }

// A Change is a call that changed something.
type Change struct {
	// Call is the operation, such as AuthorizeSecurityGroupIngress.
	Call string
	// By is who made it: "user/alice", "assumed-role/Admin/alice", "root", or a service such as
	// autoscaling.amazonaws.com. Only printable characters are in it, and no more than 128.
	By string
	At time.Time
}

// page is how many events are asked for: all that one request gives.
const page = 50

// Changes are the calls that changed the resource with the id, name or ARN since a moment, the newest first; not
// those that AWS refused, nor those of the asking role itself. It makes one request, and once in the life of a
// History another one.
func (h *History) Changes(ctx context.Context, id string, since time.Time) ([]Change, error) {
	if h.self == "" {
		who, err := h.caller.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return nil, fmt.Errorf("ask AWS who we are: %w", err)
		}
		h.self = role(aws.ToString(who.Arn))
	}
	out, err := h.events.LookupEvents(ctx, &cloudtrail.LookupEventsInput{
		LookupAttributes: []trailtypes.LookupAttribute{{AttributeKey: trailtypes.LookupAttributeKeyResourceName, AttributeValue: &id}},
		StartTime:        &since, MaxResults: aws.Int32(page),
	})
	if err != nil {
		return nil, fmt.Errorf("look up who changed %s: %w", id, err)
	}
	var changes []Change
	for _, e := range out.Events {
		if c, ok := h.change(e); ok {
			changes = append(changes, c)
		}
	}
	return changes, nil
}

// record is what is read of an event's own text
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html).
type record struct {
	ErrorCode    string `json:"errorCode"`
	UserIdentity struct {
		Type      string `json:"type"`
		ARN       string `json:"arn"`
		InvokedBy string `json:"invokedBy"`
	} `json:"userIdentity"`
}

func (h *History) change(e trailtypes.Event) (Change, bool) {
	var r record
	if err := json.Unmarshal([]byte(aws.ToString(e.CloudTrailEvent)), &r); err != nil || r.ErrorCode != "" || aws.ToString(e.ReadOnly) == "true" {
		return Change{}, false
	}
	who := r.UserIdentity
	by := aws.ToString(e.Username)
	switch {
	case who.ARN != "" && role(who.ARN) == h.self:
		return Change{}, false
	case who.Type == "AWSService" || who.ARN == "" && who.InvokedBy != "":
		by = who.InvokedBy
	case who.ARN != "":
		by = resource(who.ARN)
	}
	return Change{Call: plain(aws.ToString(e.EventName)), By: plain(by), At: aws.ToTime(e.EventTime)}, by != ""
}

// resource is the last part of an ARN: user/alice of arn:aws:iam::123456789012:user/alice.
func resource(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	return parts[len(parts)-1]
}

// role is an identity without the name of its session, which differs from start to start.
func role(arn string) string {
	if before, session, found := strings.Cut(arn, ":assumed-role/"); found {
		name, _, _ := strings.Cut(session, "/")
		return before + ":assumed-role/" + name
	}
	return arn
}

// plain keeps what people may name themselves from being anything but a short text.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), 128)]
}
