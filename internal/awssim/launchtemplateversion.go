package awssim

import (
	"strconv"
	"time"
)

type createVersionInput struct {
	templateReference
	ClientToken        string
	SourceVersion      string
	VersionDescription string
	LaunchTemplateData *launchTemplateData
	ResolveAlias       bool
}

type createVersionOutput struct {
	Version launchTemplateVersionXML `xml:"launchTemplateVersion"`
}

func (w *world) createLaunchTemplateVersion(in createVersionInput) (createVersionOutput, error) {
	t, err := w.referenced(in.templateReference)
	if err != nil {
		return createVersionOutput{}, err
	}
	number, err := w.once("CreateLaunchTemplateVersion", in.ClientToken, in, t.has, func() (string, error) {
		data, err := t.newData(in)
		if err != nil {
			return "", err
		}
		return strconv.Itoa(w.addVersion(t, in.VersionDescription, data).Number), nil
	})
	if err != nil {
		return createVersionOutput{}, err
	}
	v, err := t.version(number)
	if err != nil {
		return createVersionOutput{}, err
	}
	return createVersionOutput{w.launchTemplateVersionXML(v)}, nil
}

func (t *launchTemplate) newData(in createVersionInput) (launchTemplateData, error) {
	if in.LaunchTemplateData == nil {
		return launchTemplateData{}, missing("LaunchTemplateData")
	}
	data := *in.LaunchTemplateData
	if in.SourceVersion != "" {
		source, err := t.version(in.SourceVersion)
		if err != nil {
			return data, err
		}
		data = data.over(source.Data)
	}
	return data, checkUserData(data.UserData)
}

type deleteVersionsInput struct {
	templateReference
	Versions []string `wire:"LaunchTemplateVersion"`
}

type deleteVersionsOutput struct {
	Deleted    items[deletedVersionXML]   `xml:"successfullyDeletedLaunchTemplateVersionSet"`
	NotDeleted items[undeletedVersionXML] `xml:"unsuccessfullyDeletedLaunchTemplateVersionSet"`
}

type deletedVersionXML struct {
	ID     string `xml:"launchTemplateId"`
	Name   string `xml:"launchTemplateName"`
	Number int    `xml:"versionNumber"`
}

type undeletedVersionXML struct {
	deletedVersionXML
	Code    string `xml:"responseError>code"`
	Message string `xml:"responseError>message"`
}

func (w *world) deleteLaunchTemplateVersions(in deleteVersionsInput) (deleteVersionsOutput, error) {
	t, err := w.referenced(in.templateReference)
	if err != nil {
		return deleteVersionsOutput{}, err
	}
	var out deleteVersionsOutput
	for _, text := range in.Versions {
		number, err := strconv.Atoi(text)
		if err != nil {
			return deleteVersionsOutput{}, refuse("InvalidParameterValue", "Launch template version '%s' is invalid.", text)
		}
		if number == t.Default {
			return deleteVersionsOutput{}, refuse("OperationNotPermitted.LaunchTemplateDefaultVersion", "The default version %d cannot be deleted.", number)
		}
		x := deletedVersionXML{t.ID, t.Name, number}
		if _, exists := t.Versions[number]; !exists {
			out.NotDeleted.Items = append(out.NotDeleted.Items, undeletedVersionXML{x, "launchTemplateVersionDoesNotExist", "The specified launch template version does not exist."})
			continue
		}
		delete(t.Versions, number)
		out.Deleted.Items = append(out.Deleted.Items, x)
	}
	return out, nil
}

type describeVersionsInput struct {
	templateReference
	Versions     []string `wire:"LaunchTemplateVersion"`
	MinVersion   string
	MaxVersion   string
	ResolveAlias bool
	query
}

type describeVersionsOutput struct {
	Versions  items[launchTemplateVersionXML] `xml:"launchTemplateVersionSet"`
	NextToken string                          `xml:"nextToken,omitempty"`
}

var launchTemplateVersionFilters = filterTable[*launchTemplateVersion]{
	"image-id":      func(_ *world, v *launchTemplateVersion) []string { return one(v.Data.ImageID) },
	"instance-type": func(_ *world, v *launchTemplateVersion) []string { return one(v.Data.InstanceType) },
	"is-default-version": func(w *world, v *launchTemplateVersion) []string {
		return flag(w.LaunchTemplates[v.TemplateID].Default == v.Number)
	},
}

func (w *world) describeLaunchTemplateVersions(in describeVersionsInput) (describeVersionsOutput, error) {
	versions, err := w.versionsAsked(in)
	if err != nil {
		return describeVersionsOutput{}, err
	}
	rows := map[string]*launchTemplateVersion{}
	for _, v := range versions {
		// AWS lists the newest version first.
		rows[v.TemplateID+" "+strconv.Itoa(999999-v.Number)] = v
	}
	list, next, err := describe(w, rows, nil, in.query, launchTemplateVersionFilters, "")
	return describeVersionsOutput{itemsOf(list, w.launchTemplateVersionXML), next}, err
}

// versionsAsked are the versions of one template, or, as AWS allows, the $Latest or $Default
// version of every template if none is named.
func (w *world) versionsAsked(in describeVersionsInput) ([]*launchTemplateVersion, error) {
	if in.LaunchTemplateID == "" && in.LaunchTemplateName == "" {
		return w.versionsOfAll(in.Versions)
	}
	t, err := w.referenced(in.templateReference)
	if err != nil {
		return nil, err
	}
	if len(in.Versions) > 0 {
		return t.versions(in.Versions)
	}
	low, high := 1, t.Latest
	for bound, text := range map[*int]string{&low: in.MinVersion, &high: in.MaxVersion} {
		if text == "" {
			continue
		}
		if *bound, err = strconv.Atoi(text); err != nil {
			return nil, refuse("InvalidParameterValue", "Launch template version '%s' is invalid.", text)
		}
	}
	var list []*launchTemplateVersion
	for number, v := range t.Versions {
		if low <= number && number <= high {
			list = append(list, v)
		}
	}
	return list, nil
}

func (t *launchTemplate) versions(texts []string) ([]*launchTemplateVersion, error) {
	var list []*launchTemplateVersion
	for _, text := range texts {
		v, err := t.version(text)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func (w *world) versionsOfAll(texts []string) ([]*launchTemplateVersion, error) {
	var list []*launchTemplateVersion
	for _, text := range texts {
		if text != "$Latest" && text != "$Default" {
			return nil, refuse("MissingParameter", "Either LaunchTemplateId or LaunchTemplateName must be specified")
		}
	}
	if len(texts) == 0 {
		return nil, refuse("MissingParameter", "Either a launch template or versions must be specified")
	}
	for _, t := range w.LaunchTemplates {
		versions, err := t.versions(texts)
		if err != nil {
			return nil, err
		}
		list = append(list, versions...)
	}
	return list, nil
}

type launchTemplateVersionXML struct {
	ID          string             `xml:"launchTemplateId"`
	Name        string             `xml:"launchTemplateName"`
	Number      int                `xml:"versionNumber"`
	Description string             `xml:"versionDescription,omitempty"`
	Created     time.Time          `xml:"createTime"`
	CreatedBy   string             `xml:"createdBy"`
	IsDefault   bool               `xml:"defaultVersion"`
	Data        launchTemplateData `xml:"launchTemplateData"`
}

func (w *world) launchTemplateVersionXML(v *launchTemplateVersion) launchTemplateVersionXML {
	t := w.LaunchTemplates[v.TemplateID]
	return launchTemplateVersionXML{t.ID, t.Name, v.Number, v.Description, v.Created, w.principal(), t.Default == v.Number, v.Data}
}
