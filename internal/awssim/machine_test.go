package awssim_test

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/internal/awssim"
)

// machines boots processes that do nothing but tell.
type machines struct {
	booted chan *process
}

type process struct {
	awssim.Machine
	killed chan struct{}
	gone   chan struct{}
	kill   sync.Once
}

func (p *process) Kill()                 { p.kill.Do(func() { close(p.killed) }) }
func (p *process) Done() <-chan struct{} { return p.gone }

func (m *machines) boot(_ context.Context, machine awssim.Machine) (awssim.Process, error) {
	p := &process{Machine: machine, killed: make(chan struct{}), gone: make(chan struct{})}
	m.booted <- p
	return p, nil
}

func newMachines() *machines { return &machines{booted: make(chan *process, 16)} }

// soon fails the test if nothing comes; the deadline is only met when something is broken.
func soon[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("no %s", what)
		panic("unreachable")
	}
}

// until waits for a condition that another goroutine brings about.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("not so: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestMachineBootsFromUserDataAndVolumes(t *testing.T) {
	m := newMachines()
	w := newWorld(t, func(c *awssim.Config) { c.Boot = m.boot })
	net := w.network(t)
	mine := w.volume(t, "us-east-1a", "k8s.io/etcd/main", "a/a,b,c", "k8s.io/role/master", "1")
	elsewhere := w.volume(t, "us-east-1b", "k8s.io/etcd/main", "b/a,b,c")
	w.volume(t, "us-east-1a", "unrelated", "1")
	in := launch(net.subnets[0])
	in.UserData = aws.String(base64.StdEncoding.EncodeToString([]byte("#cloud-config")))
	in.TagSpecifications = tagged(types.ResourceTypeInstance, "Name", "a")
	id := *call(w.ec2.RunInstances(t.Context(), in)).must(t).Instances[0].InstanceId
	select {
	case <-m.booted:
		t.Fatal("booted while pending")
	default:
	}
	w.clock.Advance(30 * time.Second)

	p := soon(t, m.booted, "boot")
	if p.InstanceID != id || p.Zone != "us-east-1a" || p.PrivateIP.String() != "172.20.32.4" || string(p.UserData) != "#cloud-config" || p.Tags["Name"] != "a" {
		t.Errorf("machine %+v", p.Machine)
	}
	volumes := p.Volumes(map[string]string{"k8s.io/etcd/main": "", "k8s.io/role/master": "1"})
	if len(volumes) != 1 || volumes[0].ID != mine || volumes[0].State != "available" {
		t.Errorf("volumes %+v", volumes)
	}
	_, err := p.Attach(elsewhere, "/dev/xvdu")
	if err == nil || err.Error()[:len("InvalidVolume.ZoneMismatch")] != "InvalidVolume.ZoneMismatch" {
		t.Errorf("attached another zone's volume: %v", err)
	}
	dir := call(p.Attach(mine, "/dev/xvdu")).must(t)
	if again := call(p.Attach(mine, "/dev/xvdu")).must(t); again != dir {
		t.Errorf("attached again at %s", again)
	}
	if err := os.WriteFile(filepath.Join(dir, "data"), []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	if v := w.describedVolume(t, mine); *v.Attachments[0].InstanceId != id || v.Attachments[0].State != types.VolumeAttachmentStateAttached {
		t.Errorf("volume %+v", v)
	}
	if got := p.Volumes(map[string]string{"k8s.io/etcd/main": ""}); got[0].AttachedTo != id || got[0].Device != "/dev/xvdu" {
		t.Errorf("volumes %+v", got)
	}
}

func TestVolumeIsGivenOnOnlyWhenItsMachineIsGone(t *testing.T) {
	m := newMachines()
	w := newWorld(t, func(c *awssim.Config) { c.Boot = m.boot })
	net := w.network(t)
	id := w.volume(t, "us-east-1a")
	first := w.instance(t, net.subnets[0])
	p := soon(t, m.booted, "boot")
	dir := call(p.Attach(id, "/dev/xvdu")).must(t)

	w.terminate(t, first)
	soon(t, p.killed, "kill")
	w.clock.Advance(minutes(5))
	if i := w.describedInstance(t, first); i.State.Name != types.InstanceStateNameShuttingDown {
		t.Errorf("with its process still there the machine is %s", i.State.Name)
	}
	close(p.gone)
	until(t, "the machine is terminated", func() bool { return w.describedInstance(t, first).State.Name == types.InstanceStateNameTerminated })
	w.clock.Advance(10 * time.Second)

	second := w.instance(t, net.subnets[0])
	successor := soon(t, m.booted, "boot of the successor")
	if got := call(successor.Attach(id, "/dev/xvdu")).must(t); got != dir || successor.InstanceID != second {
		t.Errorf("%s got %s, not %s", successor.InstanceID, got, dir)
	}
}

func TestVolumeFolderGoesWithTheVolume(t *testing.T) {
	m := newMachines()
	w := newWorld(t, func(c *awssim.Config) { c.Boot = m.boot })
	id := w.volume(t, "us-east-1a")
	w.instance(t, w.network(t).subnets[0])
	dir := call(soon(t, m.booted, "boot").Attach(id, "/dev/xvdu")).must(t)
	call(w.ec2.DetachVolume(t.Context(), &ec2.DetachVolumeInput{VolumeId: &id})).must(t)
	w.clock.Advance(10 * time.Second)
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("detaching lost the folder: %v", err)
	}
	call(w.ec2.DeleteVolume(t.Context(), &ec2.DeleteVolumeInput{VolumeId: &id})).must(t)
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestZoneFailureStopsItsMachinesAndNoOthers(t *testing.T) {
	m := newMachines()
	w := newWorld(t, func(c *awssim.Config) { c.Boot = m.boot })
	net := w.network(t)
	w.instance(t, net.subnets[0])
	here := soon(t, m.booted, "boot")
	w.instance(t, net.subnets[1])
	there := soon(t, m.booted, "boot")

	w.ZoneDown("us-east-1a")
	soon(t, here.killed, "kill")
	select {
	case <-there.killed:
		t.Error("a machine of another zone stopped")
	default:
	}
	close(here.gone)
	w.ZoneUp("us-east-1a")
	if again := soon(t, m.booted, "second boot"); again.InstanceID != here.InstanceID || again.PrivateIP != here.PrivateIP {
		t.Errorf("booted %s", again.InstanceID)
	}
	w.RebootMachine(there.InstanceID)
	soon(t, there.killed, "kill")
	select {
	case <-m.booted:
		t.Error("booted before what ran there was gone")
	default:
	}
	close(there.gone)
	soon(t, m.booted, "reboot")
}

func TestInstancesTellWhetherTheyAreUp(t *testing.T) {
	broken := errors.New("no etcd volume")
	w := newWorld(t, func(c *awssim.Config) {
		c.Boot = func(context.Context, awssim.Machine) (awssim.Process, error) { return nil, broken }
	})
	w.instance(t, w.network(t).subnets[0])
	until(t, "the boot has failed", func() bool { return w.Instances()[0].BootError != nil })
	if i := w.Instances()[0]; i.State != "running" || i.Up || !errors.Is(i.BootError, broken) {
		t.Errorf("instance %+v", i)
	}
}

func TestClosedRegionStopsAllMachines(t *testing.T) {
	m := newMachines()
	w := newWorld(t, func(c *awssim.Config) { c.Boot = m.boot })
	net := w.network(t)
	for _, s := range net.subnets {
		w.instance(t, s)
		p := soon(t, m.booted, "boot")
		go func() {
			<-p.killed
			close(p.gone)
		}()
	}
	w.Close()
	for _, i := range w.Instances() {
		if i.Up {
			t.Errorf("%s is still up", i.ID)
		}
	}
}
