package awssim

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
)

// hostedZone is a zone of Route 53 with its records.
type hostedZone struct {
	ID              string // Z…
	Name            string // with the dot at the end
	CallerReference string
	Comment         string
	Private         bool
	VPCs            []zoneVPC
	Records         map[string]recordSet // by name and type
}

// AddHostedZone gives the account a public zone, as somebody does who registers a domain.
func (r *Region) AddHostedZone(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, err := r.world.createHostedZone(createHostedZoneInput{Name: name, CallerReference: r.world.iamID("given-")})
	r.remember()
	return err
}

func noSuchZone(id string) *apiError {
	return refuseStatus(http.StatusNotFound, "NoSuchHostedZone", "No hosted zone found with ID: %s", id)
}

func (w *world) hostedZone(id string) (*hostedZone, error) {
	if z, known := w.HostedZones[id]; known {
		return z, nil
	}
	return nil, noSuchZone(id)
}

type hostedZoneXML struct {
	ID              string `xml:"Id"`
	Name            string
	CallerReference string
	Config          zoneConfigXML
	RecordCount     int `xml:"ResourceRecordSetCount"`
}

type zoneConfigXML struct {
	Comment     string `xml:",omitempty"`
	PrivateZone bool
}

func (z *hostedZone) wire() hostedZoneXML {
	return hostedZoneXML{"/hostedzone/" + z.ID, z.Name, z.CallerReference, zoneConfigXML{z.Comment, z.Private}, len(z.Records)}
}

type createHostedZoneInput struct {
	unread
	Name            string
	CallerReference string
	Config          struct {
		Comment     string
		PrivateZone bool
	} `xml:"HostedZoneConfig"`
	VPC *zoneVPC
}

type createHostedZoneOutput struct {
	HostedZone    hostedZoneXML
	ChangeInfo    changeInfoXML
	DelegationSet *delegationSetXML
	VPC           *zoneVPC
}

type delegationSetXML struct {
	NameServers []string `xml:"NameServers>NameServer"`
}

// createHostedZone makes a zone private if, and only if, it is given a VPC.
func (w *world) createHostedZone(in createHostedZoneInput) (createHostedZoneOutput, error) {
	name, err := absolute(in.Name)
	if err != nil {
		return createHostedZoneOutput{}, err
	}
	for _, z := range w.HostedZones {
		if z.CallerReference == in.CallerReference {
			return createHostedZoneOutput{}, refuseStatus(http.StatusConflict, "HostedZoneAlreadyExists", "A hosted zone has already been created with the specified caller reference.")
		}
	}
	z := &hostedZone{
		ID: w.iamID("Z"), Name: name, CallerReference: in.CallerReference, Comment: in.Config.Comment, Private: in.VPC != nil, Records: map[string]recordSet{},
	}
	if in.Config.PrivateZone && in.VPC == nil {
		return createHostedZoneOutput{}, refuse("InvalidInput", "When you're creating a private hosted zone (when you specify true for PrivateZone), you must also specify values for VPCId and VPCRegion.")
	}
	if in.VPC != nil {
		if err := w.joinVPC(z, *in.VPC); err != nil {
			return createHostedZoneOutput{}, err
		}
	}
	z.delegate()
	w.HostedZones[z.ID] = z
	return createHostedZoneOutput{z.wire(), w.submit(), z.delegation(), in.VPC}, nil
}

// delegate writes the two records that every zone has from its beginning to its end.
func (z *hostedZone) delegate() {
	servers := z.nameServers()
	for _, r := range []recordSet{
		{Name: z.Name, Type: "NS", TTL: new(172800), Values: servers},
		{Name: z.Name, Type: "SOA", TTL: new(900), Values: []string{servers[0] + " awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"}},
	} {
		z.Records[r.key()] = r
	}
}

func (z *hostedZone) nameServers() []string {
	var servers []string
	for i, top := range []string{"com", "net", "org", "co.uk"} {
		servers = append(servers, fmt.Sprintf("ns-%d.awsdns-%02d.%s.", 512*i, i, top))
	}
	return servers
}

// delegation is nil for a private zone, which nobody delegates to.
func (z *hostedZone) delegation() *delegationSetXML {
	if z.Private {
		return nil
	}
	return &delegationSetXML{z.nameServers()}
}

type zoneInput struct {
	ID string `path:"Id" xml:"-"`
}

type getHostedZoneOutput struct {
	HostedZone    hostedZoneXML
	DelegationSet *delegationSetXML
	VPCs          *zoneVPCs `xml:"VPCs"`
}

type zoneVPCs struct {
	VPC []zoneVPC
}

func (w *world) getHostedZone(in zoneInput) (getHostedZoneOutput, error) {
	z, err := w.hostedZone(in.ID)
	if err != nil {
		return getHostedZoneOutput{}, err
	}
	out := getHostedZoneOutput{HostedZone: z.wire(), DelegationSet: z.delegation()}
	if z.Private {
		out.VPCs = &zoneVPCs{z.VPCs}
	}
	return out, nil
}

// zonesBy lists the zones in an order.
func (w *world) zonesBy(compare func(a, b *hostedZone) int) []*hostedZone {
	return slices.SortedFunc(maps.Values(w.HostedZones), compare)
}

type hostedZonesXML struct {
	HostedZone []hostedZoneXML
}

func zonesXML(zones []*hostedZone) hostedZonesXML {
	var list hostedZonesXML
	for _, z := range zones {
		list.HostedZone = append(list.HostedZone, z.wire())
	}
	return list
}

type listHostedZonesInput struct {
	Marker   string `query:"marker" xml:"-"`
	MaxItems int    `query:"maxitems" xml:"-"`
}

type listHostedZonesOutput struct {
	HostedZones hostedZonesXML
	Marker      string `xml:",omitempty"`
	IsTruncated bool
	NextMarker  string `xml:",omitempty"`
	MaxItems    int
}

func (w *world) listHostedZones(in listHostedZonesInput) (listHostedZonesOutput, error) {
	zones := w.zonesBy(func(a, b *hostedZone) int { return cmp.Compare(a.ID, b.ID) })
	zones = slices.DeleteFunc(zones, func(z *hostedZone) bool { return z.ID < in.Marker })
	out := listHostedZonesOutput{Marker: in.Marker, MaxItems: pageSize(in.MaxItems, maxZonesPage)}
	if len(zones) > out.MaxItems {
		out.IsTruncated, out.NextMarker = true, zones[out.MaxItems].ID
		zones = zones[:out.MaxItems]
	}
	out.HostedZones = zonesXML(zones)
	return out, nil
}

type listHostedZonesByNameInput struct {
	DNSName  string `query:"dnsname" xml:"-"`
	ID       string `query:"hostedzoneid" xml:"-"`
	MaxItems int    `query:"maxitems" xml:"-"`
}

type listHostedZonesByNameOutput struct {
	HostedZones hostedZonesXML
	DNSName     string `xml:",omitempty"`
	ID          string `xml:"HostedZoneId,omitempty"`
	IsTruncated bool
	NextDNSName string `xml:",omitempty"`
	NextID      string `xml:"NextHostedZoneId,omitempty"`
	MaxItems    int
}

// listHostedZonesByName begins at a name, not with it: a name that is no zone begins at the next.
func (w *world) listHostedZonesByName(in listHostedZonesByNameInput) (listHostedZonesByNameOutput, error) {
	zones := w.zonesBy(func(a, b *hostedZone) int { return cmp.Or(compareNames(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	if in.DNSName != "" {
		begin, err := absolute(in.DNSName)
		if err != nil {
			return listHostedZonesByNameOutput{}, err
		}
		zones = slices.DeleteFunc(zones, func(z *hostedZone) bool {
			return cmp.Or(compareNames(z.Name, begin), cmp.Compare(z.ID, in.ID)) < 0
		})
	}
	out := listHostedZonesByNameOutput{DNSName: in.DNSName, ID: in.ID, MaxItems: pageSize(in.MaxItems, maxZonesPage)}
	if len(zones) > out.MaxItems {
		next := zones[out.MaxItems]
		out.IsTruncated, out.NextDNSName, out.NextID = true, next.Name, next.ID
		zones = zones[:out.MaxItems]
	}
	out.HostedZones = zonesXML(zones)
	return out, nil
}

// deleteHostedZone refuses a zone that has more than the two records it was made with.
func (w *world) deleteHostedZone(in zoneInput) (changeOutput, error) {
	z, err := w.hostedZone(in.ID)
	if err != nil {
		return changeOutput{}, err
	}
	for _, r := range z.Records {
		if !r.delegates(z) {
			return changeOutput{}, refuse("HostedZoneNotEmpty", "The specified hosted zone contains non-required resource record sets and so cannot be deleted.")
		}
	}
	delete(w.HostedZones, z.ID)
	delete(w.Tags, z.ID)
	return changeOutput{w.submit()}, nil
}

// recordIDs name the records that somebody made: ZONE/NAME/TYPE.
func (w *world) recordIDs() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, z := range w.HostedZones {
			for _, r := range z.Records {
				if !r.delegates(z) && !yield(z.ID+"/"+r.Name+"/"+r.Type) {
					return
				}
			}
		}
	}
}

// associationIDs name the networks of private zones: ZONE/VPC.
func (w *world) associationIDs() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, z := range w.HostedZones {
			for _, vpc := range z.VPCs {
				if !yield(z.ID + "/" + vpc.ID) {
					return
				}
			}
		}
	}
}
