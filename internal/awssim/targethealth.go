package awssim

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// probed names a registration that is probed again and again until it ends.
type probed struct {
	groupARN, key, since string
}

// find gives the registration if it has not ended.
func (p probed) find(w *world) (*targetGroup, *target, bool) {
	g, exists := w.TargetGroups[p.groupARN]
	if !exists {
		return nil, nil, false
	}
	t, registered := g.Targets[p.key]
	return g, t, registered && t.Since == p.since
}

// probeResult is what a health check found.
type probeResult int

const (
	probeSkipped  probeResult = iota // nobody asks: the group is unused, or the target not running
	probePassed                      // the target answered as it should
	probeFailed                      // no answer
	probeMismatch                    // an answer other than the matcher's
)

// probeAfter probes a target once d of simulated time has passed.
func (r *Region) probeAfter(d time.Duration, p probed) {
	r.cfg.Clock.AfterFunc(d, func() { r.probe(p) })
}

// probe asks a target how it is and asks again after the group's interval. The question goes over
// the network, and so is asked without holding the region's lock.
func (r *Region) probe(p probed) {
	var ask func(context.Context) probeResult
	r.update(func(w *world) { ask = w.question(p) })
	if ask == nil {
		return
	}
	found := ask(context.Background())
	r.update(func(w *world) {
		g, t, current := p.find(w)
		if !current {
			return
		}
		t.observe(g.Check, found)
		r.probeAfter(time.Duration(g.Check.Interval)*time.Second, p)
	})
}

// question prepares a health check; nil ends the probing, because the target is gone. A terminated
// instance is deregistered by AWS.
func (w *world) question(p probed) func(context.Context) probeResult {
	g, t, current := p.find(w)
	if !current {
		return nil
	}
	if i := w.Instances[t.ID]; g.TargetType == "instance" && (i == nil || i.State == "terminated") {
		w.deregister(g, t.ID, t.Port)
		return nil
	}
	at, zone, running := w.targetPlace(g, t)
	if t.State == targetDraining || !running || len(w.loadBalancersOf(g.ARN)) == 0 {
		return func(context.Context) probeResult { return probeSkipped }
	}
	if w.DownZones[zone] {
		return func(context.Context) probeResult { return probeFailed }
	}
	if w.region.cfg.Boot == nil {
		found := probeFailed
		if w.answering(t.ID) {
			found = probePassed
		}
		return func(context.Context) probeResult { return found }
	}
	return prober{w.region, g.Check, netip.AddrPortFrom(at, g.Check.portOf(t))}.ask
}

// answering says whether the software of a machine would be up by now, if machines ran any.
func (w *world) answering(instanceID string) bool {
	i, exists := w.Instances[instanceID]
	return !exists || w.now().Sub(i.Launched) >= instancePendingDelay+softwareStartDelay
}

func (c healthCheck) portOf(t *target) uint16 {
	if port, err := strconv.Atoi(c.Port); err == nil {
		return uint16(port)
	}
	return uint16(t.Port)
}

// observe counts a probe. A new target needs one success to be healthy (and as many failures as any
// other to be unhealthy); after that the thresholds of the group decide.
func (t *target) observe(c healthCheck, found probeResult) {
	if found == probeSkipped {
		return
	}
	if t.State == targetRegistering {
		t.State, t.Streak = targetInitial, 0
	}
	t.Mismatch = found == probeMismatch
	if found == probePassed {
		t.Streak = max(t.Streak, 0) + 1
		if t.State == targetInitial || (t.State == targetUnhealthy && t.Streak >= c.Healthy) {
			t.State = targetHealthy
		}
		return
	}
	t.Streak = min(t.Streak, 0) - 1
	if t.State != targetUnhealthy && -t.Streak >= c.Unhealthy {
		t.State = targetUnhealthy
	}
}

// prober asks over the network where the simulated addresses live.
type prober struct {
	region *Region
	check  healthCheck
	at     netip.AddrPort
}

// probePatience is wall time: on loopback what does not answer at once does not answer. A closed
// port refuses immediately; this is for software that hangs.
const probePatience = 2 * time.Second

func (p prober) ask(ctx context.Context) probeResult {
	ctx, cancel := context.WithTimeout(ctx, probePatience)
	defer cancel()
	if p.check.Protocol == "TCP" {
		conn, err := p.region.cfg.Network.DialContext(ctx, "tcp", p.at.String())
		if err != nil {
			return probeFailed
		}
		conn.Close()
		return probePassed
	}
	return p.askHTTP(ctx)
}

func (p prober) askHTTP(ctx context.Context) probeResult {
	url := strings.ToLower(p.check.Protocol) + "://" + p.at.String() + p.check.Path
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return probeFailed
	}
	req.Header.Set("User-Agent", "ELB-HealthChecker/2.0")
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return p.region.cfg.Network.DialContext(ctx, network, address)
		},
		DisableKeepAlives: true,
		// Load balancers do not check the certificates of their targets.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}
	answer, err := transport.RoundTrip(req) // not a client: a redirect is an answer
	if err != nil {
		return probeFailed
	}
	answer.Body.Close()
	if !matches(p.check.Matcher, answer.StatusCode) {
		return probeMismatch
	}
	return probePassed
}

// matches reads a matcher such as "200", "200,202" or "200-399".
func matches(matcher string, status int) bool {
	for part := range strings.SplitSeq(matcher, ",") {
		low, high, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			high = low
		}
		from, err1 := strconv.Atoi(low)
		to, err2 := strconv.Atoi(high)
		if err1 == nil && err2 == nil && from <= status && status <= to {
			return true
		}
	}
	return false
}
