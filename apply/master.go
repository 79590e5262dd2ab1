package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/apply/repair"
	"github.com/quorate/quorate/apply/rollout"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// A replacement takes one control-plane group further towards its wanted template. What is next is decided
// by [rollout.Master.Next]; here the facts for it are gathered, and its moves are made.
type replacement struct {
	*run
	change diff.Change
	group  topology.AutoScalingGroup
	out    *Outcome

	standing standing
	mine     master
	snaps    []backup
	facts    rollout.Master
	// blocked is what holds pods on the machine.
	blocked kube.Progress
}

// rollMaster makes move after move until there is something to wait for. Each of them may be the last of
// this process.
func (r *run) rollMaster(ctx context.Context, s standing, c diff.Change, group topology.AutoScalingGroup, out *Outcome) error {
	p := &replacement{run: r, change: c, group: group, out: out, standing: s, mine: s.masterOf(group.Ref())}
	if err := r.giveBackAllBut(ctx, s, group.Ref()); err != nil {
		return err
	}
	if err := p.gather(ctx); err != nil {
		return err
	}
	if held := p.heldBack(); held != nil {
		if p.facts.Leaving {
			return errors.Join(p.giveBack(ctx, p.mine), held)
		}
		return held
	}
	for {
		move := p.facts.Next()
		if move.Verb == "" {
			return p.wait(move.Wait)
		}
		if err := p.make(ctx, move.Verb); err != nil {
			return err
		}
	}
}

func (s standing) masterOf(group topology.Ref) master {
	for _, m := range s.masters {
		if m.group.Ref() == group {
			return m
		}
	}
	return master{}
}

// gather finds out all that a decision needs.
func (p *replacement) gather(ctx context.Context) error {
	machine, found := p.oldest(p.group)
	p.facts.ID, p.facts.Zone = machine.ID, machine.Zone
	p.judge(p.standing)
	if !found {
		return nil
	}
	if p.mine.machine == nil || p.mine.machine.id != machine.ID {
		return &WaitError{Reason: fmt.Sprintf("%smachine %s is on its way out, or not alone in its group", p.progress(), machine.ID), Idle: true}
	}
	var err error
	if p.snaps, err = p.applier.backups.look(ctx, p.standing.seats()); err != nil {
		return err
	}
	p.facts.Backups = p.standing.backups(p.applier.backups, p.snaps, p.mine, cmp.Or(p.in.Rolling[p.group.Ref()].SnapshotMaxAge, backupMaxAge))
	return nil
}

// heldBack is why nothing of the group may be replaced now, because the cluster is halted, or paused before
// the roll of the group began.
func (p *replacement) heldBack() error {
	if reason := p.holds(); reason != "" {
		return &WaitError{Reason: reason, Idle: true}
	}
	if p.mine.facts == nil {
		return nil
	}
	live := p.mine.facts.groups[p.group.Name]
	if p.waitsForPause(p.group, repair.Read(marksOf(live), p.in.Digest)) {
		return p.pausing()
	}
	return nil
}

// judge reads a standing anew: what the gate says, and how the machine is.
func (p *replacement) judge(s standing) {
	p.standing, p.mine = s, s.masterOf(p.group.Ref())
	verdict := s.mayGo(p.group.Ref())
	p.out.Verdict = &verdict
	p.facts.Open, p.facts.Closed = verdict.Answer == quorum.Proceed, verdict.Reason
	p.facts.OtherBroken = s.otherBroken(p.group.Ref())
	p.facts.Sick = len(s.sickness(p.mine)) > 0
	p.facts.Downtime = s.alone(p.mine)
	p.facts.Leads = s.leads(p.mine)
	p.facts.Balancers = p.mine.balancers
	if p.mine.machine == nil {
		return
	}
	p.facts.Leaving = p.facts.ID != "" && !p.mine.machine.leaving.IsZero()
	node := p.mine.machine.node
	p.facts.Node = rollout.Node{
		Asked: p.applier.nodes != nil, Error: s.silent, Ready: node.Ready,
		Emptied: p.facts.Node.Emptied, Left: p.facts.Node.Left,
	}
}

// make makes one move, and notes what it changed.
func (p *replacement) make(ctx context.Context, verb rollout.MasterVerb) error {
	switch verb {
	case rollout.TakeBackup:
		return p.takeBackups(ctx)
	case rollout.Settle:
		return p.settle(ctx)
	case rollout.Begin:
		p.out.Acted, p.facts.Leaving = true, true
		p.mine.machine.leaving = p.now()
		return p.applier.marks.add(ctx, p.facts.ID, topology.Tags{topology.TagLeaving: p.now().UTC().Format(time.RFC3339)})
	case rollout.Deregister:
		return p.deregister(ctx)
	case rollout.Empty:
		return p.empty(ctx)
	case rollout.HandOver:
		p.facts.HandedOver = true
		return p.handOver(ctx)
	case rollout.AskAgain:
		return p.askAgain(ctx)
	case rollout.Terminate:
		p.out.Acted, p.facts.Ended = true, true
		return p.applier.groups.terminate(ctx, p.facts.ID)
	case rollout.GiveBack:
		p.out.Acted = true
		if err := p.giveBack(ctx, p.mine); err != nil {
			return err
		}
		return &WaitError{Reason: fmt.Sprintf("machine %s in %s goes on serving for now: %s", p.facts.ID, p.facts.Zone, p.facts.Closed)}
	}
	return fmt.Errorf("a master knows no %s", verb)
}

// settle writes down what the group made its machines from until now, and then what it is to be.
func (p *replacement) settle(ctx context.Context) error {
	if err := p.begin(ctx, p.change, p.group); err != nil {
		return err
	}
	p.out.Acted, p.facts.Settled = true, true
	return p.settleGroup(ctx, p.change, p.group)
}

func (p *replacement) takeBackups(ctx context.Context) error {
	for i := range p.facts.Backups {
		b := &p.facts.Backups[i]
		if b.Fresh || b.Pending != "" || b.From == "" {
			continue
		}
		p.out.Acted = true
		from, _ := p.standing.source(b.Etcd, p.mine)
		if err := p.applier.backups.take(ctx, from); err != nil {
			return err
		}
		b.Pending = "it was begun now"
		if err := p.applier.backups.prune(ctx, p.snaps, b.Etcd); err != nil {
			return err
		}
	}
	return nil
}

func (p *replacement) deregister(ctx context.Context) error {
	p.out.Acted = true
	for i, ref := range balancersOf(p.mine) {
		if p.facts.Balancers[i].State != rollout.Registered {
			continue
		}
		if err := p.applier.balancers.deregister(ctx, ref, p.facts.ID, p.known()); err != nil {
			return err
		}
		p.facts.Balancers[i].State = rollout.Draining
	}
	return nil
}

func (p *replacement) empty(ctx context.Context) (err error) {
	p.blocked, err = p.applier.nodes.Empty(ctx, p.mine.machine.node, p.in.Rolling[p.group.Ref()])
	p.facts.Node.Emptied, p.facts.Node.Left = true, p.blocked.Sentence()
	return err
}

// handOver moves leadership of both kinds of etcd away from the machine's members.
func (p *replacement) handOver(ctx context.Context) error {
	for _, at := range p.mine.seats {
		i := slices.IndexFunc(p.standing.clusters, func(c health.Cluster) bool { return c.Name == at.etcd })
		if i < 0 || len(p.standing.clusters[i].Members) == 1 {
			continue
		}
		if err := p.applier.control.etcd.HandOver(ctx, p.standing.clusters[i], at.member); err != nil {
			return &WaitError{Reason: fmt.Sprintf("leadership of etcd %s could not be handed over: %v", at.etcd, err)}
		}
	}
	return nil
}

// askAgain looks anew right before the deed: emptying and draining take minutes, in which another machine
// may have failed.
func (p *replacement) askAgain(ctx context.Context) error {
	fresh, err := p.stand(ctx)
	if err != nil {
		return err
	}
	p.judge(fresh)
	if p.mine.machine == nil || p.mine.machine.id != p.facts.ID {
		return &WaitError{Reason: fmt.Sprintf("machine %s is on its way out already", p.facts.ID)}
	}
	p.facts.Sure = true
	return nil
}

// wait puts what a replacement waits for into words, with how far the control plane is.
func (p *replacement) wait(reason string) error {
	if reason == "" {
		return nil
	}
	if v := p.out.Verdict; v.Answer == quorum.Refuse && !p.facts.Open && reason == v.Reason {
		return fmt.Errorf("refused: %s", reason)
	}
	w := &WaitError{Reason: reason}
	if !p.facts.Open {
		p.standing.waitsFor(w, p.group.Ref(), p.now())
	} else if m := p.mine.machine; m != nil {
		w.Since = m.leaving
	}
	if b := p.blocked.Blocked; len(b) > 0 {
		w.Who = b[0].Owner
	}
	w.Reason = p.progress() + w.Reason
	return w
}

// progress counts the masters that are as wanted and back.
func (p *replacement) progress() string {
	done := 0
	for _, m := range p.standing.masters {
		if _, old := p.oldest(m.group); !old && len(p.standing.notBack(m)) == 0 {
			done++
		}
	}
	return fmt.Sprintf("control plane %d/%d: ", done, len(p.standing.masters))
}

func (r *run) now() time.Time { return r.applier.control.now() }

// stand looks at the control plane now, with all members that vote, or are to.
func (r *run) stand(ctx context.Context) (standing, error) {
	s, err := r.applier.control.stand(ctx, everybody(r.in), r.known())
	s.rolling = r.in.Rolling
	return s, err
}
