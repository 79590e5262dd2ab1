package chaos

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/quorate/quorate/internal/awssim"
)

var (
	errNeverBoots = errors.New("the machine does not boot")
	errSlow       = errors.New("the volume is still attaching")
	errCutOff     = errors.New("no route to host")
)

// hazards stand between the region and the software of its machines, and between the service and the
// machines.
type hazards struct {
	clock *clock
	real  awssim.Boot

	mu         sync.Mutex
	stillborn  map[string]bool          // zones where no machine boots
	slowAttach map[string]time.Duration // by zone
	slowDetach map[string]time.Duration
	cutOff     map[string]bool // addresses that the service cannot reach
	unborn     []string        // machines that did not boot
	// join, if set, is how machines join Kubernetes; die is called when they end.
	join func(host awssim.Machine) (die func())
	// died, if set, hears the end of machines that were there before join was.
	died func(machine string)
	hit  map[Kind]int
}

func newHazards(c *clock, boot awssim.Boot) *hazards {
	return &hazards{
		clock: c, real: boot, stillborn: map[string]bool{}, cutOff: map[string]bool{},
		slowAttach: map[string]time.Duration{}, slowDetach: map[string]time.Duration{}, hit: map[Kind]int{},
	}
}

// boot is the awssim.Boot of the region.
func (h *hazards) boot(ctx context.Context, host awssim.Machine) (awssim.Process, error) {
	h.mu.Lock()
	stillborn, attach := h.stillborn[host.Zone], h.slowAttach[host.Zone]
	if stillborn {
		h.unborn = append(h.unborn, host.InstanceID)
		h.hit[NeverBoots]++
	}
	if attach > 0 {
		h.hit[SlowAttach]++
	}
	h.mu.Unlock()
	if stillborn {
		return nil, errNeverBoots
	}
	if attach > 0 {
		host.Attach = h.slowly(host.Attach, attach)
	}
	p, err := h.real(ctx, host)
	if err != nil {
		return nil, err
	}
	die := func() {}
	h.mu.Lock()
	join := h.join
	h.mu.Unlock()
	if join != nil {
		die = join(host)
	}
	return &lingering{Process: p, hazards: h, zone: host.Zone, die: func() {
		die()
		h.mu.Lock()
		died := h.died
		h.mu.Unlock()
		if died != nil {
			died(host.InstanceID)
		}
	}}, nil
}

// slowly refuses every volume for a while, from when it was first asked for.
func (h *hazards) slowly(attach func(volume, device string) (string, error), d time.Duration) func(volume, device string) (string, error) {
	first := map[string]time.Time{}
	return func(volume, device string) (string, error) {
		if _, asked := first[volume]; !asked {
			first[volume] = h.clock.Now()
		}
		if h.clock.Now().Before(first[volume].Add(d)) {
			return "", errSlow
		}
		return attach(volume, device)
	}
}

// lingering keeps the volumes of a machine in use for a while after it has stopped dead.
type lingering struct {
	awssim.Process
	hazards *hazards
	zone    string
	die     func()
	once    sync.Once
	done    chan struct{}
}

// Kill stops the machine dead; Kubernetes hears of it from whoever watches over machines.
func (l *lingering) Kill() {
	l.Process.Kill()
	l.die()
}

// Done is closed when AWS notices that nobody uses the volumes any more.
func (l *lingering) Done() <-chan struct{} {
	l.once.Do(func() {
		l.done = make(chan struct{})
		go func() {
			<-l.Process.Done()
			l.hazards.linger(l.zone)
			close(l.done)
		}()
	})
	return l.done
}

func (h *hazards) linger(zone string) {
	h.mu.Lock()
	d := h.slowDetach[zone]
	if d > 0 {
		h.hit[SlowDetach]++
	}
	h.mu.Unlock()
	if d > 0 {
		<-time.After(h.clock.real(d))
	}
}

// dialer is the service's way to the machines.
func (h *hazards) dialer(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, _ := net.SplitHostPort(address)
		h.mu.Lock()
		cut := h.cutOff[host]
		if cut {
			h.hit[CutOff]++
		}
		h.mu.Unlock()
		if cut {
			return nil, errCutOff
		}
		return dial(ctx, network, strings.TrimSpace(address))
	}
}

// set changes the hazards under their lock.
func (h *hazards) set(change func(*hazards)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(h)
}
