package chaos

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/quorate/quorate/internal/awssim"
)

// deed is a call by which the service takes a control-plane machine, or one of its volumes, out.
type deed struct {
	operation string
	zone      string
}

func (d deed) String() string { return d.operation + " in " + d.zone }

// deedOf reads what a call does to the control plane; ok is false for a call that takes nothing out.
// Where machines and volumes are, say the instances and the tags of the volumes.
func deedOf(c awssim.Call, zoneOf func(id string) string) (d deed, ok bool) {
	if !c.Mutating {
		return deed{}, false
	}
	form, err := url.ParseQuery(string(c.Body))
	if err != nil {
		return deed{}, false // not of a protocol that ends machines
	}
	var ids []string
	switch c.Operation {
	case "TerminateInstanceInAutoScalingGroup", "TerminateInstances", "StopInstances", "RebootInstances":
		ids = values(form, "InstanceId")
	case "DetachVolume", "DeleteVolume":
		ids = values(form, "VolumeId")
	case "UpdateAutoScalingGroup", "SetDesiredCapacity":
		if form.Get("DesiredCapacity") == "0" || form.Get("MaxSize") == "0" {
			ids = []string{form.Get("AutoScalingGroupName")}
		}
	case "DeleteAutoScalingGroup":
		ids = []string{form.Get("AutoScalingGroupName")}
	}
	for _, id := range ids {
		if zone := zoneOf(id); zone != "" {
			return deed{c.Operation, zone}, true
		}
	}
	return deed{}, false
}

// values are those of a parameter and of its numbered forms, InstanceId.1 and so on.
func values(form url.Values, name string) []string {
	var all []string
	for key, v := range form {
		if key == name || strings.HasPrefix(key, name+".") {
			all = append(all, v...)
		}
	}
	return all
}

// zoneOf says in which zone the master, the etcd volume or the master's group of an id is; empty if it is
// none of these.
func (s *stage) zoneOf(id string) string {
	for zone, machines := range s.masters() {
		if slices.ContainsFunc(machines, func(i awssim.Instance) bool { return i.ID == id }) {
			return zone
		}
		if id == "master-"+zone+".masters."+clusterName {
			return zone
		}
	}
	for _, item := range s.region.Inventory() {
		if member, _, etcd := strings.Cut(item.Tags["k8s.io/etcd/main"]+item.Tags["k8s.io/etcd/events"], "/"); item.ID == id && etcd {
			return region + member
		}
	}
	return ""
}

// surroundings are what stands beside a deed at its moment.
type surroundings struct {
	looks map[string]look
	// back says of every zone but the deed's what its machine still lacks; empty strings are left out.
	back map[string]string
}

// objections are what speaks against the deed: every sentence is a broken promise.
func (d deed) objections(s surroundings) []string {
	var all []string
	mine := memberIn(d.zone)
	for etcd, l := range s.looks {
		stay := slices.DeleteFunc(l.serving(), func(name string) bool { return name == mine })
		if majority := l.voters()/2 + 1; len(stay) < majority {
			all = append(all, fmt.Sprintf("%s: of etcd %s only %v serve beside it, and a majority is %d", d, etcd, stay, majority))
		}
		for name, m := range l {
			if m.learner {
				all = append(all, fmt.Sprintf("%s: member %s of etcd %s is a learner", d, name, etcd))
			}
		}
	}
	for zone, lacks := range s.back {
		all = append(all, fmt.Sprintf("%s: %s is under way: %s", d, zone, lacks))
	}
	return all
}
