package awssim

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

// message is one message of a queue.
type message struct {
	ID      string
	Body    string
	Sent    time.Time
	Visible time.Time // not before
	Receipt string    // of the last time it was received
}

// send puts a message into a queue.
func (w *world) send(q *queue, body string) {
	q.Messages = append(q.Messages, &message{ID: w.region.ids.uuid(), Body: body, Sent: w.now(), Visible: w.now()})
}

// receive takes up to most messages that nobody else has taken within their visibility timeout.
func (w *world) receive(q *queue, most int, hide time.Duration) []*message {
	w.expireMessages(q)
	var taken []*message
	for _, m := range q.Messages {
		if len(taken) < most && !w.now().Before(m.Visible) {
			m.Visible, m.Receipt = w.now().Add(hide), w.region.ids.uuid()
			taken = append(taken, m)
		}
	}
	return taken
}

// expireMessages drops what has been in the queue for longer than it keeps messages.
func (w *world) expireMessages(q *queue) {
	oldest := w.now().Add(-q.seconds("MessageRetentionPeriod"))
	q.Messages = slices.DeleteFunc(q.Messages, func(m *message) bool { return m.Sent.Before(oldest) })
}

// seconds reads an attribute that is a number of seconds, which was checked when it was set.
func (q *queue) seconds(attribute string) time.Duration {
	n, _ := strconv.Atoi(q.Attributes[attribute])
	return time.Duration(n) * time.Second
}

// maxReceived is SQS's limit of messages in one answer.
const maxReceived = 10

type receiveMessageInput struct {
	QueueURL            string `json:"QueueUrl"`
	MaxNumberOfMessages int
	VisibilityTimeout   *int // seconds
	// WaitTimeSeconds is taken and not waited for: operations hold the region's lock.
	WaitTimeSeconds int
}

type receiveMessageOutput struct {
	Messages []messageJSON `json:",omitempty"`
}

type messageJSON struct {
	ID      string `json:"MessageId"`
	Receipt string `json:"ReceiptHandle"`
	Body    string
}

func (w *world) receiveMessage(in receiveMessageInput) (receiveMessageOutput, error) {
	q, err := w.queue(in.QueueURL)
	if err != nil {
		return receiveMessageOutput{}, err
	}
	most := cmp.Or(in.MaxNumberOfMessages, 1)
	if most < 1 || most > maxReceived {
		return receiveMessageOutput{}, refuse("InvalidParameterValue", "Value %d for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.", most)
	}
	hide := q.seconds("VisibilityTimeout")
	if in.VisibilityTimeout != nil {
		hide = time.Duration(*in.VisibilityTimeout) * time.Second
	}
	var out receiveMessageOutput
	for _, m := range w.receive(q, most, hide) {
		out.Messages = append(out.Messages, messageJSON{m.ID, m.Receipt, m.Body})
	}
	return out, nil
}

type deleteMessageInput struct {
	QueueURL string `json:"QueueUrl"`
	Receipt  string `json:"ReceiptHandle"`
}

// deleteMessage takes the deletion of what is gone, as AWS does.
func (w *world) deleteMessage(in deleteMessageInput) (none, error) {
	return w.onQueue(in.QueueURL, func(q *queue) error {
		q.Messages = slices.DeleteFunc(q.Messages, func(m *message) bool { return m.Receipt == in.Receipt })
		return nil
	})
}
