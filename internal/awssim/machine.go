package awssim

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/netip"
	"os"
	"slices"
)

// software is what runs on an instance, from its boot until its process is gone.
type software struct {
	stop context.CancelFunc
	gone chan struct{}
	err  error // of Boot; readable once gone is closed
}

// boot starts the software of a running instance, unless its zone is down.
func (w *world) boot(i *instance) {
	r := w.region
	i.Impaired = w.DownZones[i.Zone]
	if i.Impaired || r.cfg.Boot == nil || !w.boots(i) {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &software{stop: stop, gone: make(chan struct{})}
	before := r.software[i.ID]
	r.software[i.ID] = s
	m := r.machine(w, i) // here, under the lock
	r.running.Go(func() { s.run(ctx, before, r.cfg.Boot, m) })
}

// run boots a machine, and kills its process when the instance stops dead. A machine that boots
// again waits until what ran on it before is gone.
func (s *software) run(ctx context.Context, before *software, boot Boot, m Machine) {
	defer close(s.gone)
	defer s.stop()
	if before != nil {
		<-before.gone
	}
	process, err := boot(ctx, m)
	if err != nil {
		s.err = err
		return
	}
	select {
	case <-ctx.Done():
		process.Kill()
		<-process.Done()
	case <-process.Done():
	}
}

// machine is what the software of an instance gets to see. The caller holds the lock.
func (r *Region) machine(w *world, i *instance) Machine {
	id := i.ID
	return Machine{
		InstanceID:   id,
		InstanceType: i.Type,
		Zone:         i.Zone,
		PrivateIP:    i.PrivateIP,
		UserData:     i.userData(),
		Tags:         maps.Clone(w.Tags[id]),
		Volumes:      func(tags map[string]string) []AttachableVolume { return r.attachable(id, tags) },
		Attach:       func(volumeID, device string) (string, error) { return r.attachTo(id, volumeID, device) },
		Receive:      r.receive,
		Delete:       r.deleteMessage,
		Complete:     r.completeAction,
	}
}

func (r *Region) attachable(instanceID string, tags map[string]string) []AttachableVolume {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.world
	i, err := w.instance(instanceID)
	if err != nil {
		return nil
	}
	var list []AttachableVolume
	for _, id := range slices.Sorted(maps.Keys(w.Volumes)) {
		v := w.Volumes[id]
		if v.Zone != i.Zone || !carries(w.Tags[id], tags) {
			continue
		}
		a := AttachableVolume{ID: id, State: v.State, Tags: maps.Clone(w.Tags[id])}
		if v.Attachment != nil {
			a.AttachedTo, a.Device = v.Attachment.InstanceID, v.Attachment.Device
		}
		list = append(list, a)
	}
	return list
}

// carries says whether tags include all that are asked for; an empty value asks for the key alone.
func carries(tags, asked map[string]string) bool {
	for k, want := range asked {
		if v, tagged := tags[k]; !tagged || want != "" && v != want {
			return false
		}
	}
	return true
}

// attachTo attaches a volume for the software of an instance. The attachment is complete at once:
// the moments AWS needs are part of the boot.
func (r *Region) attachTo(instanceID, volumeID, device string) (string, error) {
	if r.cfg.Dir == "" {
		return "", errors.New("attach a volume: the region has no folder to keep volumes in")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.world.attachmentOf(volumeID, instanceID)
	if a == nil || a.Device != device || a.State == "detaching" {
		v, err := r.world.attach(volumeID, instanceID, device)
		if err != nil {
			return "", err
		}
		a = v.Attachment
	}
	a.State = "attached"
	r.remember()
	dir := r.volumeDir(volumeID)
	return dir, os.MkdirAll(dir, 0o700)
}

// stopDead ends the software of an instance as a power cut does. It returns at once.
func (r *Region) stopDead(instanceID string) {
	if s := r.software[instanceID]; s != nil {
		s.stop()
	}
}

// whenGone runs a transition about an instance as soon as its software is gone: its volumes must
// not be given to another machine before. The caller holds the lock.
func (r *Region) whenGone(instanceID string, transition func(*world, string)) {
	s := r.software[instanceID]
	if s == nil {
		transition(r.world, instanceID)
		return
	}
	select {
	case <-s.gone:
		transition(r.world, instanceID)
	default:
		r.running.Go(func() {
			<-s.gone
			r.update(func(w *world) { transition(w, instanceID) })
		})
	}
}

// Instance is an instance as tests and demonstrations see it from behind the scenes.
type Instance struct {
	ID        string
	Type      string
	Zone      string
	State     string // pending, running, shutting-down, terminated
	Impaired  bool   // its zone is down
	PrivateIP netip.Addr
	Tags      map[string]string
	// Up says that its software has booted or is booting, and has not ended.
	Up bool
	// BootError is why its software never came up, if that is so.
	BootError error
}

// Instances lists all instances, the terminated ones too for a while, by id.
func (r *Region) Instances() []Instance {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []Instance
	for id, i := range r.world.Instances {
		x := Instance{ID: id, Type: i.Type, Zone: i.Zone, State: i.State, Impaired: i.Impaired, PrivateIP: i.PrivateIP, Tags: maps.Clone(r.world.Tags[id])}
		if s := r.software[id]; s != nil {
			select {
			case <-s.gone:
				x.BootError = s.err
			default:
				x.Up = true
			}
		}
		list = append(list, x)
	}
	slices.SortFunc(list, func(a, b Instance) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// KillMachine stops the software of an instance dead, which keeps running with nothing on it, as
// after a kernel panic. It returns once that software is gone, so that the next health check fails.
func (r *Region) KillMachine(instanceID string) {
	r.mu.Lock()
	s := r.software[instanceID]
	r.mu.Unlock()
	if s != nil {
		s.stop()
		<-s.gone
	}
}

// RebootMachine stops the software of a running instance dead and starts it again.
func (r *Region) RebootMachine(instanceID string) {
	r.update(func(w *world) {
		if i, exists := w.Instances[instanceID]; exists && i.State == "running" {
			r.stopDead(instanceID)
			w.boot(i)
		}
	})
}

// ZoneDown fails a whole zone: its machines stop dead and fail their status checks, launches there
// are refused with InsufficientInstanceCapacity, and its volumes cannot be attached.
func (r *Region) ZoneDown(zone string) {
	r.update(func(w *world) {
		w.DownZones[zone] = true
		for id, i := range w.Instances {
			if i.Zone == zone && i.alive() {
				i.Impaired = true
				r.stopDead(id)
			}
		}
	})
}

// ZoneUp brings a zone back; the instances that were not terminated meanwhile boot again.
func (r *Region) ZoneUp(zone string) {
	r.update(func(w *world) {
		if !w.DownZones[zone] {
			return
		}
		delete(w.DownZones, zone)
		for _, i := range w.Instances {
			if i.Zone != zone || !i.alive() {
				continue
			}
			i.Impaired = false
			if i.State == "running" {
				w.boot(i)
			}
		}
	})
}

// Close ends the region: nothing happens in it any more, and all software has stopped dead when it
// returns.
func (r *Region) Close() {
	r.mu.Lock()
	r.closed = true
	for id := range r.software {
		r.stopDead(id)
	}
	r.forwarding.closeAll()
	r.mu.Unlock()
	r.running.Wait()
}
