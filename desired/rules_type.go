package desired

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/quorate/quorate/desired/instancetype"
	"github.com/quorate/quorate/desired/kopsspec"
)

var typeRules = []rule{
	{"machine types exist", machineTypeRule},
	{"an image runs on the machine types of its group", architectureRule},
	{"the machines of a group all have a graphics processor or none", graphicsRule},
	{"unlimited CPU credits are for burstable machines", creditsRule},
}

// typeUse is a place of a group's manifest that names a machine type.
type typeUse struct{ path, name string }

// typeUses are the type of the group and those of its policy, which take its place.
func typeUses(g kopsspec.InstanceGroup) []typeUse {
	uses := []typeUse{{"spec.machineType", g.Spec.MachineType}}
	if p := g.Spec.MixedInstancesPolicy; p != nil {
		for i, name := range p.Instances {
			uses = append(uses, typeUse{fmt.Sprintf(policyPath+"instances[%d]", i), name})
		}
	}
	return uses
}

// machineTypeRule warns of names that may be younger than the list of types: whether AWS sells them is
// then the preflight's to ask.
func machineTypeRule(m manifest, r *report) {
	for _, g := range m.groups {
		for _, use := range typeUses(g) {
			if _, known := instancetype.Find(use.name); known {
				continue
			}
			advice := "write one such as t3.medium"
			if meant, ok := kopsspec.Nearest(use.name, instancetype.Names); ok && strings.Contains(use.name, ".") {
				advice = "did you mean " + meant + "?"
			}
			if instancetype.Plausible(use.name) {
				r.warnf(g.Source, use.path, "%q is not among the machine types known to this version, so its architecture and size are not checked; %s", use.name, advice)
			} else {
				r.errorf(g.Source, use.path, "%q is not a machine type; %s", use.name, advice)
			}
		}
	}
}

// imageWords are what publishers write into image names, by the architecture that they mean.
var imageWords = map[string]*regexp.Regexp{
	"arm64":  regexp.MustCompile(`(?i)(^|[^a-z0-9])(arm64|aarch64)([^a-z0-9]|$)`),
	"x86_64": regexp.MustCompile(`(?i)(^|[^a-z0-9])(amd64|x86_64|x86-64)([^a-z0-9]|$)`),
}

// imageArchitecture reads the architecture off an image's name; empty if the name does not tell.
func imageArchitecture(name string) string {
	arm, x86 := imageWords["arm64"].MatchString(name), imageWords["x86_64"].MatchString(name)
	switch {
	case arm && !x86:
		return "arm64"
	case x86 && !arm:
		return "x86_64"
	}
	return ""
}

// architectureRule: one launch template has one image, so that all types of a group have to run it.
func architectureRule(m manifest, r *report) {
	for _, g := range m.groups {
		image, first := imageArchitecture(g.Spec.Image), instancetype.Type{}
		for _, use := range typeUses(g) {
			t, known := instancetype.Find(use.name)
			switch {
			case !known:
			case image != "" && !t.Runs(image):
				r.errorf(g.Source, use.path, "image %s is for %s, and a %s is %s; choose an image or a machine type of the other's architecture", g.Spec.Image, image, t.Name, strings.Join(t.Architectures, " or "))
			case first.Name != "" && !shareArchitecture(first, t):
				r.errorf(g.Source, use.path, "a %s is %s and a %s is %s, and no image runs on both; keep the types of one architecture", t.Name, strings.Join(t.Architectures, " or "), first.Name, strings.Join(first.Architectures, " or "))
			case first.Name == "":
				first = t
			}
		}
	}
}

func shareArchitecture(a, b instancetype.Type) bool {
	return slices.ContainsFunc(a.Architectures, b.Runs)
}

// graphicsRule is kops's: the drivers are installed for a whole group.
func graphicsRule(m manifest, r *report) {
	for _, g := range m.groups {
		first := instancetype.Type{}
		for _, use := range typeUses(g) {
			t, known := instancetype.Find(use.name)
			switch {
			case !known:
			case first.Name == "":
				first = t
			case (t.GPUs > 0) != (first.GPUs > 0):
				r.errorf(g.Source, use.path, "a %s has %d graphics processors and a %s has %d; make a group for each sort", t.Name, t.GPUs, first.Name, first.GPUs)
			}
		}
	}
}

// creditsRule warns, as kops lets it pass: credits mean nothing to machines that always run at full speed.
func creditsRule(m manifest, r *report) {
	for _, g := range m.groups {
		for _, use := range typeUses(g) {
			if t, known := instancetype.Find(use.name); known && g.Spec.CPUCredits != "" && !t.Burstable {
				r.warnf(g.Source, "spec.cpuCredits", "a %s has no CPU credits, as only the t families have; remove cpuCredits", t.Name)
			}
		}
	}
}
