package awssim

// eventBridgeOperations is all of EventBridge that the simulator knows: rules of the default bus and
// their targets. The only events that flow are those of machines that wait for their termination.
var eventBridgeOperations = map[string]operation{
	"PutRule":               mutates((*world).putRule),
	"DescribeRule":          reads((*world).describeRule),
	"ListRules":             reads((*world).listRules),
	"EnableRule":            mutates((*world).enableRule),
	"DisableRule":           mutates((*world).disableRule),
	"DeleteRule":            mutates((*world).deleteRule),
	"PutTargets":            mutates((*world).putTargets),
	"ListTargetsByRule":     reads((*world).listTargetsByRule),
	"ListRuleNamesByTarget": reads((*world).listRuleNamesByTarget),
	"RemoveTargets":         mutates((*world).removeTargets),
	"TagResource":           mutates((*world).tagRule),
	"UntagResource":         mutates((*world).untagRule),
	"ListTagsForResource":   reads((*world).listRuleTags),
}

var eventBridgeProtocol = awsJSON{contentType: "application/x-amz-json-1.1", shapes: "com.amazonaws.eventbridge"}

// eventTags are EventBridge's words for bad tags.
var eventTags = tagRules{limit: "LimitExceededException", duplicate: "ValidationException", invalid: "ValidationException"}

func invalidEvents(format string, args ...any) *apiError {
	return refuse("ValidationException", format, args...)
}

func noSuchRule(name string) *apiError {
	return refuse("ResourceNotFoundException", "Rule %s does not exist on EventBus default.", name)
}

// eventPage is embedded in the input of the paginated lists.
type eventPage struct {
	Limit     *int
	NextToken string
}

// eventList cuts a page (of at most 100, EventBridge's limit) out of a list sorted by key.
func eventList[T any](list []T, key func(T) string, p eventPage) ([]T, string, error) {
	return page(list, key, paging{MaxResults: p.Limit, NextToken: p.NextToken}, 100)
}
