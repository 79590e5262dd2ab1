package awssim

import (
	"regexp"
	"strconv"
	"time"
)

// launchTemplate is a named series of versions. Versions are numbered from 1 and never change;
// deleted ones leave a gap.
type launchTemplate struct {
	ID       string
	Name     string
	Created  time.Time
	Default  int
	Latest   int
	Versions map[int]*launchTemplateVersion
}

type launchTemplateVersion struct {
	TemplateID  string
	Number      int
	Description string
	Created     time.Time
	Data        launchTemplateData
}

type createLaunchTemplateInput struct {
	ClientToken        string
	LaunchTemplateName string
	VersionDescription string
	LaunchTemplateData *launchTemplateData
	tagging
}

type launchTemplateOutput struct {
	Template launchTemplateXML `xml:"launchTemplate"`
}

// AWS: 3 to 128 characters out of letters, digits and ().-/_
var templateName = regexp.MustCompile(`^[a-zA-Z0-9().\-/_]{3,128}$`)

func (w *world) createLaunchTemplate(in createLaunchTemplateInput) (launchTemplateOutput, error) {
	tags, err := in.tagsFor("launch-template")
	if err != nil {
		return launchTemplateOutput{}, err
	}
	id, err := w.once("CreateLaunchTemplate", in.ClientToken, in, func() (string, error) {
		if err := w.checkTemplate(in); err != nil {
			return "", err
		}
		t := &launchTemplate{ID: w.newID("lt"), Name: in.LaunchTemplateName, Created: w.now(), Default: 1, Versions: map[int]*launchTemplateVersion{}}
		w.LaunchTemplates[t.ID] = t
		w.addVersion(t, in.VersionDescription, *in.LaunchTemplateData)
		w.tag(t.ID, tags)
		return t.ID, nil
	})
	if err != nil {
		return launchTemplateOutput{}, err
	}
	t, err := w.launchTemplate(id, "")
	if err != nil {
		return launchTemplateOutput{}, err
	}
	return launchTemplateOutput{w.launchTemplateXML(t)}, nil
}

func (w *world) checkTemplate(in createLaunchTemplateInput) error {
	if in.LaunchTemplateData == nil {
		return missing("LaunchTemplateData")
	}
	if !templateName.MatchString(in.LaunchTemplateName) {
		return refuse("InvalidLaunchTemplateName.MalformedException",
			"A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the following characters: - ( ) . / _.")
	}
	for _, t := range w.LaunchTemplates {
		if t.Name == in.LaunchTemplateName {
			return refuse("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
		}
	}
	return checkUserData(in.LaunchTemplateData.UserData)
}

// maxUserData is AWS's limit on user data, in bytes before base64.
const maxUserData = 16 << 10

func checkUserData(encoded string) error {
	decoded, err := decodeUserData(encoded)
	if err != nil {
		return refuse("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")
	}
	if len(decoded) > maxUserData {
		return refuse("InvalidParameterValue", "User data is limited to %d bytes", maxUserData)
	}
	return nil
}

func (w *world) addVersion(t *launchTemplate, description string, data launchTemplateData) *launchTemplateVersion {
	t.Latest++
	v := &launchTemplateVersion{t.ID, t.Latest, description, w.now(), data}
	t.Versions[v.Number] = v
	return v
}

// launchTemplate finds a template by id, or by name if the id is empty.
func (w *world) launchTemplate(id, name string) (*launchTemplate, error) {
	if id != "" {
		t, exists := w.LaunchTemplates[id]
		if !exists {
			return nil, refuse("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.", id)
		}
		return t, nil
	}
	if name == "" {
		return nil, refuse("MissingParameter", "Either LaunchTemplateId or LaunchTemplateName must be specified")
	}
	for _, t := range w.LaunchTemplates {
		if t.Name == name {
			return t, nil
		}
	}
	return nil, refuse("InvalidLaunchTemplateName.NotFoundException", "The specified launch template, with template name %s, does not exist.", name)
}

// version finds a version by its number in text, "$Latest" or "$Default"; empty means the default.
func (t *launchTemplate) version(text string) (*launchTemplateVersion, error) {
	number := t.Default
	switch text {
	case "$Default", "":
	case "$Latest":
		number = t.Latest
	default:
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, refuse("InvalidLaunchTemplateId.VersionNotFound", "Could not find launch template version: %s", text)
		}
		number = n
	}
	v, exists := t.Versions[number]
	if !exists {
		return nil, refuse("InvalidLaunchTemplateId.VersionNotFound", "Could not find the specified version %s for the launch template with ID %s.", text, t.ID)
	}
	return v, nil
}

// templateReference is embedded where a launch template is named by id or by name.
type templateReference struct {
	LaunchTemplateID   string `wire:"LaunchTemplateId"`
	LaunchTemplateName string
}

func (w *world) referenced(r templateReference) (*launchTemplate, error) {
	return w.launchTemplate(r.LaunchTemplateID, r.LaunchTemplateName)
}

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
	number, err := w.once("CreateLaunchTemplateVersion", in.ClientToken, in, func() (string, error) {
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

type modifyLaunchTemplateInput struct {
	templateReference
	ClientToken    string
	DefaultVersion string `wire:"SetDefaultVersion"`
}

func (w *world) modifyLaunchTemplate(in modifyLaunchTemplateInput) (launchTemplateOutput, error) {
	t, err := w.referenced(in.templateReference)
	if err != nil {
		return launchTemplateOutput{}, err
	}
	v, err := t.version(in.DefaultVersion)
	if err != nil {
		return launchTemplateOutput{}, err
	}
	t.Default = v.Number
	return launchTemplateOutput{w.launchTemplateXML(t)}, nil
}

func (w *world) deleteLaunchTemplate(in templateReference) (launchTemplateOutput, error) {
	t, err := w.referenced(in)
	if err != nil {
		return launchTemplateOutput{}, err
	}
	answer := launchTemplateOutput{w.launchTemplateXML(t)}
	delete(w.LaunchTemplates, t.ID)
	delete(w.Tags, t.ID)
	return answer, nil
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

var launchTemplateFilters = filterTable[*launchTemplate]{
	"launch-template-name": func(_ *world, t *launchTemplate) []string { return one(t.Name) },
	"create-time":          func(_ *world, t *launchTemplate) []string { return one(t.Created.Format(time.RFC3339)) },
}

type describeLaunchTemplatesInput struct {
	IDs   []string `wire:"LaunchTemplateId"`
	Names []string `wire:"LaunchTemplateName"`
	query
}

type describeLaunchTemplatesOutput struct {
	Templates items[launchTemplateXML] `xml:"launchTemplates"`
	NextToken string                   `xml:"nextToken,omitempty"`
}

func (w *world) describeLaunchTemplates(in describeLaunchTemplatesInput) (describeLaunchTemplatesOutput, error) {
	for _, name := range in.Names {
		t, err := w.launchTemplate("", name)
		if err != nil {
			return describeLaunchTemplatesOutput{}, err
		}
		in.IDs = append(in.IDs, t.ID)
	}
	list, next, err := describe(w, w.LaunchTemplates, in.IDs, in.query, launchTemplateFilters, "InvalidLaunchTemplateId.NotFound")
	return describeLaunchTemplatesOutput{itemsOf(list, w.launchTemplateXML), next}, err
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

type launchTemplateXML struct {
	ID        string     `xml:"launchTemplateId"`
	Name      string     `xml:"launchTemplateName"`
	Created   time.Time  `xml:"createTime"`
	CreatedBy string     `xml:"createdBy"`
	Default   int        `xml:"defaultVersionNumber"`
	Latest    int        `xml:"latestVersionNumber"`
	Tags      items[tag] `xml:"tagSet"`
}

func (w *world) launchTemplateXML(t *launchTemplate) launchTemplateXML {
	return launchTemplateXML{t.ID, t.Name, t.Created, w.principal(), t.Default, t.Latest, w.tagSet(t.ID)}
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

// principal is who makes all calls.
func (w *world) principal() string { return "arn:aws:iam::" + w.account() + ":user/simulated" }
