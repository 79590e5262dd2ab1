// Package audit answers one question: what did Quorate do to a cluster, when, and because of which
// commit?
//
// Every pass that changed or refused something leaves one [Record] in the notes of the repository
// whose commit it applied. Records are chained by their hashes, so that none can be edited, dropped
// or moved unseen: [Trail.Verify] looks, and needs nothing but a clone. Start reading at Record, then
// at layout.go for where records lie and at [Log] for how they get there without being lost.
//
// It imports only the standard library: what it needs of a repository is an interface beside it.
package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/quorate/quorate/internal/printable"
)

// Format is the format of the records that this version writes.
const Format = 1

const (
	maxText  = 300 // characters of one sentence
	maxSteps = 500 // more are only counted
)

// Result is what a pass came to, in one word.
type Result string

// The results, the one that a pass is filed under being the first that fits.
const (
	// Interrupted passes ended with their process; each of their steps may have happened.
	Interrupted Result = "interrupted"
	// Failed passes need somebody: AWS refused, or answered nothing.
	Failed Result = "failed"
	// Refused passes did not do what was asked for, because it must not be done.
	Refused Result = "refused"
	// Changed passes did something, and met nothing worse.
	Changed Result = "changed"
	// Noticed is no pass: something became of the branch that people should be able to look up.
	Noticed Result = "noticed"
	// Ordered is no pass either: somebody said in a comment what is to happen to a cluster.
	Ordered Result = "ordered"
)

// A Record is what one pass did. Its fields are all that ever goes into the trail: no value of a
// manifest or of AWS is among them, only names, digests, counts, and sentences.
type Record struct {
	Format int `json:"format"`
	// ID is the pass's own, so that writing a record again is harmless.
	ID      string `json:"id"`
	Cluster string `json:"cluster"`
	// Sequence counts the records of a cluster from 1. It, Previous and After are set when the
	// record is written.
	Sequence int `json:"sequence"`
	// Previous is the hash of the cluster's record before this one; empty for the first.
	Previous string `json:"previous,omitempty"`
	// After is the record that was written last before this one, of any cluster.
	After *Link `json:"after,omitempty"`

	Commit      string `json:"commit"` // 40 hex digits
	Author      string `json:"author,omitempty"`
	PullRequest string `json:"pullRequest,omitempty"`
	Approver    string `json:"approver,omitempty"`
	// Override is why rules of the repository were passed, and who did.
	Override string `json:"override,omitempty"`
	// Trigger is why the pass ran: poll, webhook, drift, retry, …
	Trigger string `json:"trigger,omitempty"`
	// Manifest and Plan are digests, in hexadecimal: of what the manifests say, and of what the
	// plan would change.
	Manifest string `json:"manifestDigest,omitempty"`
	Plan     string `json:"planDigest,omitempty"`

	Result Result    `json:"result"`
	Reason string    `json:"reason,omitempty"` // a sentence, for all but Changed
	Began  time.Time `json:"began"`
	Ended  time.Time `json:"ended"`
	// Steps are those that began. Behind counts the ones that stood behind them, and Omitted those
	// beyond the 500th.
	Steps   []Step `json:"steps,omitempty"`
	Behind  int    `json:"stepsBehind,omitempty"`
	Omitted int    `json:"stepsOmitted,omitempty"`

	Version string `json:"version,omitempty"` // of quorate
	Holder  string `json:"holder,omitempty"`  // of the cluster's lease
}

// A Step is one step and how it ended.
type Step struct {
	Ref          string    `json:"ref"`
	Effect       string    `json:"effect"`
	State        string    `json:"state"` // done, waiting, failed, refused; unknown if the pass was interrupted
	Reason       string    `json:"reason,omitempty"`
	Zone         string    `json:"zone,omitempty"` // whose control plane was taken out
	Began        time.Time `json:"began,omitzero"`
	Milliseconds int64     `json:"milliseconds,omitempty"`
	Quorum       *Quorum   `json:"quorum,omitempty"`
	// Requests are the first of those that could change something; the others are counted.
	Requests     []Request `json:"requests,omitempty"`
	MoreRequests int       `json:"requestsOmitted,omitempty"`
}

// Quorum is the gate's answer with the numbers behind it.
type Quorum struct {
	Cluster      string `json:"etcd"`
	Answer       string `json:"answer"`
	Voters       int    `json:"voters"`
	HealthyNow   int    `json:"healthyNow"`
	HealthyAfter int    `json:"healthyAfter"`
	Majority     int    `json:"majority"`
}

// A Request is one request to AWS, findable in CloudTrail by its id.
type Request struct {
	Operation string `json:"operation"`
	ID        string `json:"id,omitempty"` // empty if no answer came
	Failed    bool   `json:"failed,omitempty"`
}

// A Link names one record and pins what it says.
type Link struct {
	Cluster  string `json:"cluster"`
	Sequence int    `json:"sequence"`
	SHA256   string `json:"sha256"`
}

// tidy is the record with every text and list within its bounds, and times that survive JSON.
func (r Record) tidy() Record {
	r.Format = Format
	for _, text := range []*string{&r.Author, &r.PullRequest, &r.Approver, &r.Override, &r.Trigger, &r.Reason, &r.Version, &r.Holder} {
		*text = clip(*text)
	}
	r.Began, r.Ended = millis(r.Began), millis(r.Ended)
	steps := r.Steps[:min(len(r.Steps), maxSteps)]
	r.Omitted += len(r.Steps) - len(steps)
	r.Steps = nil
	for _, s := range steps {
		s.Ref, s.Reason, s.Zone, s.Began = clip(s.Ref), clip(s.Reason), clip(s.Zone), millis(s.Began)
		r.Steps = append(r.Steps, s)
	}
	return r
}

func millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// clip makes one printable line of it: parts come from manifests and from AWS.
func clip(text string) string {
	text = printable.Line(text)
	if runes := []rune(text); len(runes) > maxText {
		return string(runes[:maxText-1]) + "…"
	}
	return text
}

// changed reports whether a step of the pass was done.
func (r Record) changed() bool {
	for _, s := range r.Steps {
		if s.State == "done" {
			return true
		}
	}
	return r.Result == Changed || r.Result == Interrupted
}

// essence stands for what the record says, apart from when and by whom it is said.
func (r Record) essence() string {
	r = r.tidy()
	r.ID, r.Sequence, r.Previous, r.After, r.Trigger = "", 0, "", nil, ""
	r.Began, r.Ended, r.Version, r.Holder = time.Time{}, time.Time{}, "", ""
	for i := range r.Steps {
		s := &r.Steps[i]
		s.Began, s.Milliseconds, s.Requests, s.MoreRequests = time.Time{}, 0, nil, 0
	}
	data, err := r.encode()
	if err != nil {
		return ""
	}
	return hash(data)
}

// encode is canonical JSON (RFC 8785): keys sorted, no spaces, nothing escaped that need not be.
// There are no fractions in a record, and no characters that Go would escape otherwise.
func (r Record) encode() ([]byte, error) { return canonical(r) }

func canonical(v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(plain))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out) // sorts the keys of maps
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(tree); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// decode reads a record that was written by encode, and refuses everything else.
func decode(data []byte) (Record, error) {
	var r Record
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return Record{}, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return Record{}, fmt.Errorf("something follows the record")
	}
	again, err := r.encode()
	if err != nil {
		return Record{}, err
	}
	if !bytes.Equal(again, data) {
		return Record{}, fmt.Errorf("it is not written as quorate writes it")
	}
	return r, nil
}

// hash of a record as it is written, in hexadecimal.
func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
