package awssim

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// recordSet is what a zone says of one name and type.
type recordSet struct {
	Name   string // with the dot at the end
	Type   string
	TTL    *int // nil for an alias
	Values []string
	Alias  *aliasTarget
}

type aliasTarget struct {
	HostedZoneID string `xml:"HostedZoneId"`
	DNSName      string
	// EvaluateTargetHealth is kept and has no effect: nobody resolves names here.
	EvaluateTargetHealth bool
}

func (r recordSet) key() string { return r.Name + " " + r.Type }

// delegates says that the record is one of those that every zone has.
func (r recordSet) delegates(z *hostedZone) bool {
	return r.Name == z.Name && (r.Type == "NS" || r.Type == "SOA")
}

func (r recordSet) equal(other recordSet) bool {
	return r.key() == other.key() && same(r.TTL, other.TTL) && slices.Equal(r.Values, other.Values) && same(r.Alias, other.Alias)
}

// same says whether both point at equal values, or both at nothing.
func same[T comparable](a, b *T) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

type recordSetXML struct {
	unread
	Name            string
	Type            string
	TTL             *int             `xml:",omitempty"`
	ResourceRecords *resourceRecords `xml:",omitempty"`
	AliasTarget     *aliasTarget     `xml:",omitempty"`
}

type resourceRecords struct {
	ResourceRecord []resourceRecord
}

type resourceRecord struct {
	Value string
}

func (r recordSet) wire() recordSetXML {
	x := recordSetXML{Name: r.Name, Type: r.Type, TTL: r.TTL, AliasTarget: r.Alias}
	if len(r.Values) > 0 {
		x.ResourceRecords = &resourceRecords{}
		for _, v := range r.Values {
			x.ResourceRecords.ResourceRecord = append(x.ResourceRecords.ResourceRecord, resourceRecord{v})
		}
	}
	return x
}

type listRecordsInput struct {
	ZoneID   string `path:"Id" xml:"-"`
	Name     string `query:"name" xml:"-"`
	Type     string `query:"type" xml:"-"`
	MaxItems int    `query:"maxitems" xml:"-"`
}

type listRecordsOutput struct {
	Records     []recordSetXML `xml:"ResourceRecordSets>ResourceRecordSet"`
	IsTruncated bool
	MaxItems    int
	NextName    string `xml:"NextRecordName,omitempty"`
	NextType    string `xml:"NextRecordType,omitempty"`
}

// listRecords begins at a name and type, whether or not there is such a record.
func (w *world) listRecords(in listRecordsInput) (listRecordsOutput, error) {
	z, err := w.hostedZone(in.ZoneID)
	if err != nil {
		return listRecordsOutput{}, err
	}
	records := slices.SortedFunc(maps.Values(z.Records), func(a, b recordSet) int {
		return cmp.Or(compareNames(a.Name, b.Name), strings.Compare(a.Type, b.Type))
	})
	if in.Type != "" && in.Name == "" {
		return listRecordsOutput{}, refuse("InvalidInput", "The input is not valid: a type needs a name.")
	}
	if in.Name != "" {
		begin, err := absolute(in.Name)
		if err != nil {
			return listRecordsOutput{}, err
		}
		records = slices.DeleteFunc(records, func(r recordSet) bool {
			return cmp.Or(compareNames(r.Name, begin), strings.Compare(r.Type, in.Type)) < 0
		})
	}
	out := listRecordsOutput{MaxItems: pageSize(in.MaxItems, maxRecordsPage)}
	if len(records) > out.MaxItems {
		next := records[out.MaxItems]
		out.IsTruncated, out.NextName, out.NextType = true, next.Name, next.Type
		records = records[:out.MaxItems]
	}
	for _, r := range records {
		out.Records = append(out.Records, r.wire())
	}
	return out, nil
}

type changeRecordsInput struct {
	unread
	ZoneID  string         `path:"Id" xml:"-"`
	Comment string         `xml:"ChangeBatch>Comment"`
	Changes []recordChange `xml:"ChangeBatch>Changes>Change"`
}

type recordChange struct {
	Action string
	Record recordSetXML `xml:"ResourceRecordSet"`
}

// changeRecords does all changes of a batch or, if one cannot be, none; then it tells every reason.
func (w *world) changeRecords(in changeRecordsInput) (changeOutput, error) {
	z, err := w.hostedZone(in.ZoneID)
	if err != nil {
		return changeOutput{}, err
	}
	if len(in.Changes) == 0 {
		return changeOutput{}, refuse("InvalidInput", "1 validation error detected: Value at 'changeBatch.changes' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	after := maps.Clone(z.Records)
	var reasons []string
	for _, c := range in.Changes {
		if reason := w.changeRecord(z, after, c); reason != "" {
			reasons = append(reasons, reason)
		}
	}
	if len(reasons) > 0 {
		return changeOutput{}, refuse("InvalidChangeBatch", "[%s]", strings.Join(reasons, ", "))
	}
	z.Records = after
	return changeOutput{w.submit()}, nil
}

// changeRecord makes one change in a copy of the zone's records, or says why not.
func (w *world) changeRecord(z *hostedZone, records map[string]recordSet, c recordChange) (reason string) {
	r, reason := z.parse(c.Record)
	if reason != "" {
		return reason
	}
	what := "resource record set [name='" + r.Name + "', type='" + r.Type + "']"
	have, exists := records[r.key()]
	switch c.Action {
	case "CREATE":
		if exists {
			return "Tried to create " + what + " but it already exists"
		}
	case "DELETE":
		switch {
		case !exists:
			return "Tried to delete " + what + " but it was not found"
		case !have.equal(r):
			return "Tried to delete " + what + " but the values provided do not match the current values"
		case r.delegates(z):
			return "A HostedZone must contain exactly one " + r.Type + " record."
		}
		delete(records, r.key())
		return ""
	case "UPSERT":
	default:
		return "Invalid action " + c.Action
	}
	if alias := r.Alias; alias != nil && !w.isAliasTarget(*alias) {
		return "Tried to create an alias that targets " + alias.DNSName + ", type " + r.Type + " in zone " + alias.HostedZoneID + ", but the alias target name does not lie within the target zone"
	}
	for _, other := range records {
		if other.Name == r.Name && other.Type != r.Type && (other.Type == "CNAME" || r.Type == "CNAME") {
			return "RRSet of type " + r.Type + " with DNS name " + r.Name + " is not permitted as it conflicts with other records with the same DNS name in zone " + z.Name
		}
	}
	records[r.key()] = r
	return ""
}

// parse reads a record as a caller writes it.
func (z *hostedZone) parse(x recordSetXML) (r recordSet, reason string) {
	if name, surplus := x.surplus(); surplus {
		return r, "the simulator knows no records with " + name
	}
	name, err := absolute(x.Name)
	if err != nil {
		return r, "Invalid domain name: " + x.Name
	}
	if name != z.Name && !strings.HasSuffix(name, "."+z.Name) {
		return r, "RRSet with DNS name " + name + " is not permitted in zone " + z.Name
	}
	r = recordSet{Name: name, Type: x.Type, TTL: x.TTL, Alias: x.AliasTarget}
	if x.ResourceRecords != nil {
		for _, v := range x.ResourceRecords.ResourceRecord {
			r.Values = append(r.Values, v.Value)
		}
	}
	if r.Alias != nil {
		alias := *r.Alias
		alias.DNSName = strings.ToLower(strings.TrimSuffix(alias.DNSName, ".")) + "."
		r.Alias = &alias
	}
	if alias, plain := r.Alias != nil && r.TTL == nil && len(r.Values) == 0, r.Alias == nil && r.TTL != nil && len(r.Values) > 0; !alias && !plain {
		return r, "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found none or more in Change with [Name=" + x.Name + ", Type=" + x.Type + "]"
	}
	return r, badAddress(r)
}

// badAddress checks the values of the types whose values are addresses.
func badAddress(r recordSet) string {
	for _, v := range r.Values {
		addr, err := netip.ParseAddr(v)
		switch {
		case r.Type == "A" && (err != nil || !addr.Is4()):
			return "Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '" + v + "''"
		case r.Type == "AAAA" && (err != nil || !addr.Is6()):
			return "Invalid Resource Record: 'FATAL problem: AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address) encountered with '" + v + "''"
		}
	}
	return ""
}

// isAliasTarget says whether a name lies in the zone that an alias looks for it in: a load balancer's in
// that of its region, or a record's in a zone of the account. AWS looks at the zone, and not for the
// name: a load balancer may be gone.
func (w *world) isAliasTarget(a aliasTarget) bool {
	if z, known := w.HostedZones[a.HostedZoneID]; known {
		return strings.HasSuffix("."+a.DNSName, "."+z.Name)
	}
	return w.isClassicHost(a) || a.HostedZoneID == w.nlbHostedZone() && strings.HasSuffix(a.DNSName, ".elb."+w.region.cfg.Region+".amazonaws.com.")
}
