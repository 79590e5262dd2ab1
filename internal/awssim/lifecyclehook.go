package awssim

import (
	"cmp"
	"slices"
	"time"
)

// lifecycleHook makes instances wait at a transition until somebody says go.
type lifecycleHook struct {
	Name          string
	Transition    string // launching or terminating
	DefaultResult string // CONTINUE or ABANDON, when nobody says anything
	Heartbeat     int    // seconds
	TargetARN     string // who is told
	RoleARN       string
	Metadata      string
}

// The transitions of instances that hooks wait at.
const (
	launching   = "autoscaling:EC2_INSTANCE_LAUNCHING"
	terminating = "autoscaling:EC2_INSTANCE_TERMINATING"
)

// lifecycleAction is one instance waiting for one hook.
type lifecycleAction struct {
	Token    string
	Deadline time.Time
	Limit    time.Time // no heartbeat moves the deadline past this
}

// maxLifecycleWait is how long an instance can be kept waiting by heartbeats: AWS says 48 hours or
// a hundred times the heartbeat timeout, whichever is less.
const maxLifecycleWait = 48 * time.Hour

func (h *lifecycleHook) timeout() time.Duration { return time.Duration(h.Heartbeat) * time.Second }

func (h *lifecycleHook) globalTimeout() time.Duration {
	return min(maxLifecycleWait, 100*h.timeout())
}

// hookSettings are the parameters of a hook; what is not sent stays as it is.
type hookSettings struct {
	LifecycleHookName     string
	LifecycleTransition   string
	DefaultResult         string
	HeartbeatTimeout      int
	NotificationTargetARN *string
	RoleARN               string
	NotificationMetadata  string
}

// putHook makes or changes a hook of the group.
func (g *scalingGroup) putHook(in hookSettings) error {
	h := lifecycleHook{Name: in.LifecycleHookName, DefaultResult: "ABANDON", Heartbeat: 3600} // AWS's defaults
	if present, exists := g.Hooks[in.LifecycleHookName]; exists {
		h = *present
	}
	h.Transition = cmp.Or(in.LifecycleTransition, h.Transition)
	h.DefaultResult = cmp.Or(in.DefaultResult, h.DefaultResult)
	h.Heartbeat = cmp.Or(in.HeartbeatTimeout, h.Heartbeat)
	h.RoleARN = cmp.Or(in.RoleARN, h.RoleARN)
	h.Metadata = cmp.Or(in.NotificationMetadata, h.Metadata)
	assign(&h.TargetARN, in.NotificationTargetARN)
	switch {
	case h.Name == "":
		return invalidScaling("LifecycleHookName is required")
	case h.Transition != launching && h.Transition != terminating:
		return invalidScaling("Invalid Lifecycle Transition '%s'. Valid values: %s, %s", h.Transition, launching, terminating)
	case h.DefaultResult != "CONTINUE" && h.DefaultResult != "ABANDON":
		return invalidScaling("Invalid DefaultResult '%s'. Valid values: CONTINUE, ABANDON", h.DefaultResult)
	case h.Heartbeat < 30 || h.Heartbeat > 7200:
		return invalidScaling("Heartbeat timeout must be between 30 and 7200 seconds")
	}
	g.Hooks[h.Name] = &h
	return nil
}

type putLifecycleHookInput struct {
	AutoScalingGroupName string
	hookSettings
}

func (w *world) putLifecycleHook(in putLifecycleHookInput) (none, error) {
	return w.onScalingGroup(in.AutoScalingGroupName, func(g *scalingGroup) error { return g.putHook(in.hookSettings) })
}

type describeLifecycleHooksInput struct {
	AutoScalingGroupName string
	LifecycleHookNames   []string
}

type describeLifecycleHooksOutput struct {
	Hooks members[lifecycleHookXML] `xml:"LifecycleHooks"`
}

type lifecycleHookXML struct {
	GroupName     string `xml:"AutoScalingGroupName"`
	Name          string `xml:"LifecycleHookName"`
	Transition    string `xml:"LifecycleTransition"`
	DefaultResult string
	Heartbeat     int    `xml:"HeartbeatTimeout"`
	GlobalTimeout int    // seconds
	TargetARN     string `xml:"NotificationTargetARN,omitempty"`
	RoleARN       string `xml:",omitempty"`
	Metadata      string `xml:"NotificationMetadata,omitempty"`
}

func (w *world) describeLifecycleHooks(in describeLifecycleHooksInput) (describeLifecycleHooksOutput, error) {
	g, err := w.scalingGroup(in.AutoScalingGroupName)
	if err != nil {
		return describeLifecycleHooksOutput{}, err
	}
	var out describeLifecycleHooksOutput
	for _, h := range sortedRows(g.Hooks) {
		if len(in.LifecycleHookNames) == 0 || slices.Contains(in.LifecycleHookNames, h.Name) {
			out.Hooks.Members = append(out.Hooks.Members, lifecycleHookXML{
				g.Name, h.Name, h.Transition, h.DefaultResult, h.Heartbeat, int(h.globalTimeout() / time.Second),
				h.TargetARN, h.RoleARN, h.Metadata,
			})
		}
	}
	return out, nil
}

type lifecycleHookInput struct {
	AutoScalingGroupName string
	LifecycleHookName    string
}

// deleteLifecycleHook completes the actions that wait for the hook, as AWS does: launching ones are
// abandoned, terminating ones continue.
func (w *world) deleteLifecycleHook(in lifecycleHookInput) (none, error) {
	return w.onScalingGroup(in.AutoScalingGroupName, func(g *scalingGroup) error {
		h, exists := g.Hooks[in.LifecycleHookName]
		if !exists {
			return invalidScaling("No Lifecycle Hook found with name '%s'", in.LifecycleHookName)
		}
		delete(g.Hooks, h.Name)
		for _, i := range g.Instances {
			if _, waits := i.Actions[h.Name]; waits {
				i.complete(h.Name, h.Transition == launching)
			}
		}
		return nil
	})
}

// beginActions makes an instance wait for every hook of a transition; false if there is none.
func (w *world) beginActions(g *scalingGroup, i *groupInstance, transition string) bool {
	i.Actions = map[string]*lifecycleAction{}
	for _, h := range sortedRows(g.Hooks) {
		if h.Transition == transition {
			i.Actions[h.Name] = &lifecycleAction{w.region.ids.uuid(), w.now().Add(h.timeout()), w.now().Add(h.globalTimeout())}
			w.announce(g, i, h)
		}
	}
	return len(i.Actions) > 0
}

// announce tells EventBridge that an instance waits.
func (w *world) announce(g *scalingGroup, i *groupInstance, h *lifecycleHook) {
	word, origin, destination := "launch", i.origin(), i.place()
	if h.Transition == terminating {
		word, origin, destination = "terminate", i.place(), "EC2"
	}
	detail := map[string]any{
		"LifecycleActionToken": i.Actions[h.Name].Token, "AutoScalingGroupName": g.Name, "LifecycleHookName": h.Name,
		"EC2InstanceId": i.ID, "LifecycleTransition": h.Transition, "Origin": origin, "Destination": destination,
	}
	w.publish("aws.autoscaling", "EC2 Instance-"+word+" Lifecycle Action", g.ARN, detail)
}

// expire gives actions that nobody completed in time their hook's default result.
func (w *world) expire(g *scalingGroup, i *groupInstance) {
	for name, a := range i.Actions {
		if !w.now().Before(a.Deadline) {
			h, exists := g.Hooks[name]
			i.complete(name, !exists || h.DefaultResult == "ABANDON")
		}
	}
}

// complete ends an action. Abandoning ends all the others too.
func (i *groupInstance) complete(hook string, abandon bool) {
	delete(i.Actions, hook)
	if abandon {
		i.Abandoned = true
		clear(i.Actions)
	}
}

type lifecycleActionInput struct {
	lifecycleHookInput
	InstanceID string `wire:"InstanceId"`
	Token      string `wire:"LifecycleActionToken"`
}

// find gives the action under way that a request names, by instance or by token.
func (in lifecycleActionInput) find(g *scalingGroup) (*groupInstance, *lifecycleAction, error) {
	if _, exists := g.Hooks[in.LifecycleHookName]; !exists {
		return nil, nil, invalidScaling("No Lifecycle Hook found with name '%s'", in.LifecycleHookName)
	}
	for _, i := range g.Instances {
		a, waits := i.Actions[in.LifecycleHookName]
		if waits && (in.InstanceID == "" || in.InstanceID == i.ID) && (in.Token == "" || in.Token == a.Token) && in.InstanceID+in.Token != "" {
			return i, a, nil
		}
	}
	return nil, nil, invalidScaling("No active Lifecycle Action found with instance ID %s", cmp.Or(in.InstanceID, in.Token))
}

type completeLifecycleActionInput struct {
	lifecycleActionInput
	LifecycleActionResult string
}

func (w *world) completeLifecycleAction(in completeLifecycleActionInput) (none, error) {
	return w.onScalingGroup(in.AutoScalingGroupName, func(g *scalingGroup) error {
		if in.LifecycleActionResult != "CONTINUE" && in.LifecycleActionResult != "ABANDON" {
			return invalidScaling("Invalid LifecycleActionResult '%s'. Valid values: CONTINUE, ABANDON", in.LifecycleActionResult)
		}
		i, _, err := in.find(g)
		if err != nil {
			return err
		}
		i.complete(in.LifecycleHookName, in.LifecycleActionResult == "ABANDON")
		return nil
	})
}

func (w *world) recordLifecycleActionHeartbeat(in lifecycleActionInput) (none, error) {
	return w.onScalingGroup(in.AutoScalingGroupName, func(g *scalingGroup) error {
		_, a, err := in.find(g)
		if err != nil {
			return err
		}
		a.Deadline = w.now().Add(g.Hooks[in.LifecycleHookName].timeout())
		if a.Deadline.After(a.Limit) {
			a.Deadline = a.Limit
		}
		return nil
	})
}
