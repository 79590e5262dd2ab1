package sync_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	gosync "sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const apiName = "api.ha.example.com"

// classic is the HA example as an older kops would have made it.
var classic = strings.Replace(small, "class: Network", "class: Classic", 1)

// A client calls the API by its name, again and again, as kubectl would.
type client struct {
	ground *ground
	stop   func()
	done   gosync.WaitGroup

	addresses []netip.Addr
	asked     time.Time

	calls   int
	tries   int      // of one address each
	balking []string // what went wrong
}

// call starts to call the API once the first call has worked.
func (g *ground) call(t *testing.T) *client {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	c := &client{ground: g, stop: stop}
	c.done.Go(func() {
		for ctx.Err() == nil {
			c.calls++
			if err := c.once(); err != nil {
				c.balking = append(c.balking, err.Error())
			}
		}
	})
	return c
}

// nameLife is how long a resolver remembers what an alias of a load balancer says.
const nameLife = time.Minute

// once asks the API, and once more at the next address if a connection breaks, as clients do.
func (c *client) once() error {
	err := c.ask()
	if err != nil {
		err = c.ask()
	}
	return err
}

// errCut is a connection that ended before the answer.
var errCut = errors.New("the connection was cut")

func (c *client) ask() error {
	if now := c.ground.clock.Now(); now.Sub(c.asked) >= nameLife {
		c.addresses, c.asked = c.ground.region.LookupHost(apiName), now
	}
	if len(c.addresses) == 0 {
		return fmt.Errorf("%s has no address", apiName)
	}
	c.tries++
	address := c.addresses[c.tries%len(c.addresses)]
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn, err := c.ground.network.DialContext(ctx, "tcp", netip.AddrPortFrom(address, 443).String())
	if err != nil {
		return err
	}
	defer conn.Close()
	if answer, err := io.ReadAll(conn); string(answer) != apiAnswer {
		return fmt.Errorf("%s answered %q: %w", address, answer, errors.Join(err, errCut))
	}
	return nil
}

// end stops calling and asks that every call was answered. There are few on a busy computer.
func (c *client) end(t *testing.T) {
	t.Helper()
	c.stop()
	c.done.Wait()
	if c.calls == 0 || len(c.balking) > 0 {
		t.Errorf("%d of %d calls got no answer, first %q", len(c.balking), c.calls, append(c.balking, "")[0])
	}
}

// TestTheAPIAnswersWhileANetworkLoadBalancerTakesOver moves a cluster of an older kops to a network load
// balancer, with a client that calls the API all the time.
func TestTheAPIAnswersWhileANetworkLoadBalancerTakesOver(t *testing.T) {
	fresh := newGround(t)
	l := &life{region: fresh.region}
	if !l.converge(t, fresh, clusterOf(t, small), "network") {
		t.Fatal("no cluster")
	}
	want := inventory(fresh.region)

	ground := newGround(t)
	l = &life{region: ground.region}
	if !l.converge(t, ground, clusterOf(t, classic), "classic") {
		t.Fatal("no cluster")
	}
	if inventory(ground.region)["classic-elb "+apiName] != 1 {
		t.Fatalf("there is no Classic load balancer: %v", inventory(ground.region))
	}
	ground.region.ResetCalls()
	caller := ground.call(t)
	if !l.converge(t, ground, clusterOf(t, small), "network") {
		t.Fatal("it did not finish")
	}
	caller.end(t)
	if d := cmp.Diff(want, inventory(ground.region)); d != "" {
		t.Errorf("not the world of a new cluster (-want +got):\n%s", d)
	}
	t.Logf("%d calls move the cluster; meanwhile the API answered %d", ground.region.MutatingCalls(), caller.calls)
}

// TestMachinesRollWhileANetworkLoadBalancerTakesOver does both in one commit: neither waits for the other in
// vain.
func TestMachinesRollWhileANetworkLoadBalancerTakesOver(t *testing.T) {
	ground := newGround(t)
	never.commit(t, ground, classic, "classic")
	caller := ground.call(t)
	never.commit(t, ground, large, "network and large")
	caller.end(t)
	ground.check(t, rolledZones...)
	if left := inventory(ground.region)["classic-elb "+apiName]; left != 0 {
		t.Errorf("%d Classic load balancers are left", left)
	}
}

// TestKilledAnywhereTheTakeoverGoesOn kills the process at every mutating call of the move.
func TestKilledAnywhereTheTakeoverGoesOn(t *testing.T) {
	reference := newGround(t)
	never.commit(t, reference, classic, "classic")
	never.commit(t, reference, small, "network")
	calls, want := reference.region.MutatingCalls(), inventory(reference.region)
	sideBySide(t, murders(calls), func(t *testing.T, m murder, ground *ground) {
		never.commit(t, ground, classic, "classic")
		caller := ground.call(t)
		m.commit(t, ground, small, "network")
		caller.end(t)
		if d := cmp.Diff(want, inventory(ground.region)); d != "" {
			t.Errorf("another world (-want +got):\n%s", d)
		}
	})
}
