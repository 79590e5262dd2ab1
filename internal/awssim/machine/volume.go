package machine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/topology"
)

// volumePoll is how often a machine looks again for a volume that is not there yet or still in use.
const volumePoll = 100 * time.Millisecond

// mounted is a volume that the machine has, and whether its tags say that its etcd cluster exists already.
type mounted struct {
	dir        string
	etcdExists bool
}

// attach finds the volume of a member, waits until it is free, and mounts it. It keeps trying as
// long as the machine lives, as the agent of a real machine has to: the volume may be on its way from the
// machine that was here before.
func (m *Machines) attach(ctx context.Context, host awssim.Machine, cluster string, etcd topology.NodeEtcd, index int) (mounted, error) {
	again := time.NewTicker(volumePoll)
	defer again.Stop()
	var last string
	for {
		volume, waiting := tryAttach(host, cluster, etcd, device(index))
		if waiting == nil {
			return volume, nil
		}
		if last != waiting.Error() {
			last = waiting.Error()
			m.logger.Info("waiting for a volume", "machine", host.InstanceID, "etcd", etcd.Name, "member", etcd.Member, "why", last)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return mounted{}, fmt.Errorf("attach the volume of etcd %s member %s: %w (%s)", etcd.Name, etcd.Member, ctx.Err(), last)
		}
	}
}

// tryAttach attaches the volume, or says what it waits for. Two volumes for one member are never a choice
// to make: one of them holds the data.
func tryAttach(host awssim.Machine, cluster string, etcd topology.NodeEtcd, device string) (mounted, error) {
	volumes := volumesOf(host, cluster, etcd)
	if len(volumes) != 1 {
		return mounted{}, fmt.Errorf("%d volumes in %s are tagged as its volume", len(volumes), host.Zone)
	}
	v := volumes[0]
	switch v.AttachedTo {
	case host.InstanceID: // after a reboot
		device = v.Device
	case "":
	default:
		return mounted{}, fmt.Errorf("%s is attached to %s", v.ID, v.AttachedTo)
	}
	dir, err := host.Attach(v.ID, device)
	_, exists := v.Tags[topology.TagEtcdExists]
	return mounted{dir, exists}, err
}

// volumesOf lists the volumes that carry kops's tags of a member: k8s.io/etcd/main = a/a,b,c.
func volumesOf(host awssim.Machine, cluster string, etcd topology.NodeEtcd) []awssim.AttachableVolume {
	tag := "k8s.io/etcd/" + etcd.Name
	all := host.Volumes(map[string]string{"KubernetesCluster": cluster, tag: ""})
	return slices.DeleteFunc(all, func(v awssim.AttachableVolume) bool {
		member, _, _ := strings.Cut(v.Tags[tag], "/")
		return member != etcd.Member
	})
}

// device is where the volume of the machine's nth etcd cluster is attached: /dev/xvdu and following, as
// etcd-manager does it.
func device(n int) string { return "/dev/xvd" + string(rune('u'+n)) }
