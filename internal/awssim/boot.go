package awssim

import (
	"context"
	"net/netip"
)

// Boot starts the software of a machine when its instance reaches running. The region knows nothing
// of what that software is.
//
// ctx ends when the instance stops dead, also while Boot is still at work. Boot may wait (for a
// volume to become available, say) as long as ctx lives; the instance is running meanwhile. An
// error leaves the instance running with nothing on it, as a failed agent would.
type Boot func(ctx context.Context, m Machine) (Process, error)

// Process is the software of one machine.
type Process interface {
	// Kill stops it dead, as kill -9 does: nothing is flushed, nobody is told. It may return before
	// the process is gone and may be called more than once.
	Kill()
	// Done is closed when the process is gone and its volumes are no longer in use.
	Done() <-chan struct{}
}

// Machine is what software finds on the machine it was started on. It boots from its user data and
// its volumes and from nothing else.
type Machine struct {
	InstanceID   string
	InstanceType string
	Zone         string
	PrivateIP    netip.Addr
	UserData     []byte            // decoded
	Tags         map[string]string // of the instance

	// Volumes lists the volumes of the machine's zone that carry all the tags asked for, by id; an
	// empty value asks for the key alone. Volumes attached elsewhere are listed too.
	Volumes func(tags map[string]string) []AttachableVolume
	// Attach attaches a volume under a device name (/dev/xvdu) and gives its folder. Attaching what
	// this machine already has attached under that device gives the folder again, so that a
	// rebooted machine finds its volumes. The errors are those of the AWS operation:
	// InvalidVolume.ZoneMismatch, VolumeInUse, …
	Attach func(volumeID, device string) (dir string, err error)

	// Receive takes messages from a queue of the region, given by its name; they come again after the
	// queue's visibility timeout unless Delete is told their receipt.
	Receive func(queue string) []Message
	Delete  func(queue, receipt string)
	// Complete lets a machine go on that waits for a lifecycle hook of its group.
	Complete func(group, hook, instanceID string) error
}

// Message is a message as software on a machine receives it.
type Message struct{ Receipt, Body string }

// AttachableVolume is an EBS volume as a machine sees it.
type AttachableVolume struct {
	ID         string
	State      string // creating, available, in-use
	Tags       map[string]string
	AttachedTo string // instance id, or empty
	Device     string // where it is attached, or empty
}
