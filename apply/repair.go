package apply

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/apply/repair"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

// A Repair is something that is wrong with a group, and what this run did about it.
type Repair struct {
	repair.Advice
	// Acted reports that something was changed.
	Acted bool
	// Err is set if AWS refused.
	Err error
}

// mend looks what is wrong with the groups that are there, and does the next thing about each. It costs
// no call more than settling does while nothing is wrong. Masters come first: workers can only be judged
// by a control plane that is whole.
func (r *run) mend(ctx context.Context) []Repair {
	if ctx.Err() != nil || !r.hasMasters() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepLimit)
	defer cancel()
	seen, err := r.stand(ctx)
	if err != nil {
		return nil // whatever comes next asks the same, and tells
	}
	r.seen = &seen
	repairs := append(r.mendJudged(ctx, r.judgeMasters(ctx, seen)), r.rejoin(ctx, seen)...)
	return append(repairs, r.mendJudged(ctx, r.judgeWorkers(ctx, seen.whole()))...)
}

// hasMasters reports that the cluster is more than about to be made.
func (r *run) hasMasters() bool {
	return slices.ContainsFunc(topology.Of[topology.AutoScalingGroup](r.in.Have), func(g topology.AutoScalingGroup) bool {
		return g.Role == topology.ControlPlane
	})
}

// stood is the control plane as it was seen when nothing had been done yet; if something was, it is
// looked at again.
func (r *run) stood(ctx context.Context) (standing, error) {
	if r.seen != nil && r.in.Plan.Empty() {
		return *r.seen, nil
	}
	return r.stand(ctx)
}

// mendJudged does the next thing about each group that needs it.
func (r *run) mendJudged(ctx context.Context, judged iter.Seq[judgement]) []Repair {
	var repairs []Repair
	for j := range judged {
		r.holdFor(j.facts, j.advice)
		switch {
		case j.err != nil:
			repairs = append(repairs, r.told(Repair{Advice: j.advice}, j.err))
		case !j.advice.Nothing():
			repairs = append(repairs, r.follow(ctx, j.facts, j.group, j.advice))
		}
	}
	return told(repairs)
}

// told leaves out what nobody needs to hear of.
func told(repairs []Repair) []Repair {
	return slices.DeleteFunc(repairs, func(r Repair) bool { return r.Verb == repair.Forget && r.Err == nil })
}

// follow does what was advised, one AWS call that changes something and rarely two.
func (r *run) follow(ctx context.Context, facts repair.Group, group topology.AutoScalingGroup, advice repair.Advice) Repair {
	done := Repair{Advice: advice, Acted: advice.Verb != repair.Wait}
	m := r.applier.mender
	var err error
	switch advice.Verb {
	case repair.Wait:
	case repair.Notice:
		err = m.mark(ctx, group.Name, topology.TagSick, repair.Mark{At: facts.Now, Machine: advice.Machine})
	case repair.Forget:
		err = m.unmark(ctx, group.Name, facts.Marks.Old)
	case repair.Detach, repair.ForceDetach:
		err = m.release(ctx, advice, facts.Now)
	case repair.End:
		err = r.endMachine(ctx, facts, group, advice)
	case repair.Rejoin:
		err = r.mendMember(ctx, facts, advice)
	case repair.Halt:
		err = r.halt(ctx, facts, group, advice)
	case repair.StepBack:
		err = m.pinBack(ctx, group.Name, facts.Marks.Halt.Good)
	case repair.Return:
		err = r.returnWorkers(ctx, group, &done)
	}
	return r.told(done, err)
}

// told puts what AWS answered into the sentence.
func (r *run) told(done Repair, err error) Repair {
	wait, waits := errors.AsType[*WaitError](err)
	switch {
	case err == nil:
	case waits && done.Sentence == "":
		done.Sentence = wait.Reason
	case waits:
		done.Sentence += "; " + wait.Reason
	case awsapi.LostAnswer(err), awsapi.Throttled(err):
		done.Sentence += "; " + awsapi.Explain(err)
	default:
		done.Err = err
		done.Sentence += "; AWS refuses: " + awsapi.Explain(err)
	}
	return done
}

// endMachine marks before it ends: the mark is how the next pass knows the successor. No second master is
// ended in this run, and nothing rolls in it.
func (r *run) endMachine(ctx context.Context, facts repair.Group, group topology.AutoScalingGroup, advice repair.Advice) error {
	if group.Role == topology.ControlPlane {
		r.ended = true
		r.hold(group.Ref().String() + ": " + advice.Sentence)
	}
	if !facts.Marks.Halt.Set() && facts.Marks.Ended.Machine != advice.Machine {
		if err := r.applier.mender.mark(ctx, group.Name, topology.TagEnded, facts.EndMark(advice.Machine)); err != nil {
			return err
		}
	}
	return r.applier.groups.terminate(ctx, advice.Machine)
}

// groupFacts reads what is the same for all groups. What they lack is looked for by the callers.
func (r *run) groupFacts(group topology.AutoScalingGroup, live asgtypes.AutoScalingGroup, marks topology.Tags) repair.Group {
	template, _ := topology.Find[topology.LaunchTemplate](r.in.Want, group.LaunchTemplate)
	spec, _ := specificationOf(live)
	facts := repair.Group{
		Ref: group.Ref(), Now: r.applier.control.now(), Limit: r.backLimit(group.Ref()), Digest: r.in.Digest,
		Marks:     repair.Read(marks, r.in.Digest),
		Made:      repair.Made{InstanceType: template.InstanceType, Image: template.Image, InstanceGroup: group.Tags[topology.TagGroup]},
		Desired:   int(aws.ToInt32(live.DesiredCapacity)),
		Deleting:  aws.ToString(live.Status) != "",
		Suspended: slices.ContainsFunc(live.SuspendedProcesses, func(p asgtypes.SuspendedProcess) bool { return aws.ToString(p.ProcessName) == "Launch" }),
	}
	if spec != nil {
		facts.Pinned = aws.ToString(spec.Version)
	}
	facts.Rolls = r.change(group.Ref()).Effect == diff.Roll && !r.halts(repair.Read(marks, r.in.Digest)) && !r.waitsForPause(group, facts.Marks)
	return facts
}

// backLimit is how long a machine of the group may take to come back.
func (r *run) backLimit(group topology.Ref) time.Duration {
	return backLimit(r.in.Rolling[group])
}

// masterFacts looks further only where the machine is not back.
func (r *run) masterFacts(ctx context.Context, seen standing, m master) (repair.Master, error) {
	live := m.facts.groups[m.group.Name]
	facts := repair.Master{Group: r.groupFacts(m.group, live, marksOf(live)), Zone: m.zone, Others: versionsBeside(seen, m), Missing: seen.lacks(m)}
	for _, member := range m.facts.members(m.group.Name) {
		facts.Machines = append(facts.Machines, asMachine(aws.ToString(member.InstanceId), m.facts.instances))
	}
	if len(facts.Missing) == 0 {
		return facts, nil
	}
	facts.Stands, facts.Joins, facts.Seats, facts.Unwell = m.cannotStart() == "", seen.awaited(m, r.in.Want), len(m.seats), seen.unwell(m)
	for _, s := range m.seats {
		id, _ := r.known().ID(s.volume)
		volume := asVolume(s.volume, m.facts.volumes[id])
		volume.Ending = slices.ContainsFunc(live.Instances, func(i asgtypes.Instance) bool {
			return aws.ToString(i.InstanceId) == volume.Holder && !repair.Counts(string(i.LifecycleState))
		})
		facts.Volumes = append(facts.Volumes, volume)
	}
	return facts, r.lookFurther(ctx, &facts)
}

// versionsBeside tells what the other masters were made from.
func versionsBeside(seen standing, m master) []string {
	var others []string
	for _, other := range seen.masters {
		if other.group.Ref() == m.group.Ref() || other.machine == nil {
			continue
		}
		if version := asMachine(other.machine.id, other.facts.instances).Version; version != "" {
			others = append(others, fmt.Sprintf("%s runs version %s", other.zone, version))
		}
	}
	return others
}

// lookFurther asks what a machine that is not there, or late, may wait for.
func (r *run) lookFurther(ctx context.Context, facts *repair.Master) (err error) {
	look := r.applier.mender
	switch {
	case len(facts.Machines) > 1:
		return nil
	case len(facts.Machines) == 0:
		if facts.Launch, err = look.lastLaunch(ctx, facts.Ref.Name); err != nil {
			return err
		}
	case facts.Now.Sub(facts.Machines[0].Launched) < repair.DetachAfter:
		return nil
	}
	if facts.ZoneDown, err = look.zoneDown(ctx, facts.Zone); err != nil {
		return err
	}
	for i, v := range facts.Volumes {
		if v.Holder == "" || v.Ending || len(facts.Machines) == 1 && v.Holder == facts.Machines[0].ID {
			continue
		}
		if facts.Volumes[i].HolderState, facts.Volumes[i].HolderEnded, err = look.stateOf(ctx, v.Holder); err != nil {
			return err
		}
	}
	return nil
}

func asMachine(id string, instances map[string]ec2types.Instance) repair.Machine {
	m := repair.Machine{ID: id}
	if i, running := instances[id]; running {
		m.Launched, m.Image = aws.ToTime(i.LaunchTime), aws.ToString(i.ImageId)
		m.Version = tagOf(i.Tags, tagTemplateVersion)
	}
	return m
}

// tagTemplateVersion is written by Auto Scaling on the instances that it makes.
const tagTemplateVersion = "aws:ec2launchtemplate:version"

func tagOf(tags []ec2types.Tag, key string) string {
	for _, t := range tags {
		if aws.ToString(t.Key) == key {
			return aws.ToString(t.Value)
		}
	}
	return ""
}

func asVolume(ref topology.Ref, v ec2types.Volume) repair.Volume {
	out := repair.Volume{Ref: ref, ID: aws.ToString(v.VolumeId)}
	for _, a := range v.Attachments {
		out.Holder, out.Attachment, out.Attached = aws.ToString(a.InstanceId), string(a.State), aws.ToTime(a.AttachTime)
	}
	return out
}

// marksOf are the tags of a group by which the service remembers.
func marksOf(group asgtypes.AutoScalingGroup) topology.Tags {
	marks := topology.Tags{}
	for _, t := range group.Tags {
		if topology.IsMark(aws.ToString(t.Key)) {
			marks[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
	}
	return marks
}

// nodesToJudgeBy are asked of Kubernetes; who cannot ask it goes by AWS's word.
func (r *run) nodesToJudgeBy(ctx context.Context) (map[string]kube.Node, bool, error) {
	if r.applier.nodes == nil {
		return nil, false, nil
	}
	nodes, err := r.applier.nodes.Nodes(ctx)
	return nodes, len(nodes) > 0, err
}

// workerFacts goes by what the plan was made from, and looks at the group only if something is wrong.
func (r *run) workerFacts(ctx context.Context, have topology.Resource, group topology.AutoScalingGroup, nodes map[string]kube.Node, asked, whole bool) (repair.Workers, error) {
	pinned, _ := have.(topology.AutoScalingGroup)
	limit := r.backLimit(group.Ref())
	facts := repair.Workers{Judged: whole, Needed: strength(have, group, r.change(group.Ref()))}
	for _, m := range r.in.Machines {
		if m.Group == group.Ref() && !m.Warm() || m.Detached == group.Ref() {
			node, known := nodes[m.ID]
			facts.Machines = append(facts.Machines, asWorker(m, group, pinned, node, known, asked && group.Role != topology.Bastion, limit))
		}
	}
	marks := r.in.Marks[group.Ref()]
	well := r.inService(group.Ref()) >= facts.Needed && !slices.ContainsFunc(facts.Machines, func(m repair.Worker) bool { return !m.Joined })
	if well && len(marks) == 0 {
		facts.Group = repair.Group{Ref: group.Ref(), Limit: limit}
		return facts, nil
	}
	live, err := r.applier.groups.live(ctx, group)
	if err != nil {
		return facts, err
	}
	facts.Group = r.groupFacts(group, live, marksOf(live))
	facts.Needed = max(facts.Needed, facts.Desired)
	if len(live.Instances) < facts.Desired {
		facts.Launch, err = r.applier.mender.lastLaunch(ctx, group.Name)
	}
	return facts, err
}

// asWorker judges a machine by its node; without Kubernetes only one that AWS has not put into service
// counts as not joined. What somebody took out of service for a while is theirs.
func asWorker(m topology.Machine, group, pinned topology.AutoScalingGroup, node kube.Node, known, asked bool, limit time.Duration) repair.Worker {
	w := repair.Worker{
		ID: m.ID, Launched: m.Launched, New: m.Template == pinned.Template, Detached: m.Detached == group.Ref(), Leaving: m.Gone(),
		Ready: m.InService(), Joined: !strings.HasPrefix(m.Lifecycle, "Pending"), Why: "is " + m.State + " and " + m.Lifecycle,
	}
	if !asked || !m.InService() {
		return w
	}
	early := node.Since.IsZero() || node.Since.Before(m.Launched.Add(limit))
	w.Ready, w.Joined = known && node.Ready, known && (node.Ready || !early)
	switch {
	case !known:
		w.Why = "has no node in Kubernetes"
	case !node.Ready:
		w.Why = "has a node that is not ready: " + node.Reason
	}
	return w
}
