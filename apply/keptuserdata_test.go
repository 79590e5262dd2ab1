package apply

import (
	"encoding/base64"
	"errors"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

const kopsUserData = "#!/bin/bash\nNODEUP_HASH=1; a secret\n"

// adopted is a template and a group as kops leaves them: the text of kops, and the
// group on the word. The handlers then want to keep the text.
func adopted(t *testing.T, w *world, word string, mixed topology.MixedInstances) (topology.LaunchTemplate, topology.AutoScalingGroup) {
	t.Helper()
	subnet, security := w.surroundings(t)
	template := aLaunchTemplate(security)
	ours := template.UserData
	template.UserData = kopsUserData
	group := aGroup(template, subnet)
	group.Mixed = mixed
	w.create(t, template, group)
	follow(t, w, word)
	template.UserDataKept, template.UserData = true, ""
	w.have[template.Ref()] = template
	template.UserData = ours
	return template, group
}

// follow points the one group at a word.
func follow(t *testing.T, w *world, word string) {
	t.Helper()
	spec, policy := specificationOf(w.groups(t)[0])
	in := &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: w.groups(t)[0].AutoScalingGroupName}
	in.LaunchTemplate = &asgtypes.LaunchTemplateSpecification{LaunchTemplateId: spec.LaunchTemplateId, Version: aws.String(word)}
	if policy != nil {
		policy.LaunchTemplate.LaunchTemplateSpecification, in.LaunchTemplate = in.LaunchTemplate, nil
		in.MixedInstancesPolicy = policy
	}
	if _, err := w.env.clients.AutoScaling.UpdateAutoScalingGroup(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

// followed is the version that the one group names.
func followed(t *testing.T, w *world) string {
	t.Helper()
	spec, _ := specificationOf(w.groups(t)[0])
	return aws.ToString(spec.Version)
}

func newestVersion(t *testing.T, w *world) (number, text string) {
	t.Helper()
	out, err := w.env.clients.EC2.DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: w.templates(t)[0].LaunchTemplateId, Versions: []string{topology.LatestVersion},
	})
	if err != nil {
		t.Fatal(err)
	}
	v := out.LaunchTemplateVersions[0]
	data, err := base64.StdEncoding.DecodeString(aws.ToString(v.LaunchTemplateData.UserData))
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatInt(aws.ToInt64(v.VersionNumber), 10), string(data)
}

func TestUserDataOfKopsIsCarriedOverToTheNewVersion(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		template, _ := adopted(t, w, "1", topology.MixedInstances{})
		template.InstanceType = "t3.large"
		w.update(t, template)
		if version, text := newestVersion(t, w); version != "2" || text != kopsUserData {
			t.Errorf("version %s boots from %q", version, text)
		}
	})
}

func TestGroupsThatFollowAWordArePinnedBeforeThereIsANewVersion(t *testing.T) {
	for _, word := range []string{topology.LatestVersion, topology.DefaultVersion} {
		for name, mixed := range map[string]topology.MixedInstances{"one type": {}, "mixed": aPolicy()} {
			t.Run(word+" "+name, func(t *testing.T) {
				inEveryWorld(t, func(t *testing.T, w *world) {
					template, group := adopted(t, w, word, mixed)
					template.InstanceType = "t3.large"
					w.update(t, template)
					if got := followed(t, w); got != "1" {
						t.Errorf("the group is on %s", got)
					}
					if !mixed.IsZero() {
						wantPolicy(t, w, group, "1")
					}
				})
			})
		}
	}
}

// A crash or a lost answer on the way leaves no moment in which a group follows to a
// version that the gate has not been asked about.
func TestNoVersionIsMadeWhileAGroupFollows(t *testing.T) {
	for _, lost := range []string{"UpdateAutoScalingGroup", "CreateLaunchTemplateVersion"} {
		t.Run(lost, func(t *testing.T) {
			w := simulatedWorld(t, testRegion)
			template, _ := adopted(t, w, topology.LatestVersion, topology.MixedInstances{})
			template.InstanceType = "t3.large"
			change := w.change(t, template)
			w.wire.loseNext(lost)
			if _, err := rowsFor(w.env)[topology.KindLaunchTemplate].update(t.Context(), change, w.ids); err == nil {
				t.Fatal("the answer was not lost")
			}
			version, _ := newestVersion(t, w)
			if version != "1" && followed(t, w) != "1" {
				t.Errorf("version %s is there while the group is on %s", version, followed(t, w))
			}
			if lost == "UpdateAutoScalingGroup" && version != "1" {
				t.Errorf("version %s was made though nobody knows whether the group is pinned", version)
			}
		})
	}
}

func TestWhatKopsWroteAMomentAgoIsNotUndone(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	template, _ := adopted(t, w, "1", topology.MixedInstances{})
	template.InstanceType = "t3.large"
	change := w.change(t, template)
	if _, err := w.env.clients.EC2.CreateLaunchTemplateVersion(t.Context(), &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateName: aws.String(template.Name), SourceVersion: aws.String("1"), LaunchTemplateData: &ec2types.RequestLaunchTemplateData{
			UserData: aws.String(base64.StdEncoding.EncodeToString([]byte("newer"))),
		},
	}); err != nil {
		t.Fatal(err)
	}
	_, err := rowsFor(w.env)[topology.KindLaunchTemplate].update(t.Context(), change, w.ids)
	if _, waits := errors.AsType[*WaitError](err); !waits {
		t.Errorf("got %v", err)
	}
	if version, text := newestVersion(t, w); version != "2" || text != "newer" {
		t.Errorf("version %s boots from %q", version, text)
	}
}

func TestATemplateWithoutUserDataToKeepIsNotMade(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	_, security := w.surroundings(t)
	template := aLaunchTemplate(security)
	template.UserDataKept = true
	if err := w.tryCreate(t, template); err == nil || len(w.templates(t)) != 0 {
		t.Errorf("%d templates, %v", len(w.templates(t)), err)
	}
}
