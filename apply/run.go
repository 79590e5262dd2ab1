package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/apply/order"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

const (
	// parallel bounds the steps under way at once: enough to hide AWS's latency,
	// and few enough to stay below the usual EC2 request buckets.
	parallel = 8
	// stepLimit is the time one step may take in calls; a step never waits.
	stepLimit = 2 * time.Minute
)

// An Applier carries out plans for one cluster. There is no such thing as a dry
// run: who only plans builds no Applier.
type Applier struct {
	rows      map[topology.Kind]row
	groups    groupWriter
	nodes     Nodes
	control   controlPlane
	members   Members
	takeovers takeovers
	ender     ender
	mender    mender
	retirer   retirer
	backups   backups
	balancers balancers
	marks     marks
}

// Config is what an [Applier] works with.
type Config struct {
	Clients awsapi.Clients
	Cluster string
	// Commit is the commit being applied; it goes into the tokens that make
	// creating calls idempotent.
	Commit string
	// Etcd asks the members of the cluster how they are.
	Etcd Etcd
	// Members changes who is a member of etcd. Without it a control plane neither grows nor shrinks.
	Members Members
	// Nodes is the cluster's Kubernetes API. Without it machines are replaced without being emptied
	// first, and count as ready when AWS says so.
	Nodes Nodes
	// Now is the time; nil means time.Now.
	Now func() time.Time
}

// New makes an Applier. It makes no call.
func New(c Config) *Applier {
	if c.Now == nil {
		c.Now = time.Now
	}
	e := env{clients: c.Clients, cluster: c.Cluster, commit: c.Commit, now: c.Now}
	return &Applier{
		rows:      rowsFor(e),
		groups:    newGroupWriter(e),
		nodes:     c.Nodes,
		members:   c.Members,
		takeovers: takeovers{api: c.Clients.ELB, classics: c.Clients.ClassicELB, now: c.Now},
		control:   controlPlane{cluster: c.Cluster, ec2: c.Clients.EC2, groups: c.Clients.AutoScaling, targets: c.Clients.ELB, classics: c.Clients.ClassicELB, etcd: c.Etcd, nodes: c.Nodes, now: c.Now},
		ender:     ender{c.Clients.EC2},
		mender:    mender{c.Clients.EC2, c.Clients.AutoScaling},
		retirer:   retirer{c.Clients.EC2, c.Cluster, c.Now},
		backups:   backups{c.Clients.EC2, c.Cluster, c.Now},
		balancers: balancers{c.Clients.ELB, c.Clients.ClassicELB},
		marks:     marks{c.Clients.EC2},
	}
}

// Input is what one run is about.
type Input struct {
	Plan diff.Plan
	// Steps are the changes of the plan in the order in which people were shown them; nil means
	// that of [order.Steps] for who knows nothing of the control plane.
	Steps []order.Step
	// Want is what the plan leads to, and Have is what it was made from.
	Want, Have topology.Topology
	// Bindings and Machines are as observed when the plan was made.
	Bindings topology.Bindings
	Machines []topology.Machine
	// Marks are the tags by which the service remembers what it did about a group; see topology.MarkTags.
	Marks map[topology.Ref]topology.Tags
	// Observed is when AWS began to be looked at for the plan, by the Applier's clock; zero
	// means now.
	Observed time.Time
	// Rolling is the pace of each group.
	Rolling map[topology.Ref]topology.RollingUpdate
	// Digest stands for what the manifests say, Resume lets a roll that halted go on, and Paused is
	// why nothing more is to be begun; see desired.Policy.
	Digest, Resume, Paused string
	// Progress, if set, is told each outcome as it comes; it may be called from
	// several goroutines.
	Progress func(Outcome)
}

// Run carries the plan as far as it goes now. When ctx ends, no further step begins;
// the calls under way are finished, so that nothing is left half-known. A plan with
// a forbidden change is not touched.
func (a *Applier) Run(ctx context.Context, in Input) Report {
	if forbidden := in.Plan.Forbidden(); len(forbidden) > 0 {
		return refused(forbidden)
	}
	ctx = lookedAt(ctx, in.Observed)
	r := &run{applier: a, in: in, ids: in.Bindings.Clone()}
	if in.Plan.EndsCluster() {
		return r.end(ctx)
	}
	report := Report{Repairs: r.mend(ctx)}
	report.Halted, report.Etcd = r.halted, r.stands()
	if !in.Plan.Empty() {
		report.Paused = in.Paused
	}
	if in.Steps == nil {
		in.Steps = order.Steps(in.Plan, nil)
	}
	report.Outcomes = r.steps(ctx, in.Steps)
	if ctx.Err() == nil && report.State() == Done {
		report.Settling = r.settling(ctx)
	}
	return report
}

func refused(forbidden []diff.Change) Report {
	var report Report
	for _, c := range forbidden {
		report.Outcomes = append(report.Outcomes, Outcome{Ref: c.Ref, Effect: c.Effect, State: Failed, Reason: "not allowed: " + c.Reason})
	}
	return report
}

// run is the state of one [Applier.Run].
type run struct {
	applier *Applier
	in      Input

	// seen is the control plane before the first step. held is why nothing rolls in this run, halted
	// that people must let it go on, and ended that a master was ended.
	seen          *standing
	held          string
	halted, ended bool

	mu  sync.Mutex
	ids topology.Bindings
	// agreed is set when etcd's member lists were seen to be what is wanted.
	agreed atomic.Bool
}

// steps runs every step as soon as all that it stands behind is done.
func (r *run) steps(ctx context.Context, steps []order.Step) []Outcome {
	outcomes := make([]Outcome, len(steps))
	ended := map[topology.Ref]chan struct{}{}
	index := map[topology.Ref]int{}
	for i, s := range steps {
		ended[s.Change.Ref] = make(chan struct{})
		index[s.Change.Ref] = i
	}
	slots := make(chan struct{}, parallel)
	var all sync.WaitGroup
	for i, s := range steps {
		all.Go(func() {
			defer close(ended[s.Change.Ref])
			outcomes[i] = Outcome{Ref: s.Change.Ref, Effect: s.Change.Effect, Zone: s.Zone}
			for _, earlier := range s.After {
				<-ended[earlier]
				if outcomes[index[earlier]].State != Done {
					outcomes[i].State, outcomes[i].Behind, outcomes[i].Reason = Waiting, earlier, "it comes after "+earlier.String()
					return
				}
			}
			slots <- struct{}{}
			defer func() { <-slots }()
			r.step(ctx, s, &outcomes[i])
			if r.in.Progress != nil {
				r.in.Progress(outcomes[i])
			}
		})
	}
	all.Wait()
	return outcomes
}

// step runs one step to its outcome.
func (r *run) step(ctx context.Context, s order.Step, out *Outcome) {
	if ctx.Err() != nil {
		out.State, out.Reason = Waiting, "the service is stopping; the next pass goes on here"
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepLimit)
	defer cancel()
	var requests awsapi.Requests
	out.Began = r.applier.control.now()
	err := r.carryOut(awsapi.Collect(ctx, &requests), s, out)
	out.Took = r.applier.control.now().Sub(out.Began)
	out.Requests, out.RequestCount = requests.All()
	out.settle(s.Change, err)
}

// settle turns the error of a step into its state and sentence.
func (o *Outcome) settle(c diff.Change, err error) {
	o.Err = err
	wait, waits := errors.AsType[*WaitError](err)
	switch {
	case err == nil:
		o.State = Done
	case waits:
		o.State, o.Reason = Waiting, wait.Reason
		o.Since, o.Limit, o.Who = wait.Since, wait.Limit, wait.Who
		o.Acted = o.Acted && !wait.Idle && !(wait.refused && c.Effect == diff.Delete)
	case awsapi.LostAnswer(err), awsapi.Throttled(err):
		o.State, o.Reason = Waiting, awsapi.Explain(err)
	default:
		o.State, o.Reason = Failed, awsapi.Explain(err)
		o.Err = fmt.Errorf("%s %s: %w", c.Effect, c.Ref, err)
	}
}

func (r *run) carryOut(ctx context.Context, s order.Step, out *Outcome) error {
	c, row := s.Change, r.applier.rows[s.Change.Ref.Kind]
	if err := r.mayBegin(c); err != nil {
		return err
	}
	if err := r.takeover(ctx, s); err != nil {
		return err
	}
	if err := r.afterMachines(c); err != nil {
		return err
	}
	if err := r.afterSuccessors(c); err != nil {
		return err
	}
	if err := r.afterMembers(ctx, c); err != nil {
		return err
	}
	if err := r.agreeOnMembers(ctx, c, out); err != nil {
		return err
	}
	out.Acted = true
	switch c.Effect {
	case diff.Create:
		return r.learn(row.create(ctx, r.forMachine(c.Want), r.known()))
	case diff.InPlace:
		return r.learn(row.update(ctx, c, r.known()))
	case diff.Delete:
		if err := row.remove(ctx, c.Have, r.known()); err != nil {
			return err
		}
		return r.takenOver(ctx, s)
	case diff.Replace:
		if err := row.remove(ctx, c.Have, r.known()); err != nil {
			return err
		}
		return &WaitError{Reason: "the old one is removed; the next pass makes the new one"}
	case diff.Retire:
		return r.retire(ctx, c)
	case diff.Roll:
		out.Acted = false
		return r.roll(ctx, s, out)
	case diff.None, diff.Forbid:
	}
	return fmt.Errorf("a change with effect %s is no step", c.Effect)
}

// known is a snapshot of the ids; learn adds to them.
func (r *run) known() topology.Bindings {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ids.Clone()
}

func (r *run) learn(learned topology.Bindings, err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.Copy(r.ids, learned)
	return err
}
