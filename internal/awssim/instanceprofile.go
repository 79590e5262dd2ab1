package awssim

import (
	"cmp"
	"strings"
	"time"
)

// instanceProfile is what hands a role to an instance.
type instanceProfile struct {
	ID      string
	Name    string
	Path    string
	ARN     string
	Created time.Time
	Role    string // name, or empty: AWS's quota is one role, and it cannot be raised
}

const maxInstanceProfileName = 128

type createInstanceProfileInput struct {
	InstanceProfileName string
	Path                string
	Tags                []queryTag
}

type instanceProfileOutput struct {
	InstanceProfile instanceProfileXML
}

func (w *world) createInstanceProfile(in createInstanceProfileInput) (instanceProfileOutput, error) {
	err := cmp.Or(checkIAMName("instanceProfileName", in.InstanceProfileName, maxInstanceProfileName),
		checkIAMPath(in.Path), iamTags.check(nil, in.Tags))
	if err != nil {
		return instanceProfileOutput{}, err
	}
	if _, exists := w.InstanceProfiles[in.InstanceProfileName]; exists {
		return instanceProfileOutput{}, entityExists("Instance Profile %s already exists.", in.InstanceProfileName)
	}
	path := cmp.Or(in.Path, "/")
	p := &instanceProfile{
		ID: w.iamID("AIPA"), Name: in.InstanceProfileName, Path: path,
		ARN:     w.iamARN("instance-profile" + path + in.InstanceProfileName),
		Created: w.now().Truncate(time.Second),
	}
	w.InstanceProfiles[p.Name] = p
	err = w.addTags(iamTags, p.ARN, in.Tags)
	return instanceProfileOutput{w.instanceProfileXML(p)}, err
}

func (w *world) instanceProfile(name string) (*instanceProfile, error) {
	p, exists := w.InstanceProfiles[name]
	if !exists {
		return nil, noSuchEntity("Instance Profile %s cannot be found.", name)
	}
	return p, nil
}

// onInstanceProfile adapts what changes one profile to an operation without an answer.
func (w *world) onInstanceProfile(name string, change func(*instanceProfile) error) (none, error) {
	p, err := w.instanceProfile(name)
	if err != nil {
		return none{}, err
	}
	return none{}, change(p)
}

type instanceProfileNameInput struct {
	InstanceProfileName string
}

func (w *world) getInstanceProfile(in instanceProfileNameInput) (instanceProfileOutput, error) {
	p, err := w.instanceProfile(in.InstanceProfileName)
	if err != nil {
		return instanceProfileOutput{}, err
	}
	return instanceProfileOutput{w.instanceProfileXML(p)}, nil
}

type listInstanceProfilesInput struct {
	PathPrefix string
	iamPage
}

type listInstanceProfilesOutput struct {
	InstanceProfiles members[instanceProfileXML]
	truncation
}

func (w *world) listInstanceProfiles(in listInstanceProfilesInput) (listInstanceProfilesOutput, error) {
	var found []*instanceProfile
	for _, p := range sortedRows(w.InstanceProfiles) {
		if strings.HasPrefix(p.Path, in.PathPrefix) {
			found = append(found, p)
		}
	}
	return w.instanceProfilePage(found, in.iamPage)
}

// instanceProfilePage leaves out the tags, as AWS does in lists.
func (w *world) instanceProfilePage(list []*instanceProfile, p iamPage) (listInstanceProfilesOutput, error) {
	cut, more, err := iamList(list, func(p *instanceProfile) string { return p.Name }, p)
	out := listInstanceProfilesOutput{truncation: more}
	for _, p := range cut {
		x := w.instanceProfileXML(p)
		x.Tags = nil
		out.InstanceProfiles.Members = append(out.InstanceProfiles.Members, x)
	}
	return out, err
}

type listInstanceProfilesForRoleInput struct {
	RoleName string
	iamPage
}

func (w *world) listInstanceProfilesForRole(in listInstanceProfilesForRoleInput) (listInstanceProfilesOutput, error) {
	r, err := w.role(in.RoleName)
	if err != nil {
		return listInstanceProfilesOutput{}, err
	}
	return w.instanceProfilePage(w.profilesOf(r.Name), in.iamPage)
}

// profilesOf lists the profiles that hold a role, by name.
func (w *world) profilesOf(roleName string) []*instanceProfile {
	var found []*instanceProfile
	for _, p := range sortedRows(w.InstanceProfiles) {
		if p.Role == roleName {
			found = append(found, p)
		}
	}
	return found
}

func (w *world) deleteInstanceProfile(in instanceProfileNameInput) (none, error) {
	return w.onInstanceProfile(in.InstanceProfileName, func(p *instanceProfile) error {
		if p.Role != "" {
			return deleteConflict("Cannot delete entity, must remove roles from instance profile first.")
		}
		delete(w.InstanceProfiles, p.Name)
		delete(w.Tags, p.ARN)
		return nil
	})
}

type profileRoleInput struct {
	InstanceProfileName string
	RoleName            string
}

func (w *world) addRoleToInstanceProfile(in profileRoleInput) (none, error) {
	return w.onInstanceProfile(in.InstanceProfileName, func(p *instanceProfile) error {
		r, err := w.role(in.RoleName)
		if err != nil {
			return err
		}
		if p.Role != "" {
			return limitExceeded("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
		}
		p.Role = r.Name
		return nil
	})
}

func (w *world) removeRoleFromInstanceProfile(in profileRoleInput) (none, error) {
	return w.onInstanceProfile(in.InstanceProfileName, func(p *instanceProfile) error {
		if in.RoleName == "" || p.Role != in.RoleName {
			return noSuchEntity("Instance profile does not contain role %s.", in.RoleName)
		}
		p.Role = ""
		return nil
	})
}

type tagInstanceProfileInput struct {
	InstanceProfileName string
	Tags                []queryTag
}

func (w *world) tagInstanceProfile(in tagInstanceProfileInput) (none, error) {
	return w.onInstanceProfile(in.InstanceProfileName, func(p *instanceProfile) error {
		return w.addTags(iamTags, p.ARN, in.Tags)
	})
}

type untagInstanceProfileInput struct {
	InstanceProfileName string
	TagKeys             []string
}

func (w *world) untagInstanceProfile(in untagInstanceProfileInput) (none, error) {
	return w.onInstanceProfile(in.InstanceProfileName, func(p *instanceProfile) error {
		w.untag(p.ARN, in.TagKeys...)
		return nil
	})
}

type listInstanceProfileTagsInput struct {
	InstanceProfileName string
	iamPage
}

func (w *world) listInstanceProfileTags(in listInstanceProfileTagsInput) (listTagsOutput, error) {
	p, err := w.instanceProfile(in.InstanceProfileName)
	if err != nil {
		return listTagsOutput{}, err
	}
	return w.iamTagList(p.ARN, in.iamPage)
}

type instanceProfileXML struct {
	Path                string
	InstanceProfileName string
	InstanceProfileID   string `xml:"InstanceProfileId"`
	ARN                 string `xml:"Arn"`
	CreateDate          time.Time
	Roles               members[roleXML]
	Tags                *members[queryTag]
}

func (w *world) instanceProfileXML(p *instanceProfile) instanceProfileXML {
	x := instanceProfileXML{
		Path: p.Path, InstanceProfileName: p.Name, InstanceProfileID: p.ID, ARN: p.ARN, CreateDate: p.Created,
	}
	if r, held := w.Roles[p.Role]; held {
		x.Roles.Members = append(x.Roles.Members, listedRole(r))
	}
	if tags := w.queryTags(p.ARN); len(tags) > 0 {
		x.Tags = &members[queryTag]{tags}
	}
	return x
}
