package awssim

import (
	"encoding/json"
	"slices"
	"time"
)

// event is what an AWS service tells EventBridge.
type event struct {
	Version    string         `json:"version"`
	ID         string         `json:"id"`
	DetailType string         `json:"detail-type"`
	Source     string         `json:"source"`
	Account    string         `json:"account"`
	Time       time.Time      `json:"time"`
	Region     string         `json:"region"`
	Resources  []string       `json:"resources"`
	Detail     map[string]any `json:"detail"`
}

// publish gives an event to the targets of every rule that asks for it. Only queues are reached.
func (w *world) publish(source, detailType, resource string, detail map[string]any) {
	body, err := json.Marshal(event{
		Version: "0", ID: w.region.ids.uuid(), DetailType: detailType, Source: source, Account: w.account(),
		Time: w.now().Truncate(time.Second), Region: w.region.cfg.Region, Resources: []string{resource}, Detail: detail,
	})
	if err != nil {
		panic("an event is plain data: " + err.Error())
	}
	for _, r := range sortedRows(w.EventRules) {
		if r.State != "ENABLED" || !asksFor(r.Pattern, body) {
			continue
		}
		for _, t := range sortedRows(r.Targets) {
			for _, q := range w.Queues {
				if q.ARN == t.ARN && q.admits("events.amazonaws.com") {
					w.send(q, string(body))
				}
			}
		}
	}
}

// asksFor says whether an event matches a pattern of exact values, which are the only ones simulated.
func asksFor(pattern string, body []byte) bool {
	var asked, told map[string]any
	if json.Unmarshal([]byte(pattern), &asked) != nil || json.Unmarshal(body, &told) != nil {
		return false
	}
	return tells(told, asked)
}

func tells(told, asked map[string]any) bool {
	for key, want := range asked {
		switch want := want.(type) {
		case map[string]any:
			inner, ok := told[key].(map[string]any)
			if !ok || !tells(inner, want) {
				return false
			}
		case []any:
			if !slices.ContainsFunc(want, func(v any) bool { return isText(v) && v == told[key] }) {
				return false
			}
		}
	}
	return true
}

func isText(v any) bool {
	_, ok := v.(string)
	return ok
}

// texts is what policies write as one text or as a list.
type texts []string

func (t *texts) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// admits says whether the queue's policy lets an AWS service send to it: without, AWS drops the event.
func (q *queue) admits(service string) bool {
	var policy struct {
		Statement []struct {
			Effect           string
			Principal        struct{ Service texts }
			Action, Resource texts
		}
	}
	if json.Unmarshal([]byte(q.Attributes["Policy"]), &policy) != nil {
		return false
	}
	for _, s := range policy.Statement {
		if s.Effect == "Allow" && slices.Contains(s.Principal.Service, service) &&
			slices.Contains(s.Action, "sqs:SendMessage") && slices.Contains(s.Resource, q.ARN) {
			return true
		}
	}
	return false
}
