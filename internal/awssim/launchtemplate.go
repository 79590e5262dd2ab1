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
	t, err := once(w, "CreateLaunchTemplate", in.ClientToken, in, w.LaunchTemplates, func() (string, error) {
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

func (t *launchTemplate) has(number string) bool {
	_, err := t.version(number)
	return err == nil
}

// templateReference is embedded where a launch template is named by id or by name.
type templateReference struct {
	LaunchTemplateID   string `wire:"LaunchTemplateId"`
	LaunchTemplateName string
}

func (w *world) referenced(r templateReference) (*launchTemplate, error) {
	return w.launchTemplate(r.LaunchTemplateID, r.LaunchTemplateName)
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

// principal is who makes all calls.
func (w *world) principal() string { return "arn:aws:iam::" + w.account() + ":user/simulated" }
