package awssim

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// eventRule is a rule of EventBridge with its targets.
type eventRule struct {
	Name        string
	ARN         string
	Description string
	Pattern     string
	Schedule    string
	RoleARN     string
	State       string                  // ENABLED or DISABLED
	Targets     map[string]*eventTarget // by id
}

// eventTarget is where a rule sends its events, in all directions.
type eventTarget struct {
	ID      string `json:"Id"`
	ARN     string `json:"Arn"`
	RoleARN string `json:"RoleArn,omitempty"`
	Input   string `json:",omitempty"`
}

// AWS's limits: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
const (
	maxTargetsPerRule = 5
	maxEventPattern   = 4096 // characters
)

var eventName = regexp.MustCompile(`^[\w.-]{1,64}$`)

// bus is embedded in the input of everything that names an event bus: there is one.
type bus struct {
	EventBusName string
}

func (b bus) check() error {
	if b.EventBusName != "" && b.EventBusName != "default" {
		return refuse("ResourceNotFoundException", "Event bus %s does not exist.", b.EventBusName)
	}
	return nil
}

type putRuleInput struct {
	bus
	Name               string
	Description        string
	EventPattern       string
	ScheduleExpression string
	RoleARN            string `json:"RoleArn"`
	State              string
	Tags               []queryTag
}

type putRuleOutput struct {
	RuleARN string `json:"RuleArn"`
}

// putRule makes a rule, or replaces all that another rule of this name says except its targets and
// its tags, which PutRule sets on a new rule only.
func (w *world) putRule(in putRuleInput) (putRuleOutput, error) {
	if err := cmp.Or(in.check(), in.checkRule(), eventTags.check(nil, in.Tags)); err != nil {
		return putRuleOutput{}, err
	}
	r := &eventRule{
		Name: in.Name, ARN: w.arn("events", "rule/"+in.Name), Description: in.Description, Pattern: in.EventPattern,
		Schedule: in.ScheduleExpression, RoleARN: in.RoleARN, State: cmp.Or(in.State, "ENABLED"), Targets: map[string]*eventTarget{},
	}
	if present, exists := w.EventRules[r.Name]; exists {
		r.Targets = present.Targets
	} else if err := w.addTags(eventTags, r.ARN, in.Tags); err != nil {
		return putRuleOutput{}, err
	}
	w.EventRules[r.Name] = r
	return putRuleOutput{r.ARN}, nil
}

func (in putRuleInput) checkRule() error {
	switch {
	case !eventName.MatchString(in.Name):
		return invalidEvents("1 validation error detected: Value '%s' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+", in.Name)
	case in.EventPattern == "" && in.ScheduleExpression == "":
		return invalidEvents("Parameter(s) EventPattern or ScheduleExpression must be specified.")
	case in.State != "" && in.State != "ENABLED" && in.State != "DISABLED":
		return invalidEvents("Rule state '%s' is not valid", in.State)
	case in.EventPattern != "":
		return checkEventPattern(in.EventPattern)
	}
	return nil
}

// checkEventPattern takes objects within objects that end in lists.
func checkEventPattern(pattern string) error {
	var fields map[string]any
	if err := json.Unmarshal([]byte(pattern), &fields); err != nil || len(pattern) > maxEventPattern {
		return refuse("InvalidEventPatternException", "Event pattern is not valid. Reason: it must be a JSON object of at most %d characters", maxEventPattern)
	}
	if !endsInLists(fields) {
		return refuse("InvalidEventPatternException", "Event pattern is not valid. Reason: values must be objects or non-empty arrays")
	}
	return nil
}

func endsInLists(fields map[string]any) bool {
	for _, value := range fields {
		switch v := value.(type) {
		case map[string]any:
			if !endsInLists(v) {
				return false
			}
		case []any:
			if len(v) == 0 {
				return false
			}
		default:
			return false
		}
	}
	return len(fields) > 0
}

func (w *world) eventRule(b bus, name string) (*eventRule, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	r, exists := w.EventRules[name]
	if !exists {
		return nil, noSuchRule(name)
	}
	return r, nil
}

type ruleInput struct {
	bus
	Name string
}

type ruleJSON struct {
	Name         string
	ARN          string `json:"Arn"`
	Description  string `json:",omitempty"`
	EventPattern string `json:",omitempty"`
	Schedule     string `json:"ScheduleExpression,omitempty"`
	RoleARN      string `json:"RoleArn,omitempty"`
	State        string
	EventBusName string
	CreatedBy    string `json:",omitempty"`
}

func (r *eventRule) json() ruleJSON {
	return ruleJSON{
		Name: r.Name, ARN: r.ARN, Description: r.Description, EventPattern: r.Pattern, Schedule: r.Schedule,
		RoleARN: r.RoleARN, State: r.State, EventBusName: "default",
	}
}

func (w *world) describeRule(in ruleInput) (ruleJSON, error) {
	r, err := w.eventRule(in.bus, in.Name)
	if err != nil {
		return ruleJSON{}, err
	}
	x := r.json()
	x.CreatedBy = w.account() // only here, not in lists
	return x, nil
}

type listRulesInput struct {
	bus
	NamePrefix string
	eventPage
}

type listRulesOutput struct {
	Rules     []ruleJSON
	NextToken string `json:",omitempty"`
}

func (w *world) listRules(in listRulesInput) (listRulesOutput, error) {
	if err := in.check(); err != nil {
		return listRulesOutput{}, err
	}
	found := slices.DeleteFunc(sortedRows(w.EventRules), func(r *eventRule) bool { return !strings.HasPrefix(r.Name, in.NamePrefix) })
	cut, next, err := eventList(found, func(r *eventRule) string { return r.Name }, in.eventPage)
	out := listRulesOutput{Rules: []ruleJSON{}, NextToken: next}
	for _, r := range cut {
		out.Rules = append(out.Rules, r.json())
	}
	return out, err
}

func (w *world) enableRule(in ruleInput) (none, error)  { return w.setRuleState(in, "ENABLED") }
func (w *world) disableRule(in ruleInput) (none, error) { return w.setRuleState(in, "DISABLED") }

func (w *world) setRuleState(in ruleInput, state string) (none, error) {
	r, err := w.eventRule(in.bus, in.Name)
	if err == nil {
		r.State = state
	}
	return none{}, err
}

type deleteRuleInput struct {
	ruleInput
	Force bool
}

// deleteRule takes the deletion of what is not there, as AWS does.
func (w *world) deleteRule(in deleteRuleInput) (none, error) {
	if err := in.check(); err != nil {
		return none{}, err
	}
	r, exists := w.EventRules[in.Name]
	if !exists {
		return none{}, nil
	}
	if len(r.Targets) > 0 {
		return none{}, invalidEvents("Rule can't be deleted since it has targets.")
	}
	delete(w.EventRules, r.Name)
	delete(w.Tags, r.ARN)
	return none{}, nil
}

type putTargetsInput struct {
	bus
	Rule    string
	Targets []eventTarget
}

// failures is the answer of operations on several targets. The simulator refuses all or none.
type failures struct {
	FailedEntryCount int
	FailedEntries    []none
}

var noFailures = failures{FailedEntries: []none{}}

func (w *world) putTargets(in putTargetsInput) (failures, error) {
	r, err := w.eventRule(in.bus, in.Rule)
	if err != nil {
		return failures{}, err
	}
	after := map[string]bool{}
	for id := range r.Targets {
		after[id] = true
	}
	for _, t := range in.Targets {
		if !eventName.MatchString(t.ID) || !strings.HasPrefix(t.ARN, "arn:") {
			return failures{}, invalidEvents("Parameter %s is not valid. Reason: Provided Arn or Id is not in correct format.", t.ID)
		}
		after[t.ID] = true
	}
	if len(after) > maxTargetsPerRule {
		return failures{}, refuse("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
	}
	for _, t := range in.Targets {
		r.Targets[t.ID] = &t
	}
	return noFailures, nil
}

type listTargetsInput struct {
	bus
	Rule string
	eventPage
}

type listTargetsOutput struct {
	Targets   []*eventTarget
	NextToken string `json:",omitempty"`
}

func (w *world) listTargetsByRule(in listTargetsInput) (listTargetsOutput, error) {
	r, err := w.eventRule(in.bus, in.Rule)
	if err != nil {
		return listTargetsOutput{}, err
	}
	cut, next, err := eventList(sortedRows(r.Targets), func(t *eventTarget) string { return t.ID }, in.eventPage)
	return listTargetsOutput{cut, next}, err
}

type listRuleNamesInput struct {
	bus
	TargetARN string `json:"TargetArn"`
	eventPage
}

type listRuleNamesOutput struct {
	RuleNames []string
	NextToken string `json:",omitempty"`
}

func (w *world) listRuleNamesByTarget(in listRuleNamesInput) (listRuleNamesOutput, error) {
	if err := in.check(); err != nil {
		return listRuleNamesOutput{}, err
	}
	names := []string{}
	for _, r := range sortedRows(w.EventRules) {
		for _, t := range r.Targets {
			if t.ARN == in.TargetARN && !slices.Contains(names, r.Name) {
				names = append(names, r.Name)
			}
		}
	}
	cut, next, err := eventList(names, func(name string) string { return name }, in.eventPage)
	return listRuleNamesOutput{cut, next}, err
}

type removeTargetsInput struct {
	bus
	Rule  string
	IDs   []string `json:"Ids"`
	Force bool
}

func (w *world) removeTargets(in removeTargetsInput) (failures, error) {
	r, err := w.eventRule(in.bus, in.Rule)
	if err != nil {
		return failures{}, err
	}
	for _, id := range in.IDs {
		delete(r.Targets, id)
	}
	return noFailures, nil
}

type eventResourceInput struct {
	ARN string `json:"ResourceARN"`
}

func (w *world) checkRuleARN(arn string) error {
	for _, r := range w.EventRules {
		if r.ARN == arn {
			return nil
		}
	}
	return noSuchRule(arn[strings.LastIndex(arn, "/")+1:])
}

type tagRuleInput struct {
	eventResourceInput
	Tags []queryTag
}

func (w *world) tagRule(in tagRuleInput) (none, error) {
	if err := w.checkRuleARN(in.ARN); err != nil {
		return none{}, err
	}
	return none{}, w.addTags(eventTags, in.ARN, in.Tags)
}

type untagRuleInput struct {
	eventResourceInput
	TagKeys []string
}

func (w *world) untagRule(in untagRuleInput) (none, error) {
	if err := w.checkRuleARN(in.ARN); err != nil {
		return none{}, err
	}
	w.untag(in.ARN, in.TagKeys...)
	return none{}, nil
}

type ruleTagsOutput struct {
	Tags []queryTag
}

func (w *world) listRuleTags(in eventResourceInput) (ruleTagsOutput, error) {
	if err := w.checkRuleARN(in.ARN); err != nil {
		return ruleTagsOutput{}, err
	}
	return ruleTagsOutput{append([]queryTag{}, w.queryTags(in.ARN)...)}, nil
}
