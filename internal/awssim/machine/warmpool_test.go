package machine

import (
	"errors"
	"testing"

	"github.com/quorate/quorate/topology"
)

func TestAMachineOfAWarmPoolSaysThatItIsReadyUntilSomebodyListens(t *testing.T) {
	l := newLab(t)
	host := l.host("i-1", "172.20.1.9", topology.UserData(topology.NodeConfig{
		Cluster: cluster, Role: topology.Worker, WarmPool: topology.NodeWarmPool{Enabled: true, Hook: topology.WarmPoolHookName},
	}))
	host.Tags = map[string]string{"aws:autoscaling:groupName": "nodes." + cluster}
	said, tries := make(chan string), 0
	host.Complete = func(group, hook, instance string) error {
		if tries++; tries == 1 {
			return errors.New("the group does not wait for it yet")
		}
		said <- group + " " + hook + " " + instance
		return nil
	}
	p := l.boot(host)
	if got, want := <-said, "nodes."+cluster+" kops-warmpool i-1"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
	p.Kill()
	<-p.Done()
}
