package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/quorate/quorate/topology"
)

// A Risk is the class of what a change can do to those who use the cluster. They are
// ordered: a plan has the risk of its riskiest change.
type Risk int

// The risks.
const (
	// RiskNothing changes nothing.
	RiskNothing Risk = iota
	// RiskMetadata changes tags, which nothing runs by.
	RiskMetadata
	// RiskInPlace makes something, or changes what is there without touching a machine.
	RiskInPlace
	// RiskRolling replaces machines that carry no etcd member.
	RiskRolling
	// RiskQuorum takes etcd members out, adds them, or removes them.
	RiskQuorum
	// RiskDestructive takes away what holds state, machines or addresses.
	RiskDestructive
)

var riskNames = []string{"nothing", "metadata", "in place", "rolling", "quorum-affecting", "destructive"}

func (r Risk) String() string { return riskNames[r] }

// MarshalText writes the risk's name.
func (r Risk) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (r *Risk) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRisk(string(text))
	return err
}

// ParseRisk reads a risk's name.
func ParseRisk(name string) (Risk, error) {
	if i := slices.Index(riskNames, name); i >= 0 {
		return Risk(i), nil
	}
	return 0, fmt.Errorf("no risk is named %q; they are %s", name, strings.Join(riskNames, ", "))
}

// Risk is that of the riskiest change.
func (p Plan) Risk() Risk {
	risk := RiskNothing
	for r := range p.Risks() {
		risk = max(risk, r)
	}
	return risk
}

// Risks counts the changes by risk.
func (p Plan) Risks() map[Risk]int {
	running := p.running()
	counts := map[Risk]int{}
	for _, c := range p.Changes {
		counts[c.risk(running)]++
	}
	return counts
}

// Risks lists all there are, the least first.
func Risks() []Risk {
	return []Risk{RiskNothing, RiskMetadata, RiskInPlace, RiskRolling, RiskQuorum, RiskDestructive}
}

// RiskOf is the risk of one change of the plan.
func (p Plan) RiskOf(c Change) Risk { return c.risk(p.running()) }

// running reports that there is a control plane already. Another member changes the tags of the volumes that
// there are: each lists them all. A volume that is made where no group is made is one that was lost.
func (p Plan) running() bool {
	made := map[string]bool{} // zones
	for _, c := range p.Changes {
		if group, ok := c.Want.(topology.AutoScalingGroup); ok && c.Effect == Create && controlPlane(group) {
			for _, zone := range group.Zones {
				made[zone] = true
			}
		}
	}
	return slices.ContainsFunc(p.Changes, func(c Change) bool {
		volume, ok := c.Want.(topology.Volume)
		lost := ok && c.Effect == Create && etcdVolume(volume) && !made[volume.Zone]
		return lost || controlPlane(c.Have) || etcdVolume(c.Have)
	})
}

func etcdVolume(r topology.Resource) bool {
	volume, ok := r.(topology.Volume)
	return ok && volume.EtcdCluster != ""
}

// Destroys reports whether the change takes away what people would miss: what holds state, machines or
// addresses, be it made anew or not.
func (c Change) Destroys() bool { return c.risk(false) == RiskDestructive }

// risk of one change; running says that there is a control plane already.
func (c Change) risk(running bool) Risk {
	switch c.Effect {
	case None, Forbid:
		return RiskNothing // a forbidden change is not made
	case Create:
		if running && (controlPlane(c.Want) || etcdVolume(c.Want)) {
			return RiskQuorum
		}
		return RiskInPlace
	case InPlace:
		if len(c.Fields) > 0 && !slices.ContainsFunc(c.Fields, func(f FieldChange) bool { return !strings.HasPrefix(f.Path, "tags[") }) {
			return RiskMetadata
		}
		return RiskInPlace
	case Roll:
		if controlPlane(c.Want) {
			return RiskQuorum
		}
		return RiskRolling
	case Delete, Replace:
		if settings[c.Ref.Kind] {
			return RiskInPlace
		}
	case Retire:
	}
	return RiskDestructive
}

func controlPlane(r topology.Resource) bool {
	group, ok := r.(topology.AutoScalingGroup)
	return ok && group.Role == topology.ControlPlane
}

// settings are the kinds that AWS keeps as resources and people think of as settings of
// another one: taking one away loses nothing that putting it back would not bring back.
var settings = map[topology.Kind]bool{
	topology.KindSecurityGroupRule: true,
	topology.KindEventRule:         true,
	topology.KindLifecycleHook:     true,
	topology.KindScalingPolicy:     true,
	topology.KindScheduledAction:   true,
	topology.KindAlarm:             true,
	topology.KindZoneAssociation:   true,
}
