package apply

import (
	"encoding/base64"
	"errors"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

// surroundings are what a template and a group need.
func (w *world) surroundings(t *testing.T) (topology.Subnet, topology.SecurityGroup) {
	t.Helper()
	subnet, group := aSubnet("a", "172.20.32.0/19"), aSecurityGroup("masters")
	w.create(t, aDHCPOptions(), aVPC(), anInternetGateway(), subnet, group, aRole(), anInstanceProfile(), aKeyPair(), aTargetGroup())
	return subnet, group
}

func TestLaunchTemplateIsMadeVersionedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		_, group := w.surroundings(t)
		want := aLaunchTemplate(group)
		w.create(t, want)
		wantTemplate(t, w, want, "1")

		want.InstanceType, want.Tags = "t3.large", want.Tags.With(topology.Tags{"team": "blue"})
		w.update(t, want)
		wantTemplate(t, w, want, "2")
		want.Tags = aLaunchTemplate(group).Tags
		w.update(t, want)
		wantTemplate(t, w, want, "3")

		w.remove(t, want)
		if left := w.templates(t); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestTemplateThatIsThereIsLeftToTheNextPass(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		_, group := w.surroundings(t)
		w.create(t, aLaunchTemplate(group))
		w.env.commit = "another"
		err := w.tryCreate(t, aLaunchTemplate(group))
		if _, waits := errors.AsType[*WaitError](err); !waits {
			t.Errorf("got %v", err)
		}
		wantTemplate(t, w, aLaunchTemplate(group), "1")
	})
}

func TestStrangersTemplateIsNotTaken(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		_, group := w.surroundings(t)
		strangers := aLaunchTemplate(group)
		strangers.Tags = topology.Tags{"team": "red"}
		w.create(t, strangers)
		err := w.tryCreate(t, aLaunchTemplate(group))
		if _, waits := errors.AsType[*WaitError](err); waits || err == nil {
			t.Errorf("got %v", err)
		}
	})
}

func TestLostAnswerNeverMakesASecondVersion(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.onlySimulated(t, "knows no client tokens")
		_, group := w.surroundings(t)
		want := aLaunchTemplate(group)
		w.lossy(t, "CreateLaunchTemplate", want)
		w.have[want.Ref()] = want
		want.InstanceType = "t3.large"
		change := w.change(t, want)
		w.wire.loseNext("CreateLaunchTemplateVersion")
		if _, err := rowsFor(w.env)[topology.KindLaunchTemplate].update(t.Context(), change, w.ids); err == nil {
			t.Fatal("the answer was not lost")
		}
		w.update(t, want)
		wantTemplate(t, w, want, "2")
	})
}

// The version that somebody made by hand has the same content as an earlier one of
// ours, made at this commit; the token must not answer with that one.
func TestVersionMadeByHandIsFollowedByOneOfOurs(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		_, group := w.surroundings(t)
		other := aLaunchTemplate(group)
		other.InstanceType = "m5.large"
		want := aLaunchTemplate(group)
		w.create(t, other)
		for _, version := range []string{"2", "4"} {
			w.have[want.Ref()] = other
			w.update(t, want)
			wantTemplate(t, w, want, version)
			byHand, err := w.env.clients.EC2.CreateLaunchTemplateVersion(t.Context(), &ec2.CreateLaunchTemplateVersionInput{
				LaunchTemplateName: aws.String(want.Name), SourceVersion: aws.String("1"), LaunchTemplateData: &ec2types.RequestLaunchTemplateData{InstanceType: "m5.large"},
			})
			if err != nil {
				t.Fatal(err)
			}
			w.ids[versionOf(want.Ref())] = number(byHand.LaunchTemplateVersion.VersionNumber)
		}
	})
}

func TestMissingImageIsToldToPeople(t *testing.T) {
	template := aLaunchTemplate()
	if _, _, err := imageOf(template, topology.Bindings{}, testRegion); err == nil {
		t.Error("a template was made without an image")
	}
	template.Image = "ami-0123456789abcdef0"
	ami, root, err := imageOf(template, topology.Bindings{}, testRegion)
	if ami != template.Image || root != "/dev/xvda" || err != nil {
		t.Errorf("got %s, %s, %v", ami, root, err)
	}
}

func (w *world) templates(t *testing.T) []ec2types.LaunchTemplate {
	t.Helper()
	out, err := w.env.clients.EC2.DescribeLaunchTemplates(t.Context(), &ec2.DescribeLaunchTemplatesInput{Filters: carrying(testCluster)})
	if err != nil {
		t.Fatal(err)
	}
	return out.LaunchTemplates
}

// wantTemplate looks at the newest version; that its content reads back as it was
// wanted is for TestWhatApplyMakesIsWhatActualSees.
func wantTemplate(t *testing.T, w *world, want topology.LaunchTemplate, version string) {
	t.Helper()
	found := w.templates(t)
	if len(found) != 1 {
		t.Fatalf("there are %d templates", len(found))
	}
	if newest := number(found[0].LatestVersionNumber); newest != version || w.ids[versionOf(want.Ref())] != version {
		t.Errorf("the newest version is %s, and known as %s; want %s", newest, w.ids[versionOf(want.Ref())], version)
	}
	if got := number(found[0].DefaultVersionNumber); got != version {
		t.Errorf("the default version is %s, want %s", got, version)
	}
	// moto forgets tags that a template gets later.
	if diff := cmp.Diff(want.Tags, tagsOf(found[0].Tags)); diff != "" && w.simulated {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	out, err := w.env.clients.EC2.DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: found[0].LaunchTemplateId, Versions: []string{version},
	})
	if err != nil {
		t.Fatal(err)
	}
	data := out.LaunchTemplateVersions[0].LaunchTemplateData
	if got := string(data.InstanceType); got != want.InstanceType {
		t.Errorf("the machine type is %s, want %s", got, want.InstanceType)
	}
	if text, err := base64.StdEncoding.DecodeString(aws.ToString(data.UserData)); err != nil || string(text) != want.UserData {
		t.Errorf("the user data is %q, %v", text, err)
	}
	if n := len(data.BlockDeviceMappings); n != len(want.BlockDevices) {
		t.Errorf("there are %d disks, want %d", n, len(want.BlockDevices))
	}
	for _, made := range []ec2types.ResourceType{ec2types.ResourceTypeInstance, ec2types.ResourceTypeVolume, ec2types.ResourceTypeNetworkInterface} {
		if !slices.ContainsFunc(data.TagSpecifications, func(s ec2types.LaunchTemplateTagSpecification) bool {
			return s.ResourceType == made && cmp.Equal(want.Tags, tagsOf(s.Tags))
		}) {
			t.Errorf("a %s does not get the tags", made)
		}
	}
}
