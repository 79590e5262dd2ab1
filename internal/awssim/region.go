package awssim

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/quorate/quorate/internal/awssim/simnet"
	"github.com/quorate/quorate/internal/prices"
)

// Config describes a simulated region. The zero value of every field has a default.
type Config struct {
	Region  string   // default us-east-1
	Account string   // twelve digits, default 123456789012
	Zones   []string // default the region's a, b and c
	Clock   Clock    // default a clock at wall speed
	// Latency is wall time added to every call.
	Latency time.Duration
	// Dir holds the volumes, one folder each. Without it volumes cannot be attached by machines.
	Dir string
	// Network is where the simulated addresses live.
	Network simnet.Network
	// Boot starts the software of a machine. Without it instances run and do nothing.
	Boot Boot
	// Prices are AWS's list prices; default those that the prices package carries.
	Prices prices.Table
	// Seed makes ids repeatable; 0 gives other ids each time.
	Seed uint64
}

// Region is a simulated AWS account in one region. It is an http.Handler that speaks AWS's wire
// protocols; everything else on it is for tests and demonstrations to look behind the scenes.
type Region struct {
	cfg      Config
	ids      *idSource
	accounts accounts

	mu         sync.Mutex // guards all below, and serialises operations
	world      *world
	closed     bool
	intercept  Intercept
	staleReads time.Duration
	snapshots  []snapshot
	images     map[string]image // those found by name so far
	quotas     map[string]float64
	unoffered  map[Offer]bool
	breakdowns breakdowns
	principals map[string]string // ARNs by access key
	caller     string            // the access key of the call that runs
	trail      []trailEvent      // the oldest first

	software map[string]*software // by instance id
	running  sync.WaitGroup       // counts software and what waits for its end

	forwarding forwarding
}

// New makes an empty region: no VPC, not even a default one.
func New(cfg Config) *Region {
	cfg.Region = cmp.Or(cfg.Region, "us-east-1")
	cfg.Account = cmp.Or(cfg.Account, "123456789012")
	if len(cfg.Zones) == 0 {
		cfg.Zones = []string{cfg.Region + "a", cfg.Region + "b", cfg.Region + "c"}
	}
	if len(cfg.Prices.Regions) == 0 {
		cfg.Prices = listPrices()
	}
	if cfg.Clock == nil {
		cfg.Clock = NewScaledClock(1)
	}
	r := &Region{cfg: cfg, ids: newIDSource(cfg.Seed), images: map[string]image{}, software: map[string]*software{}, principals: map[string]string{}}
	r.world = &world{state: newState(), region: r}
	r.world.newDefaultDHCPOptions()
	return r
}

// SetIntercept replaces the hook that decides the fate of calls; nil lets all proceed.
func (r *Region) SetIntercept(i Intercept) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.intercept = i
}

// Now is the time in the region.
func (r *Region) Now() time.Time { return r.cfg.Clock.Now() }

// Listen serves the region at a TCP address such as 127.0.0.1:0. It returns the URL for
// AWS_ENDPOINT_URL, and what stops serving; the region itself lives on until Close.
func (r *Region) Listen(addr string) (url string, stop func(), err error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", nil, fmt.Errorf("serve the simulated region: %w", err)
	}
	server := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(l)
	return "http://" + l.Addr().String(), func() { server.Close() }, nil
}

// after schedules a transition; see world.after.
func (r *Region) after(d time.Duration, transition func(*world)) {
	r.cfg.Clock.AfterFunc(d, func() { r.update(transition) })
}

// update runs f on the present world under the lock.
func (r *Region) update(f func(*world)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	f(r.world)
	r.changed()
}

// changed follows every change of the world. The caller holds the lock.
func (r *Region) changed() {
	r.remember()
	r.forward()
}

// maxBody is far above any query request (EC2 caps user data at 16 KiB) and protects the simulator.
const maxBody = 16 << 20

// ServeHTTP answers one AWS call.
func (r *Region) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	if err := r.wait(req.Context()); err != nil {
		return
	}
	answer, err := r.serve(req, body)
	if errors.Is(err, errNoAnswer) {
		panic(http.ErrAbortHandler) // net/http's way to close the connection without an answer
	}
	w.Header().Set("Content-Type", answer.contentType)
	for name, value := range answer.header {
		w.Header().Set(name, value)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(answer.body)))
	w.WriteHeader(answer.status)
	w.Write(answer.body)
}

func (r *Region) wait(ctx context.Context) error {
	if r.cfg.Latency <= 0 {
		return nil
	}
	select {
	case <-time.After(r.cfg.Latency):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// errNoAnswer is the fate of calls whose connection just closes.
var errNoAnswer = errors.New("connection closed without an answer")

// serve finds service and operation, asks for the call's fate, and runs it.
func (r *Region) serve(req *http.Request, body []byte) (response, error) {
	name, err := r.scope(req)
	svc, known := services[name]
	if !known {
		svc.protocol = awsQuery{}
		err = cmp.Or(err, error(refuse("UnknownService", "the simulated region has no service %q", name)))
	}
	svc = svc.of(version(req, body))
	id := r.requestID()
	if err != nil {
		return svc.protocol.refusal(id, asAPIError(err)), nil
	}
	opName, decode, err := svc.protocol.parse(req, body)
	if err != nil {
		return svc.protocol.refusal(id, asAPIError(err)), nil
	}
	op, known := svc.operations[opName]
	if !known {
		return svc.protocol.refusal(id, refuse("InvalidAction", "The action %s is not valid for this web service.", opName)), nil
	}
	op.mutating = op.mutating && !isDryRun(name, body)
	call := r.accounts.arrive(Call{Service: name, Operation: opName, Mutating: op.mutating, KeyID: keyID(req), Body: body})
	fate := r.fate(call)
	if fate == DropRequest {
		return response{}, errNoAnswer
	}
	if e := fate.refusal(call, r.cfg.Account); e != nil {
		return svc.protocol.refusal(id, e), nil
	}
	answer := r.run(svc, op, call, id, decode)
	if answer.header == nil { // the query and REST services name the request there, besides in the body
		answer.header = map[string]string{"X-Amzn-RequestId": id}
	}
	if fate == LoseAnswer {
		return response{}, errNoAnswer
	}
	return answer, nil
}

func (r *Region) fate(c Call) Fate {
	r.mu.Lock()
	intercept := r.intercept
	r.mu.Unlock()
	if intercept == nil {
		return Proceed
	}
	return intercept(c)
}

func (r *Region) requestID() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ids.uuid()
}

// run executes an operation and encodes its answer, all under the lock: answers may point into the
// state.
func (r *Region) run(svc service, op operation, call Call, id string, decode func(any) error) response {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.world
	if !op.mutating && !op.strong {
		w = r.readable()
	}
	r.caller = call.KeyID
	out, err := op.run(w, decode)
	if op.mutating {
		r.record(call, id, err)
		r.changed()
	}
	if err != nil {
		return svc.protocol.refusal(id, asAPIError(err))
	}
	answer, err := svc.protocol.answer(call.Operation, id, out)
	if err != nil {
		return svc.protocol.refusal(id, asAPIError(err))
	}
	return answer
}

// credentialScope is the part of a Signature Version 4 that names region and service:
// Credential=AKID/20260801/us-east-1/ec2/aws4_request.
var credentialScope = regexp.MustCompile(`Credential=([^/,]+)/\d{8}/([^/]+)/([^/]+)/aws4_request`)

// keyID is whose signature a request carries; empty for none.
func keyID(req *http.Request) string {
	if m := credentialScope.FindStringSubmatch(req.Header.Get("Authorization")); m != nil {
		return m[1]
	}
	return ""
}

// scope names the service a request is signed for. Signatures are not checked, but the region is:
// in AWS another region's request would have gone elsewhere.
func (r *Region) scope(req *http.Request) (string, error) {
	m := credentialScope.FindStringSubmatch(req.Header.Get("Authorization"))
	if m == nil {
		return "", refuseStatus(http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	region, name := m[2], m[3]
	if svc := services[name]; !svc.global && region != r.cfg.Region {
		return name, refuseStatus(http.StatusForbidden, "SignatureDoesNotMatch",
			"Credential should be scoped to a valid region, not '%s'; this is %s.", region, r.cfg.Region)
	}
	return name, nil
}
