package awssim

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"time"
)

// scalingGroup is an Auto Scaling group.
type scalingGroup struct {
	Name        string
	ARN         string
	Created     time.Time
	Min         int
	Max         int
	Desired     int
	Subnets     []string // as listed
	Template    templateChoice
	Mixed       *mixedInstances // instead of Template
	TargetARNs  []string        // target groups, as attached
	Classic     []string        // Classic load balancers, as attached
	Policies    []string        // termination policies
	HealthCheck string          // EC2, or EC2 and others after commas
	Grace       int             // seconds in service before health checks count
	Cooldown    int
	Warmup      *int
	MaxLifetime int // seconds, 0 for no limit
	Protected   bool
	Rebalance   bool
	ServiceRole string

	Propagate map[string]bool   // by tag key; the tags themselves are in state.Tags
	Metrics   []string          // collected
	Suspended map[string]string // process → since when, in AWS's words
	Hooks     map[string]*lifecycleHook
	WarmPool  *warmPool
	Scaling   map[string]*scalingPolicy   // by name
	Schedule  map[string]*scheduledAction // by name

	Instances []*groupInstance // in the order they were launched
	// Rebalancing is an instance launched above the desired capacity, so that one elsewhere can go.
	Rebalancing string
	// RetryAt is when to try again where launching failed, by subnet.
	RetryAt  map[string]time.Time
	Deleting bool
}

// templateChoice names the launch template version to launch from.
type templateChoice struct {
	ID      string
	Name    string
	Version string // a number, $Latest or $Default
}

// templateSpecification is how requests and answers name a launch template.
type templateSpecification struct {
	ID      string `wire:"LaunchTemplateId" xml:"LaunchTemplateId"`
	Name    string `wire:"LaunchTemplateName" xml:"LaunchTemplateName"`
	Version string
}

type createScalingGroupInput struct {
	AutoScalingGroupName string
	scalingSettings
	TargetGroupARNs                []string
	LoadBalancerNames              []string
	LifecycleHookSpecificationList []hookSettings
	Tags                           []scalingTag
}

// groupName: any printable ASCII except the colon.
var groupName = regexp.MustCompile(`^[!-9;-~]{1,255}$`)

func (w *world) createScalingGroup(in createScalingGroupInput) (none, error) {
	if !groupName.MatchString(in.AutoScalingGroupName) {
		return none{}, invalidScaling("Invalid Auto Scaling group name '%s'", in.AutoScalingGroupName)
	}
	if _, exists := w.ScalingGroups[in.AutoScalingGroupName]; exists {
		return none{}, refuse("AlreadyExists", "AutoScalingGroup by this name already exists - A group with the name %s already exists", in.AutoScalingGroupName)
	}
	g := w.newScalingGroup(in)
	if err := w.applySettings(g, in.scalingSettings, true); err != nil {
		return none{}, err
	}
	if err := w.checkTargetGroups(in.TargetGroupARNs); err != nil {
		return none{}, err
	}
	if err := w.checkClassic(in.LoadBalancerNames); err != nil {
		return none{}, err
	}
	if err := scalingTags.check(nil, plainTags(in.Tags)); err != nil {
		return none{}, err
	}
	for _, h := range in.LifecycleHookSpecificationList {
		if err := g.putHook(h); err != nil {
			return none{}, err
		}
	}
	w.ScalingGroups[g.Name] = g
	w.setScalingTags(g, in.Tags)
	w.watch(g)
	return none{}, nil
}

func (w *world) newScalingGroup(in createScalingGroupInput) *scalingGroup {
	return &scalingGroup{
		Name:        in.AutoScalingGroupName,
		ARN:         w.arn("autoscaling", "autoScalingGroup:"+w.region.ids.uuid()+":autoScalingGroupName/"+in.AutoScalingGroupName),
		Created:     w.now(),
		TargetARNs:  in.TargetGroupARNs,
		Classic:     in.LoadBalancerNames,
		Policies:    []string{"Default"},
		HealthCheck: "EC2",
		Cooldown:    300, // AWS's default
		ServiceRole: w.iamARN("role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"),
		Propagate:   map[string]bool{},
		Suspended:   map[string]string{},
		Hooks:       map[string]*lifecycleHook{},
		Scaling:     map[string]*scalingPolicy{},
		Schedule:    map[string]*scheduledAction{},
		RetryAt:     map[string]time.Time{},
	}
}

type updateScalingGroupInput struct {
	AutoScalingGroupName string
	scalingSettings
}

func (w *world) updateScalingGroup(in updateScalingGroupInput) (none, error) {
	g, err := w.scalingGroup(in.AutoScalingGroupName)
	if err != nil {
		return none{}, err
	}
	after := *g
	if err := w.applySettings(&after, in.scalingSettings, false); err != nil {
		return none{}, err
	}
	*g = after
	g.RetryAt = map[string]time.Time{} // a changed group tries again at once
	return none{}, nil
}

// applyTemplate settles what the group launches from. AWS tries a launch without carrying it out
// and refuses a group whose every launch would fail.
func (w *world) applyTemplate(g *scalingGroup, in scalingSettings, create bool) error {
	switch {
	case in.LaunchTemplate != nil && in.MixedInstancesPolicy != nil:
		return invalidScaling("Valid requests must contain either LaunchTemplate or MixedInstancesPolicy parameter, not both.")
	case in.LaunchTemplate != nil:
		choice, err := w.chooseTemplate(*in.LaunchTemplate)
		if err != nil {
			return err
		}
		g.Template, g.Mixed = choice, nil
	case in.MixedInstancesPolicy != nil:
		mixed, err := w.newMixedInstances(*in.MixedInstancesPolicy, g.Mixed)
		if err != nil {
			return err
		}
		g.Template, g.Mixed = mixed.Template, mixed
	case create:
		return invalidScaling("Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.")
	default:
		return nil
	}
	return w.tryLaunch(g)
}

func (w *world) chooseTemplate(s templateSpecification) (templateChoice, error) {
	if (s.ID == "") == (s.Name == "") {
		return templateChoice{}, invalidScaling("Valid requests must contain either launchTemplateId or LaunchTemplateName")
	}
	t, err := w.launchTemplate(s.ID, s.Name)
	if err == nil {
		_, err = t.version(cmp.Or(s.Version, "$Default"))
	}
	if err != nil {
		return templateChoice{}, badTemplate(err)
	}
	return templateChoice{t.ID, t.Name, cmp.Or(s.Version, "$Default")}, nil
}

func badTemplate(err error) *apiError {
	return invalidScaling("You must use a valid fully-formed launch template. %s", asAPIError(err).Message)
}

// tryLaunch refuses what can never launch; that a zone has no capacity now is no reason.
func (w *world) tryLaunch(g *scalingGroup) error {
	for _, kind := range w.launchKinds(g) {
		request, err := w.launchRequest(g, g.Subnets[0], kind)
		if err == nil {
			_, _, err = w.plan(request)
		}
		if err != nil && asAPIError(err).Code != noCapacity {
			return badTemplate(err)
		}
	}
	return nil
}

func (w *world) checkTargetGroups(arns []string) error {
	for _, arn := range arns {
		if _, exists := w.TargetGroups[arn]; !exists {
			return invalidScaling("Provided Target Groups may not be valid. Please ensure they exist and try again.")
		}
	}
	return nil
}

// scalingGroup finds a group that may be changed.
func (w *world) scalingGroup(name string) (*scalingGroup, error) {
	g, exists := w.ScalingGroups[name]
	if !exists {
		return nil, invalidScaling("AutoScalingGroup name not found - AutoScalingGroup '%s' not found", name)
	}
	if g.Deleting {
		return nil, invalidScaling("AutoScalingGroup '%s' is pending delete", name)
	}
	return g, nil
}

// onScalingGroup adapts what changes one group to an operation without an answer.
func (w *world) onScalingGroup(name string, change func(*scalingGroup) error) (none, error) {
	g, err := w.scalingGroup(name)
	if err != nil {
		return none{}, err
	}
	return none{}, change(g)
}

type setDesiredCapacityInput struct {
	AutoScalingGroupName string
	DesiredCapacity      int
	HonorCooldown        bool
}

func (w *world) setDesiredCapacity(in setDesiredCapacityInput) (none, error) {
	return w.onScalingGroup(in.AutoScalingGroupName, func(g *scalingGroup) error {
		if in.DesiredCapacity > g.Max {
			return invalidScaling("New SetDesiredCapacity value %d is above max value %d for the AutoScalingGroup.", in.DesiredCapacity, g.Max)
		}
		if in.DesiredCapacity < g.Min {
			return invalidScaling("New SetDesiredCapacity value %d is below min value %d for the AutoScalingGroup.", in.DesiredCapacity, g.Min)
		}
		g.Desired = in.DesiredCapacity
		return nil
	})
}

type deleteScalingGroupInput struct {
	AutoScalingGroupName string
	ForceDelete          bool
}

// deleteScalingGroup deletes an empty group at once. A forced deletion terminates the instances
// without asking lifecycle hooks, and the group goes when they are gone.
func (w *world) deleteScalingGroup(in deleteScalingGroupInput) (none, error) {
	g, exists := w.ScalingGroups[in.AutoScalingGroupName]
	switch {
	case !exists:
		return none{}, invalidScaling("AutoScalingGroup name not found - AutoScalingGroup '%s' not found", in.AutoScalingGroupName)
	case g.Deleting:
		return none{}, refuse("ScalingActivityInProgress", "AutoScalingGroup '%s' is already pending delete", g.Name)
	case len(g.Instances) == 0:
		w.removeScalingGroup(g)
	case in.ForceDelete:
		g.Deleting = true
		g.Min, g.Max, g.Desired = 0, 0, 0
	case g.capacity() > 0:
		return none{}, refuse("ResourceInUse", "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.")
	default:
		return none{}, refuse("ScalingActivityInProgress", "You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group.")
	}
	return none{}, nil
}

func (w *world) removeScalingGroup(g *scalingGroup) {
	for _, p := range g.Scaling {
		w.removePolicy(g, p)
	}
	delete(w.ScalingGroups, g.Name)
	delete(w.Tags, g.ARN)
}

// zones lists the zones of the group's subnets.
func (w *world) zones(g *scalingGroup) []string {
	found := map[string]bool{}
	for _, id := range g.Subnets {
		if s, exists := w.Subnets[id]; exists {
			found[s.Zone] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
