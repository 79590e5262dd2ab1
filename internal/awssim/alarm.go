package awssim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// alarm is a metric alarm of CloudWatch.
type alarm struct {
	alarmSettings
	ARN          string
	State        string // OK, ALARM or INSUFFICIENT_DATA
	Reason       string
	Configured   time.Time
	StateChanged time.Time
	// Data are the newest data points, the newest last; as many as are looked at.
	Data []datum
	// Made tells the alarm from the one it was before it was put again.
	Made string
	// Policy says that the alarm came with a scaling policy, and goes with it.
	Policy bool
}

// datum is one data point, which may be missing.
type datum struct {
	Value  float64
	Exists bool
}

// The states of alarms.
const (
	alarmOK     = "OK"
	alarmFiring = "ALARM"
	alarmNoData = "INSUFFICIENT_DATA"
)

// alarmSettings are the parameters of an alarm, in both directions.
type alarmSettings struct {
	AlarmName               string
	AlarmDescription        string
	ActionsEnabled          *bool
	AlarmActions            []string
	OKActions               []string
	InsufficientDataActions []string
	Namespace               string
	MetricName              string
	Dimensions              []dimension
	Statistic               string
	Unit                    string
	Period                  int
	EvaluationPeriods       int
	DatapointsToAlarm       int
	Threshold               *float64
	ComparisonOperator      string
	TreatMissingData        string
}

// AWS's limits: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
const (
	maxAlarmName    = 255
	maxAlarmActions = 5
	maxAlarmTime    = 24 * 60 * 60 // seconds, of all periods together
	maxAlarmPage    = 100
)

var breaches = map[string]func(value, threshold float64) bool{
	"LessThanThreshold":             func(v, t float64) bool { return v < t },
	"LessThanOrEqualToThreshold":    func(v, t float64) bool { return v <= t },
	"GreaterThanThreshold":          func(v, t float64) bool { return v > t },
	"GreaterThanOrEqualToThreshold": func(v, t float64) bool { return v >= t },
}

type putMetricAlarmInput struct {
	alarmSettings
	Tags []queryTag
}

// putMetricAlarm makes an alarm, or replaces all that the one of that name says but its tags, which
// are set on a new one only. Its state stays until the next data point.
func (w *world) putMetricAlarm(in putMetricAlarmInput) (none, error) {
	if err := cmp.Or(in.check(), alarmTags.check(nil, in.Tags)); err != nil {
		return none{}, err
	}
	a, exists := w.Alarms[in.AlarmName]
	if !exists {
		a = &alarm{ARN: w.arn("cloudwatch", "alarm:"+in.AlarmName), State: alarmNoData, Reason: "Unchecked: Initial alarm creation", StateChanged: w.now()}
		if err := w.addTags(alarmTags, a.ARN, in.Tags); err != nil {
			return none{}, err
		}
		w.Alarms[in.AlarmName] = a
	}
	in.ActionsEnabled = cmp.Or(in.ActionsEnabled, new(true))
	in.DatapointsToAlarm = cmp.Or(in.DatapointsToAlarm, in.EvaluationPeriods)
	in.TreatMissingData = cmp.Or(in.TreatMissingData, "missing")
	a.alarmSettings, a.Configured, a.Made, a.Data = in.alarmSettings, w.now(), w.region.ids.uuid(), nil
	w.watchAlarm(a.AlarmName, a.Made, a.Period)
	return none{}, nil
}

func (s alarmSettings) check() error {
	short := s.Period == 10 || s.Period == 20 || s.Period == 30
	switch {
	case s.AlarmName == "" || len(s.AlarmName) > maxAlarmName:
		return invalidAlarm("The alarm name must have 1 to %d characters", maxAlarmName)
	case s.Namespace == "" || s.MetricName == "" || s.Threshold == nil:
		return refuse("MissingRequiredParameterException", "Namespace, MetricName and Threshold are required for alarms based on metrics")
	case breaches[s.ComparisonOperator] == nil:
		return invalidAlarm("Invalid comparison operator '%s'", s.ComparisonOperator)
	case !slices.Contains([]string{"SampleCount", "Average", "Sum", "Minimum", "Maximum"}, s.Statistic):
		return invalidAlarm("Invalid statistic '%s'", s.Statistic)
	case s.Period < 1 || !short && s.Period%60 != 0:
		return invalidAlarm("Period must be 10, 20, 30 or a multiple of 60")
	case s.EvaluationPeriods < 1 || s.Period*s.EvaluationPeriods > maxAlarmTime:
		return invalidAlarm("Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= %d)", maxAlarmTime)
	case s.DatapointsToAlarm < 0 || s.DatapointsToAlarm > s.EvaluationPeriods:
		return invalidAlarm("DatapointsToAlarm must be between 1 and EvaluationPeriods")
	case s.TreatMissingData != "" && !slices.Contains([]string{"breaching", "notBreaching", "ignore", "missing"}, s.TreatMissingData):
		return invalidAlarm("Invalid TreatMissingData '%s'", s.TreatMissingData)
	}
	return s.checkActions()
}

func (s alarmSettings) checkActions() error {
	for _, list := range [][]string{s.AlarmActions, s.OKActions, s.InsufficientDataActions} {
		if len(list) > maxAlarmActions {
			return invalidAlarm("At most %d actions can be specified", maxAlarmActions)
		}
		for _, action := range list {
			if !strings.HasPrefix(action, "arn:") {
				return invalidAlarm("Invalid arn syntax: %s", action)
			}
		}
	}
	return nil
}

// watchAlarm takes a data point each period, until the alarm is put again or deleted.
func (w *world) watchAlarm(name, made string, period int) {
	w.after(time.Duration(period)*time.Second, func(w *world) {
		if a := w.Alarms[name]; a != nil && a.Made == made {
			w.evaluate(a)
			w.watchAlarm(name, made, period)
		}
	})
}

func (w *world) evaluate(a *alarm) {
	value, exists := w.sample(metric{a.Namespace, a.MetricName, a.Dimensions})
	a.Data = append(a.Data, datum{value, exists})
	a.Data = a.Data[max(0, len(a.Data)-a.EvaluationPeriods):]
	if state := a.next(); state != a.State {
		a.State, a.StateChanged = state, w.now()
		a.Reason = fmt.Sprintf("Threshold Crossed: the last %d data points against %g", len(a.Data), *a.Threshold)
		w.notify(a)
	}
}

// next judges the data points that are there. While there are too few of them to tell, nothing is said.
func (a *alarm) next() string {
	bad, known := 0, 0
	for _, d := range a.Data {
		breaching, counts := breaches[a.ComparisonOperator](d.Value, *a.Threshold), true
		if !d.Exists {
			breaching, counts = a.TreatMissingData == "breaching", strings.HasSuffix(strings.ToLower(a.TreatMissingData), "breaching")
		}
		if counts {
			known++
		}
		if counts && breaching {
			bad++
		}
	}
	switch {
	case bad >= a.DatapointsToAlarm:
		return alarmFiring
	case known == 0 && a.TreatMissingData == "missing":
		return alarmNoData
	case known == 0 || bad == len(a.Data) && len(a.Data) < a.EvaluationPeriods:
		return a.State
	}
	return alarmOK
}

// Notification is what an alarm sends when its state changes. There is no service behind the topic.
type Notification struct {
	Topic string
	Alarm string
	State string
	At    time.Time
}

func (w *world) notify(a *alarm) {
	if !*a.ActionsEnabled {
		return
	}
	actions := map[string][]string{alarmFiring: a.AlarmActions, alarmOK: a.OKActions, alarmNoData: a.InsufficientDataActions}
	for _, topic := range actions[a.State] {
		w.Notifications = append(w.Notifications, Notification{topic, a.AlarmName, a.State, w.now()})
	}
}

// Notifications are all that alarms have sent, the oldest first.
func (r *Region) Notifications() []Notification {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.world.Notifications)
}

type describeAlarmsInput struct {
	AlarmNames      []string
	AlarmNamePrefix string
	AlarmTypes      []string
	StateValue      string
	ActionPrefix    string
	MaxRecords      *int
	NextToken       string
}

type describeAlarmsOutput struct {
	MetricAlarms []alarmShape
	NextToken    string
}

// alarmShape is an alarm as it is shown; numbers and truths are shown also where they are zero.
type alarmShape struct {
	AlarmName               string
	AlarmArn                string
	AlarmDescription        string
	ActionsEnabled          *bool
	AlarmActions            []string
	OKActions               []string
	InsufficientDataActions []string
	Namespace               string
	MetricName              string
	Dimensions              []dimension
	Statistic               string
	Unit                    string
	Period                  int
	EvaluationPeriods       int
	DatapointsToAlarm       int
	Threshold               *float64
	ComparisonOperator      string
	TreatMissingData        string
	StateValue              string
	StateReason             string
	Configured              time.Time `json:"AlarmConfigurationUpdatedTimestamp"`
	StateUpdated            time.Time `json:"StateUpdatedTimestamp"`
	StateChanged            time.Time `json:"StateTransitionedTimestamp"`
}

func (a *alarm) shape() alarmShape {
	s := a.alarmSettings
	return alarmShape{
		s.AlarmName, a.ARN, s.AlarmDescription, s.ActionsEnabled, s.AlarmActions, s.OKActions, s.InsufficientDataActions, s.Namespace, s.MetricName,
		s.Dimensions, s.Statistic, s.Unit, s.Period, s.EvaluationPeriods, s.DatapointsToAlarm, s.Threshold, s.ComparisonOperator, s.TreatMissingData,
		a.State, a.Reason, a.Configured, a.StateChanged, a.StateChanged,
	}
}

func (w *world) describeAlarms(in describeAlarmsInput) (describeAlarmsOutput, error) {
	if len(in.AlarmNames) > 0 && in.AlarmNamePrefix != "" {
		return describeAlarmsOutput{}, refuse("InvalidParameterCombinationException", "AlarmNames and AlarmNamePrefix must not be specified together")
	}
	var list []alarmShape
	for _, a := range sortedRows(w.Alarms) {
		if in.takes(a) {
			list = append(list, a.shape())
		}
	}
	cut, next, err := page(list, func(a alarmShape) string { return a.AlarmName }, paging{MaxResults: in.MaxRecords, NextToken: in.NextToken}, maxAlarmPage)
	return describeAlarmsOutput{cut, next}, err
}

func (in describeAlarmsInput) takes(a *alarm) bool {
	acts := func(action string) bool { return strings.HasPrefix(action, in.ActionPrefix) }
	return (len(in.AlarmNames) == 0 || slices.Contains(in.AlarmNames, a.AlarmName)) && strings.HasPrefix(a.AlarmName, in.AlarmNamePrefix) &&
		(len(in.AlarmTypes) == 0 || slices.Contains(in.AlarmTypes, "MetricAlarm")) && (in.StateValue == "" || in.StateValue == a.State) &&
		(in.ActionPrefix == "" || slices.ContainsFunc(slices.Concat(a.AlarmActions, a.OKActions, a.InsufficientDataActions), acts))
}

type alarmNamesInput struct {
	AlarmNames []string
}

// onAlarms changes all of them, or none if one is missing.
func (w *world) onAlarms(in alarmNamesInput, change func(*alarm)) (none, error) {
	for _, name := range in.AlarmNames {
		if w.Alarms[name] == nil {
			return none{}, refuse("ResourceNotFound", "The alarm %s does not exist", name)
		}
	}
	for _, name := range in.AlarmNames {
		change(w.Alarms[name])
	}
	return none{}, nil
}

func (w *world) deleteAlarms(in alarmNamesInput) (none, error) {
	return w.onAlarms(in, w.removeAlarm)
}

func (w *world) removeAlarm(a *alarm) {
	delete(w.Alarms, a.AlarmName)
	delete(w.Tags, a.ARN)
}

func (w *world) enableAlarmActions(in alarmNamesInput) (none, error) {
	return w.onAlarms(in, func(a *alarm) { a.ActionsEnabled = new(true) })
}

func (w *world) disableAlarmActions(in alarmNamesInput) (none, error) {
	return w.onAlarms(in, func(a *alarm) { a.ActionsEnabled = new(false) })
}

type alarmARNInput struct {
	ResourceARN string
}

func (w *world) alarmByARN(arn string) (*alarm, error) {
	for _, a := range w.Alarms {
		if a.ARN == arn {
			return a, nil
		}
	}
	return nil, refuse("ResourceNotFoundException", "The resource %s does not exist", arn)
}

type tagAlarmInput struct {
	ResourceARN string
	Tags        []queryTag
}

func (w *world) tagAlarm(in tagAlarmInput) (none, error) {
	a, err := w.alarmByARN(in.ResourceARN)
	if err != nil {
		return none{}, err
	}
	return none{}, w.addTags(alarmTags, a.ARN, in.Tags)
}

type untagAlarmInput struct {
	ResourceARN string
	TagKeys     []string
}

func (w *world) untagAlarm(in untagAlarmInput) (none, error) {
	a, err := w.alarmByARN(in.ResourceARN)
	if err != nil {
		return none{}, err
	}
	w.untag(a.ARN, in.TagKeys...)
	return none{}, nil
}

type listAlarmTagsOutput struct {
	Tags []queryTag
}

func (w *world) listAlarmTags(in alarmARNInput) (listAlarmTagsOutput, error) {
	a, err := w.alarmByARN(in.ResourceARN)
	if err != nil {
		return listAlarmTagsOutput{}, err
	}
	return listAlarmTagsOutput{w.queryTags(a.ARN)}, nil
}
