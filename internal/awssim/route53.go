package awssim

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// route53Operations is all of Route 53 that the simulator knows: hosted zones with their records, the
// VPCs of private ones, and tags. Nobody resolves the names: what machines look up is simnet's business.
var route53Operations = map[string]operation{
	"CreateHostedZone":              mutates((*world).createHostedZone),
	"GetHostedZone":                 reads((*world).getHostedZone),
	"ListHostedZones":               reads((*world).listHostedZones),
	"ListHostedZonesByName":         reads((*world).listHostedZonesByName),
	"DeleteHostedZone":              mutates((*world).deleteHostedZone),
	"ListResourceRecordSets":        reads((*world).listRecords),
	"ChangeResourceRecordSets":      mutates((*world).changeRecords),
	"GetChange":                     reads((*world).getChange),
	"AssociateVPCWithHostedZone":    mutates((*world).associateVPC),
	"DisassociateVPCFromHostedZone": mutates((*world).disassociateVPC),
	"ListTagsForResource":           reads((*world).listZoneTags),
	"ChangeTagsForResource":         mutates((*world).changeZoneTags),
}

var route53Protocol = restXML{
	namespace: "https://route53.amazonaws.com/doc/2013-04-01/",
	routes: []restRoute{
		{http.MethodPost, "/2013-04-01/hostedzone", "CreateHostedZone", http.StatusCreated},
		{http.MethodGet, "/2013-04-01/hostedzone", "ListHostedZones", 0},
		{http.MethodGet, "/2013-04-01/hostedzonesbyname", "ListHostedZonesByName", 0},
		{http.MethodGet, "/2013-04-01/hostedzone/{Id}", "GetHostedZone", 0},
		{http.MethodDelete, "/2013-04-01/hostedzone/{Id}", "DeleteHostedZone", 0},
		{http.MethodGet, "/2013-04-01/hostedzone/{Id}/rrset", "ListResourceRecordSets", 0},
		{http.MethodPost, "/2013-04-01/hostedzone/{Id}/rrset", "ChangeResourceRecordSets", 0},
		{http.MethodGet, "/2013-04-01/change/{Id}", "GetChange", 0},
		{http.MethodPost, "/2013-04-01/hostedzone/{Id}/associatevpc", "AssociateVPCWithHostedZone", 0},
		{http.MethodPost, "/2013-04-01/hostedzone/{Id}/disassociatevpc", "DisassociateVPCFromHostedZone", 0},
		{http.MethodGet, "/2013-04-01/tags/{ResourceType}/{Id}", "ListTagsForResource", 0},
		{http.MethodPost, "/2013-04-01/tags/{ResourceType}/{Id}", "ChangeTagsForResource", 0},
	},
}

// Route 53's largest pages.
const (
	maxZonesPage   = 100
	maxRecordsPage = 300
)

// pageSize is what a caller asks for, within the limit; 0 asks for the largest page.
func pageSize(asked, limit int) int { return min(cmp.Or(asked, limit), limit) }

// domainName allows what zones and records of clusters are called. Route 53 takes any other character
// in an escaped form, which the simulator does not know.
var domainName = regexp.MustCompile(`^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+$`)

// absolute is a name as Route 53 keeps it: in lower case, with the dot at the end.
func absolute(name string) (string, error) {
	full := strings.ToLower(strings.TrimSuffix(name, ".")) + "."
	if !domainName.MatchString(full) || len(full) > 255 {
		return "", refuse("InvalidDomainName", "%s is not a valid domain name", name)
	}
	return full, nil
}

// labelsReversed is the key by which Route 53 sorts names: api.example.com. is com.example.api.
func labelsReversed(name string) string {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + "."
}

// compareNames sorts domain names by their labels from the right.
func compareNames(a, b string) int { return strings.Compare(labelsReversed(a), labelsReversed(b)) }

// zoneChange is a change that is on its way to the name servers.
type zoneChange struct {
	ID        string
	Submitted time.Time
}

type changeInfoXML struct {
	ID          string `xml:"Id"`
	Status      string
	SubmittedAt time.Time
}

// submit notes a change of a zone.
func (w *world) submit() changeInfoXML {
	c := &zoneChange{ID: w.iamID("C"), Submitted: w.now()}
	w.ZoneChanges[c.ID] = c
	return w.changeInfo(c)
}

func (w *world) changeInfo(c *zoneChange) changeInfoXML {
	status := "PENDING"
	if w.now().Sub(c.Submitted) >= dnsChangeDelay {
		status = "INSYNC"
	}
	return changeInfoXML{"/change/" + c.ID, status, c.Submitted.Truncate(time.Second)}
}

type getChangeInput struct {
	ID string `path:"Id" xml:"-"`
}

type changeOutput struct {
	ChangeInfo changeInfoXML
}

func (w *world) getChange(in getChangeInput) (changeOutput, error) {
	c, known := w.ZoneChanges[in.ID]
	if !known {
		return changeOutput{}, refuseStatus(http.StatusNotFound, "NoSuchChange", "A change with the specified change ID does not exist.")
	}
	return changeOutput{w.changeInfo(c)}, nil
}
