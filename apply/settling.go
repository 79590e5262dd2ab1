package apply

import (
	"fmt"
	"strings"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

// idOf is the AWS id behind a reference. Everything that a change needs is made
// before it, so a missing id is a matter of looking again.
func idOf(ids topology.Bindings, ref topology.Ref) (string, error) {
	if id, ok := ids.ID(ref); ok {
		return id, nil
	}
	return "", &WaitError{Reason: "the AWS id of " + ref.String() + " is not known yet"}
}

// idsOf is [idOf] for many.
func idsOf(ids topology.Bindings, refs []topology.Ref) ([]string, error) {
	found := make([]string, 0, len(refs))
	for _, ref := range refs {
		id, err := idOf(ids, ref)
		if err != nil {
			return nil, err
		}
		found = append(found, id)
	}
	return found, nil
}

// bound makes ref unless ids has it already, and returns what was learned; an id
// that comes with an error is learned too.
func bound(ref topology.Ref, ids topology.Bindings, create func() (id string, err error)) (topology.Bindings, string, error) {
	id, ok := ids.ID(ref)
	if ok {
		return topology.Bindings{ref: id}, id, nil
	}
	id, err := create()
	if id == "" {
		return nil, "", err
	}
	return topology.Bindings{ref: id}, id, err
}

// settling turns an error that says "not yet" into a [WaitError] with a reason for
// people: something else must end first, or what was made a moment ago is not
// visible to this call yet.
func settling(err error, reason string) error {
	if err != nil && (awsapi.Busy(err) || awsapi.NotFound(err)) {
		return &WaitError{Reason: fmt.Sprintf("%s (AWS says %s)", reason, awsapi.Code(err)), refused: true}
	}
	return err
}

// removed judges the error of a removing call: what is gone already is no error, and
// what is still in use waits.
func removed(err error, reason string) error {
	if err != nil && awsapi.NotFound(err) {
		return nil
	}
	return settling(err, reason)
}

// only is the single id of those found for a reference, or empty. Two are an error:
// choosing one would be a guess.
func only(ref topology.Ref, found []string) (string, error) {
	switch len(found) {
	case 0:
		return "", nil
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("AWS has %d of %s with the cluster's tags (%s); remove all but one", len(found), ref, strings.Join(found, ", "))
}

// strange is the error for a name that is taken by something without the cluster's
// ownership tag, which is never touched.
func strange(ref topology.Ref, err error) error {
	return fmt.Errorf("something named %s is there already and does not carry the cluster's ownership tag; remove it or tag it: %w", ref.Name, err)
}
