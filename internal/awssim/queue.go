package awssim

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// queue is an SQS queue.
type queue struct {
	Name       string
	ARN        string
	Created    time.Time
	Modified   time.Time
	Attributes map[string]string // those that can be set, defaults included
	Messages   []*message
}

// queueRanges are the attributes that are numbers, with the lowest, the highest and the initial
// value: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
var queueRanges = map[string][3]int{
	"DelaySeconds":                  {0, 900, 0},
	"MaximumMessageSize":            {1024, 1 << 20, 1 << 20},
	"MessageRetentionPeriod":        {60, 1209600, 345600},
	"ReceiveMessageWaitTimeSeconds": {0, 20, 0},
	"VisibilityTimeout":             {0, 43200, 30},
	"KmsDataKeyReusePeriodSeconds":  {60, 86400, 300},
}

// queueTexts are the other attributes; empty values are not shown.
var queueTexts = []string{
	"Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "SqsManagedSseEnabled", "FifoQueue",
	"ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit",
}

// queueReuseDelay is how long AWS refuses the name of a deleted queue.
const queueReuseDelay = 60 * time.Second

// queueName is 80 characters, of which FIFO queues spend five on their ending.
var queueName = regexp.MustCompile(`^[\w-]{1,80}$|^[\w-]{1,75}\.fifo$`)

type createQueueInput struct {
	QueueName  string
	Attributes map[string]string
	Tags       map[string]string `json:"tags"`
}

type queueURLOutput struct {
	QueueURL string `json:"QueueUrl"`
}

func (w *world) createQueue(in createQueueInput) (queueURLOutput, error) {
	if !queueName.MatchString(in.QueueName) || strings.HasSuffix(in.QueueName, ".fifo") != (in.Attributes["FifoQueue"] == "true") {
		return queueURLOutput{}, refuse("InvalidParameterValue",
			"Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length; FIFO queues end in .fifo")
	}
	if err := checkQueueAttributes(in.Attributes); err != nil {
		return queueURLOutput{}, err
	}
	if q, exists := w.Queues[in.QueueName]; exists {
		for name, value := range in.Attributes {
			if q.Attributes[name] != value {
				return queueURLOutput{}, refuse("QueueNameExists", "A queue already exists with the same name and a different value for attribute %s", name)
			}
		}
		return queueURLOutput{w.queueURL(q)}, nil
	}
	if w.now().Before(w.DeletedQueues[in.QueueName].Add(queueReuseDelay)) {
		return queueURLOutput{}, refuse("QueueDeletedRecently", "You must wait 60 seconds after deleting a queue before you can create another with the same name.")
	}
	q := &queue{Name: in.QueueName, ARN: w.arn("sqs", in.QueueName), Created: w.now(), Modified: w.now(), Attributes: newQueueAttributes()}
	maps.Copy(q.Attributes, in.Attributes)
	w.Queues[q.Name] = q
	return queueURLOutput{w.queueURL(q)}, w.tagQueueWith(q, in.Tags)
}

func newQueueAttributes() map[string]string {
	attributes := map[string]string{"SqsManagedSseEnabled": "true"}
	for name, r := range queueRanges {
		attributes[name] = strconv.Itoa(r[2])
	}
	return attributes
}

func checkQueueAttributes(attributes map[string]string) error {
	for name, value := range attributes {
		limits, isNumber := queueRanges[name]
		switch {
		case !isNumber && !slices.Contains(queueTexts, name):
			return refuse("InvalidAttributeName", "Unknown Attribute %s.", name)
		case isNumber && !within(value, limits[0], limits[1]),
			strings.HasSuffix(name, "Policy") && value != "" && !json.Valid([]byte(value)):
			return refuse("InvalidAttributeValue", "Invalid value for the parameter %s.", name)
		}
	}
	return nil
}

// queueURL names a queue to the operations. It is a name: calls go to the endpoint as ever.
func (w *world) queueURL(q *queue) string {
	return "https://sqs." + w.region.cfg.Region + ".amazonaws.com/" + w.account() + "/" + q.Name
}

func (w *world) queue(url string) (*queue, error) {
	q, exists := w.Queues[url[strings.LastIndex(url, "/")+1:]]
	if !exists {
		return nil, refuse("QueueDoesNotExist", "The specified queue does not exist.")
	}
	return q, nil
}

type getQueueURLInput struct {
	QueueName string
	Owner     string `json:"QueueOwnerAWSAccountId"`
}

func (w *world) getQueueURL(in getQueueURLInput) (queueURLOutput, error) {
	q, err := w.queue(in.QueueName)
	if err != nil || in.Owner != "" && in.Owner != w.account() {
		return queueURLOutput{}, refuse("QueueDoesNotExist", "The specified queue does not exist.")
	}
	return queueURLOutput{w.queueURL(q)}, nil
}

type getQueueAttributesInput struct {
	QueueURL       string `json:"QueueUrl"`
	AttributeNames []string
}

type queueAttributesOutput struct {
	Attributes map[string]string
}

func (w *world) getQueueAttributes(in getQueueAttributesInput) (queueAttributesOutput, error) {
	q, err := w.queue(in.QueueURL)
	if err != nil {
		return queueAttributesOutput{}, err
	}
	all := q.shown()
	out := queueAttributesOutput{map[string]string{}}
	for _, name := range in.AttributeNames {
		value, has := all[name]
		switch {
		case name == "All":
			return queueAttributesOutput{all}, nil
		case has:
			out.Attributes[name] = value
		case !slices.Contains(queueTexts, name):
			return queueAttributesOutput{}, refuse("InvalidAttributeName", "Unknown Attribute %s.", name)
		}
	}
	return out, nil
}

// shown are the attributes as GetQueueAttributes lists them. The counts of messages are approximate in
// AWS, and here they are zero.
func (q *queue) shown() map[string]string {
	all := maps.Clone(q.Attributes)
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	if all["KmsMasterKeyId"] == "" {
		delete(all, "KmsDataKeyReusePeriodSeconds")
	}
	all["QueueArn"] = q.ARN
	all["CreatedTimestamp"] = strconv.FormatInt(q.Created.Unix(), 10)
	all["LastModifiedTimestamp"] = strconv.FormatInt(q.Modified.Unix(), 10)
	for _, count := range []string{"", "Delayed", "NotVisible"} {
		all["ApproximateNumberOfMessages"+count] = "0"
	}
	return all
}

type setQueueAttributesInput struct {
	QueueURL   string `json:"QueueUrl"`
	Attributes map[string]string
}

func (w *world) setQueueAttributes(in setQueueAttributesInput) (none, error) {
	return w.onQueue(in.QueueURL, func(q *queue) error {
		if err := checkQueueAttributes(in.Attributes); err != nil {
			return err
		}
		maps.Copy(q.Attributes, in.Attributes)
		q.Modified = w.now()
		return nil
	})
}

// onQueue adapts what changes one queue to an operation without an answer.
func (w *world) onQueue(url string, change func(*queue) error) (none, error) {
	q, err := w.queue(url)
	if err != nil {
		return none{}, err
	}
	return none{}, change(q)
}

type listQueuesInput struct {
	QueueNamePrefix string
	paging
}

type listQueuesOutput struct {
	QueueURLs []string `json:"QueueUrls,omitempty"`
	NextToken string   `json:",omitempty"`
}

func (w *world) listQueues(in listQueuesInput) (listQueuesOutput, error) {
	found := slices.DeleteFunc(sortedRows(w.Queues), func(q *queue) bool { return !strings.HasPrefix(q.Name, in.QueueNamePrefix) })
	cut, next, err := page(found, func(q *queue) string { return q.Name }, in.paging, 1000)
	out := listQueuesOutput{NextToken: next}
	for _, q := range cut {
		out.QueueURLs = append(out.QueueURLs, w.queueURL(q))
	}
	return out, err
}

type queueInput struct {
	QueueURL string `json:"QueueUrl"`
}

func (w *world) deleteQueue(in queueInput) (none, error) {
	return w.onQueue(in.QueueURL, func(q *queue) error {
		w.DeletedQueues[q.Name] = w.now()
		delete(w.Queues, q.Name)
		delete(w.Tags, q.ARN)
		return nil
	})
}

// sqsTags are SQS's words for bad tags.
var sqsTags = tagRules{limit: "InvalidParameterValue", duplicate: "InvalidParameterValue", invalid: "InvalidParameterValue"}

func (w *world) tagQueueWith(q *queue, tags map[string]string) error {
	var list []queryTag
	for key, value := range tags {
		list = append(list, queryTag{key, value})
	}
	return w.addTags(sqsTags, q.ARN, list)
}

type tagQueueInput struct {
	QueueURL string `json:"QueueUrl"`
	Tags     map[string]string
}

func (w *world) tagQueue(in tagQueueInput) (none, error) {
	return w.onQueue(in.QueueURL, func(q *queue) error { return w.tagQueueWith(q, in.Tags) })
}

type untagQueueInput struct {
	QueueURL string `json:"QueueUrl"`
	TagKeys  []string
}

func (w *world) untagQueue(in untagQueueInput) (none, error) {
	return w.onQueue(in.QueueURL, func(q *queue) error {
		w.untag(q.ARN, in.TagKeys...)
		return nil
	})
}

type queueTagsOutput struct {
	Tags map[string]string `json:",omitempty"`
}

func (w *world) listQueueTags(in queueInput) (queueTagsOutput, error) {
	q, err := w.queue(in.QueueURL)
	if err != nil {
		return queueTagsOutput{}, err
	}
	return queueTagsOutput{w.Tags[q.ARN]}, nil
}
