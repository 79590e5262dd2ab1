package diff

import "fmt"

// An Effect is what carrying out a change does to the resource. They are ordered:
// when the fields of one resource differ in effect, the strongest wins.
type Effect int

const (
	// None is no difference.
	None Effect = iota
	// Create makes the resource.
	Create
	// InPlace changes it without touching a machine.
	InPlace
	// Roll replaces machines of a group, one after another, under the gate.
	Roll
	// Replace removes the resource and makes another in its place.
	Replace
	// Delete removes it.
	Delete
	// Retire removes an etcd volume once a snapshot of it is completed. Only [Teardown]
	// plans it.
	Retire
	// Forbid is a change that is refused, with the reason and the way out.
	Forbid
)

var effectNames = map[Effect]string{
	None: "none", Create: "create", InPlace: "in-place", Roll: "roll",
	Replace: "replace", Delete: "delete", Retire: "retire", Forbid: "forbid",
}

func (e Effect) String() string { return effectNames[e] }

// MarshalText writes the effect's name.
func (e Effect) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText reads an effect's name.
func (e *Effect) UnmarshalText(text []byte) error {
	for effect, name := range effectNames {
		if name == string(text) {
			*e = effect
			return nil
		}
	}
	return fmt.Errorf("no effect is named %q", text)
}
