package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/quorate/quorate/internal/awssim"
)

// faultsPath is where the switches of a served region are read (GET) and set (PUT). No
// AWS call can mean it: those are posted, and no bucket's name begins with an underscore.
const faultsPath = "/_faults"

// faults are what goes wrong in a simulated region. The zero value is a good day.
type faults struct {
	Deny         []string `json:"deny"`         // actions that IAM denies, such as ec2:CreateVpc or iam:*
	Throttle     int      `json:"throttle"`     // every n-th call is throttled
	ServerErrors int      `json:"serverErrors"` // every n-th call ends in AWS's internal error
	LoseAnswers  int      `json:"loseAnswers"`  // every n-th changing call takes effect and is not answered
	RefuseKeys   bool     `json:"refuseKeys"`   // no credentials are accepted
	ZonesDown    []string `json:"zonesDown"`
	Unoffered    []string `json:"unoffered"` // types that a zone does not have, such as m5.large@us-east-1b
	// Quotas are the account's, by the codes of Service Quotas; AWS's defaults where none is said.
	Quotas map[string]float64 `json:"quotas"`
	Stale  seconds            `json:"stale"` // how old reads are, in simulated time
}

func (f *faults) flags(c *cobra.Command) {
	set := c.Flags()
	set.StringSliceVar(&f.Deny, "deny", nil, "actions to deny as IAM does, e.g. ec2:CreateVpc or iam:*")
	set.IntVar(&f.Throttle, "throttle", 0, "throttle every n-th call")
	set.IntVar(&f.ServerErrors, "server-errors", 0, "answer every n-th call with an internal error")
	set.IntVar(&f.LoseAnswers, "lose-answers", 0, "lose the answer to every n-th changing call, after its effect")
	set.BoolVar(&f.RefuseKeys, "refuse-keys", false, "accept nobody's credentials")
	set.StringSliceVar(&f.ZonesDown, "zone-down", nil, "zones that are down")
	set.StringSliceVar(&f.Unoffered, "unoffered", nil, "machine types that a zone does not have, e.g. m5.large@us-east-1b")
	set.Var(&quotas{f}, "quota", "quotas of the account, e.g. L-F678F1CE=1 for one VPC")
	set.DurationVar((*time.Duration)(&f.Stale), "stale", 0, "answer reads with the world of so long ago, in simulated time")
}

// check refuses what could never take effect.
func (f *faults) check(zones []string) error {
	for _, action := range f.Deny {
		_, err := path.Match(action, "")
		if service, operation, ok := strings.Cut(action, ":"); err != nil || !ok || service == "" || operation == "" {
			return fmt.Errorf("deny %q: write it as IAM does, e.g. ec2:CreateVpc", action)
		}
	}
	for _, offer := range f.Unoffered {
		if _, zone, _ := strings.Cut(offer, "@"); !slices.Contains(zones, zone) {
			return fmt.Errorf("unoffered %q: write a type and a zone, e.g. m5.large@%s", offer, zones[0])
		}
	}
	for _, zone := range f.ZonesDown {
		if !slices.Contains(zones, zone) {
			return fmt.Errorf("zone %q: the region has %s", zone, strings.Join(zones, ", "))
		}
	}
	return nil
}

// intercept decides the fate of calls, the gravest fault first.
func (f *faults) intercept(c awssim.Call) awssim.Fate {
	nth := func(n int) bool { return n > 0 && c.N%n == 0 }
	switch {
	case f.RefuseKeys:
		return awssim.BadKeys
	case slices.ContainsFunc(f.Deny, func(pattern string) bool { return covers(pattern, c) }):
		return awssim.Deny
	case nth(f.Throttle):
		return awssim.Throttle
	case nth(f.ServerErrors):
		return awssim.ServerError
	case c.Mutating && nth(f.LoseAnswers):
		return awssim.LoseAnswer
	}
	return awssim.Proceed
}

// covers matches as IAM does: * and ? are wildcards, and case does not count.
func covers(pattern string, c awssim.Call) bool {
	matches, err := path.Match(strings.ToLower(pattern), strings.ToLower(c.Service+":"+c.Operation))
	return err == nil && matches
}

// switchboard sets the faults of one region, from the flags at first and over HTTP later.
type switchboard struct {
	region *awssim.Region
	zones  []string

	mu  sync.Mutex
	now faults
}

// set replaces all faults. Zones that are no longer down come up again.
func (s *switchboard) set(f faults) error {
	if err := f.check(s.zones); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = f
	s.region.SetIntercept(f.intercept)
	s.region.SetStaleReads(time.Duration(f.Stale))
	s.region.SetQuotas(f.Quotas)
	s.region.SetUnoffered(f.offers()...)
	for _, zone := range s.zones {
		if slices.Contains(f.ZonesDown, zone) {
			s.region.ZoneDown(zone)
		} else {
			s.region.ZoneUp(zone)
		}
	}
	return nil
}

// ServeHTTP shows the faults, and sets them to the ones of a PUT: what it leaves out is healed.
func (s *switchboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
	case http.MethodPut:
		var f faults
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&f)
		if err == nil {
			err = s.set(f)
		}
		if err != nil {
			http.Error(w, "faults: "+err.Error(), http.StatusBadRequest)
			return
		}
	default:
		http.Error(w, "faults: use GET or PUT", http.StatusMethodNotAllowed)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if err := writeJSON(w, s.now); err != nil {
		return // who asked has gone
	}
}

// offers are the types that zones do not have.
func (f *faults) offers() []awssim.Offer {
	var list []awssim.Offer
	for _, offer := range f.Unoffered {
		name, zone, _ := strings.Cut(offer, "@")
		list = append(list, awssim.Offer{Type: name, Zone: zone})
	}
	return list
}

// quotas is the flag that fills [faults.Quotas].
type quotas struct{ of *faults }

func (q *quotas) String() string { return "" }
func (q *quotas) Type() string   { return "code=value" }

// Set takes one CODE=VALUE; the flag may be repeated.
func (q *quotas) Set(text string) error {
	code, number, _ := strings.Cut(text, "=")
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || code == "" {
		return fmt.Errorf("%q: write a code of Service Quotas and its value, e.g. L-F678F1CE=1", text)
	}
	if q.of.Quotas == nil {
		q.of.Quotas = map[string]float64{}
	}
	q.of.Quotas[code] = value
	return nil
}

// seconds is a duration that JSON spells as people do: "5s".
type seconds time.Duration

// MarshalText writes what [time.ParseDuration] reads.
func (s seconds) MarshalText() ([]byte, error) { //nolint:unparam // encoding.TextMarshaler wants the error
	return []byte(time.Duration(s).String()), nil
}

// UnmarshalText reads a duration such as "5s".
func (s *seconds) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*s = seconds(d)
	return err
}
