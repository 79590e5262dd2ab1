package machine

import (
	"context"
	"time"

	"github.com/quorate/quorate/internal/awssim"
)

// preparedInterval is the wall time between two tries to say that a machine is ready.
const preparedInterval = 250 * time.Millisecond

// tellPrepared says for a machine that it is ready, at the hook where all machines of a group with a warm
// pool wait. The group asks its hooks some time after the machine has come up, so it is said until
// somebody listens.
func (m *Machines) tellPrepared(ctx context.Context, host awssim.Machine, hook string) {
	group := host.Tags["aws:autoscaling:groupName"]
	again := time.NewTicker(preparedInterval)
	defer again.Stop()
	for host.Complete(group, hook, host.InstanceID) != nil {
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}
