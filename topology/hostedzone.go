package topology

import "strings"

// HostedZone says which zone of Route 53 a cluster keeps its records in. Zones are
// never made: they exist before the cluster does. Which one it is, AWS must be asked;
// the id is bound to [HostedZoneRef].
type HostedZone struct {
	// Name is the zone's name, without the dot at the end, or its id, which has no
	// dot at all.
	Name string `json:"name"`
	// Enclosing means that any zone will do that the name lies in; the one with the
	// longest name is taken, as kops does.
	Enclosing bool `json:"enclosing,omitempty"`
	// Private zones answer only in the networks that they are associated with.
	Private bool `json:"private,omitempty"`
}

// HostedZoneRef is what the id of a cluster's hosted zone is bound to.
func HostedZoneRef(cluster string) Ref { return Ref{KindHostedZone, cluster} }

// IsZero reports that there is no zone: the cluster keeps no records.
func (z HostedZone) IsZero() bool { return z == HostedZone{} }

// IsID reports whether the name is a zone's id.
func (z HostedZone) IsID() bool { return z.Name != "" && !strings.Contains(z.Name, ".") }

// Encloses reports whether a record of that name can be in the zone of this name.
func (z HostedZone) Encloses(record string) bool {
	return record == z.Name || strings.HasSuffix(record, "."+z.Name)
}

// zonePlaceholder stands in policies for the id of the cluster's hosted zone. No zone
// can have it for an id, and IAM would never grant anything with it.
const zonePlaceholder = "{hosted-zone}"

// ZoneARN ends the ARN of the cluster's zone in a wanted policy; see [WithZone].
const ZoneARN = "route53:::hostedzone/" + zonePlaceholder

// NeedsZone reports whether a policy mentions the cluster's zone.
func NeedsZone(document string) bool { return strings.Contains(document, ZoneARN) }

// WithZone writes a zone's id into a policy that is wanted.
func WithZone(document, id string) string {
	return strings.ReplaceAll(document, ZoneARN, strings.ReplaceAll(ZoneARN, zonePlaceholder, id))
}

// WithoutZone turns [WithZone] around for a policy that was found.
func WithoutZone(document, id string) string {
	return strings.ReplaceAll(document, WithZone(ZoneARN, id)+`"`, ZoneARN+`"`)
}
