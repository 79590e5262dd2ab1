package awssim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"
)

// cloudTrailOperations is all of CloudTrail that the simulator knows: its event history, of the calls that
// change something.
var cloudTrailOperations = map[string]operation{"LookupEvents": reads((*world).lookupEvents)}

var cloudTrailProtocol = awsJSON{contentType: "application/x-amz-json-1.1", shapes: "com.amazonaws.cloudtrail.v20131101"}

const (
	// trailDelay is how long a call takes to appear: "an average of about 5 minutes"
	// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html).
	trailDelay = 5 * time.Minute
	// trailLife is how long events can be looked up, and trailPage how many at once
	// (https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html).
	trailLife = 90 * 24 * time.Hour
	trailPage = 50
	// maxTrail bounds what the simulator keeps, the newest.
	maxTrail = 5000
)

// trailEvent is one call.
type trailEvent struct {
	ID, RequestID string
	At            time.Time
	Service, Name string
	KeyID         string
	Principal     string // ARN
	Resources     []string
	ErrorCode     string // empty if it was carried out
}

// SetPrincipal says whose an access key is, by the ARN of a user or of a role's session. Keys of which
// nothing is said are those of the user "simulated".
func (r *Region) SetPrincipal(keyID, arn string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.principals[keyID] = arn
}

// principal is whose an access key is. The caller holds the lock.
func (r *Region) principal(keyID string) string {
	return cmp.Or(r.principals[keyID], r.world.iamARN("user/simulated"))
}

// record keeps a mutating call that was answered. The caller holds the lock.
func (r *Region) record(c Call, requestID string, err error) {
	event := trailEvent{
		ID: r.ids.uuid(), RequestID: requestID, At: r.world.now(), Service: c.Service, Name: c.Operation,
		KeyID: c.KeyID, Principal: r.principal(c.KeyID), Resources: named(c.Body),
	}
	if err != nil {
		event.ErrorCode = asAPIError(err).Code
	}
	r.trail = append(r.trail, event)
	r.trail = r.trail[max(0, len(r.trail)-maxTrail):]
}

// named are the resources that the parameters of a call name. AWS has a list for each call; here they are
// the values of parameters that are called like an id, a name or an ARN.
func named(body []byte) []string {
	var names []string
	var document any
	if json.Unmarshal(body, &document) == nil {
		names = namedIn("", document)
	} else if form, err := url.ParseQuery(string(body)); err == nil {
		for key, values := range form {
			parts := slices.DeleteFunc(strings.Split(key, "."), func(p string) bool { return p == "member" || strings.Trim(p, "0123456789") == "" })
			if len(parts) > 0 && isName(parts[len(parts)-1]) {
				names = append(names, values...)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func namedIn(key string, v any) []string {
	var names []string
	switch v := v.(type) {
	case string:
		if isName(key) {
			names = append(names, v)
		}
	case []any:
		for _, item := range v {
			names = append(names, namedIn(key, item)...)
		}
	case map[string]any:
		for k, item := range v {
			names = append(names, namedIn(k, item)...)
		}
	}
	return names
}

func isName(parameter string) bool {
	parameter = strings.TrimSuffix(strings.ToLower(parameter), "s")
	return slices.ContainsFunc([]string{"id", "name", "arn", "queueurl"}, func(end string) bool { return strings.HasSuffix(parameter, end) })
}

type lookupEventsInput struct {
	StartTime, EndTime *float64
	LookupAttributes   []struct{ AttributeKey, AttributeValue string }
	MaxResults         *int
	NextToken          string
}

type lookupEventsOutput struct {
	Events    []eventJSON
	NextToken string `json:",omitempty"`
}

type eventJSON struct {
	EventId, EventName, EventSource, AccessKeyId, Username, ReadOnly, CloudTrailEvent string
	EventTime                                                                         float64
	Resources                                                                         []resourceJSON
}

type resourceJSON struct{ ResourceName string }

// lookupEvents finds calls by a resource, the newest first.
func (w *world) lookupEvents(in lookupEventsInput) (lookupEventsOutput, error) {
	if len(in.LookupAttributes) != 1 || in.LookupAttributes[0].AttributeKey != "ResourceName" {
		return lookupEventsOutput{}, refuse("InvalidLookupAttributesException", "the simulated region looks up by one ResourceName")
	}
	if in.MaxResults != nil && (*in.MaxResults < 1 || *in.MaxResults > trailPage) {
		return lookupEventsOutput{}, refuse("InvalidMaxResultsException", "A limit between 1 and %d is allowed.", trailPage)
	}
	from, until := w.now().Add(-trailLife), w.now().Add(-trailDelay)
	if in.StartTime != nil && moment(*in.StartTime).After(from) {
		from = moment(*in.StartTime)
	}
	if in.EndTime != nil {
		if end := moment(*in.EndTime); end.Before(from) {
			return lookupEventsOutput{}, refuse("InvalidTimeRangeException", "Start time is after end time.")
		} else if end.Before(until) {
			until = end
		}
	}
	order := map[string]string{} // of the ids, so that the newest come first
	var found []trailEvent
	for i, e := range slices.Backward(w.region.trail) {
		if !e.At.Before(from) && !e.At.After(until) && slices.Contains(e.Resources, in.LookupAttributes[0].AttributeValue) {
			order[e.ID] = fmt.Sprintf("%020d", math.MaxInt-i)
			found = append(found, e)
		}
	}
	cut, next, err := page(found, func(e trailEvent) string { return order[e.ID] }, paging{MaxResults: in.MaxResults, NextToken: in.NextToken}, trailPage)
	out := lookupEventsOutput{Events: []eventJSON{}, NextToken: next}
	for _, e := range cut {
		out.Events = append(out.Events, w.eventJSON(e))
	}
	return out, err
}

func moment(seconds float64) time.Time { return time.UnixMilli(int64(seconds * 1000)) }

func (w *world) eventJSON(e trailEvent) eventJSON {
	kind, user := "IAMUser", e.Principal[strings.LastIndex(e.Principal, "/")+1:]
	if strings.Contains(e.Principal, ":assumed-role/") {
		kind = "AssumedRole"
	}
	source := e.Service + ".amazonaws.com"
	record := map[string]any{
		"eventVersion": "1.11", "eventID": e.ID, "requestID": e.RequestID, "eventType": "AwsApiCall", "eventName": e.Name, "eventSource": source,
		"eventTime": e.At.UTC().Format(time.RFC3339), "awsRegion": w.region.cfg.Region, "recipientAccountId": w.account(), "readOnly": false, "managementEvent": true,
		"userIdentity": map[string]any{"type": kind, "arn": e.Principal, "accountId": w.account(), "accessKeyId": e.KeyID},
	}
	if e.ErrorCode != "" {
		record["errorCode"] = e.ErrorCode
	}
	text, _ := json.Marshal(record) //nolint:errchkjson // maps of texts and booleans
	out := eventJSON{
		EventId: e.ID, EventName: e.Name, EventSource: source, EventTime: float64(e.At.Unix()), AccessKeyId: e.KeyID,
		Username: user, ReadOnly: "false", CloudTrailEvent: string(text), Resources: []resourceJSON{},
	}
	for _, name := range e.Resources {
		out.Resources = append(out.Resources, resourceJSON{name})
	}
	return out
}
