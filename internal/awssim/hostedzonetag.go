package awssim

// zoneTags are Route 53's words for bad tags.
var zoneTags = tagRules{limit: "InvalidInput", duplicate: "InvalidInput", invalid: "InvalidInput"}

type zoneTagsInput struct {
	ResourceType string `path:"ResourceType" xml:"-"`
	ID           string `path:"Id" xml:"-"`
}

type zoneTagsOutput struct {
	Set zoneTagSet `xml:"ResourceTagSet"`
}

type zoneTagSet struct {
	ResourceType string
	ID           string     `xml:"ResourceId"`
	Tags         []queryTag `xml:"Tags>Tag"`
}

// taggedZone finds what a call about tags is about; health checks, which have tags too, are not simulated.
func (w *world) taggedZone(resourceType, id string) error {
	if resourceType != "hostedzone" {
		return refuse("InvalidInput", "the simulator tags no %s", resourceType)
	}
	_, err := w.hostedZone(id)
	return err
}

func (w *world) listZoneTags(in zoneTagsInput) (zoneTagsOutput, error) {
	if err := w.taggedZone(in.ResourceType, in.ID); err != nil {
		return zoneTagsOutput{}, err
	}
	return zoneTagsOutput{zoneTagSet{in.ResourceType, in.ID, w.queryTags(in.ID)}}, nil
}

type changeZoneTagsInput struct {
	unread
	ResourceType string     `path:"ResourceType" xml:"-"`
	ID           string     `path:"Id" xml:"-"`
	Add          []queryTag `xml:"AddTags>Tag"`
	Remove       []string   `xml:"RemoveTagKeys>Key"`
}

func (w *world) changeZoneTags(in changeZoneTagsInput) (none, error) {
	if err := w.taggedZone(in.ResourceType, in.ID); err != nil {
		return none{}, err
	}
	if err := w.addTags(zoneTags, in.ID, in.Add); err != nil {
		return none{}, err
	}
	w.untag(in.ID, in.Remove...)
	return none{}, nil
}
