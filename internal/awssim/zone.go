package awssim

import (
	"slices"
	"strconv"
	"strings"
)

// zoneID is the account-independent id of a zone: use1-az1 for us-east-1a.
func (w *world) zoneID(zone string) string {
	return shortRegion(w.region.cfg.Region) + "-az" + strconv.Itoa(slices.Index(w.region.cfg.Zones, zone)+1)
}

// zoneOf is the zone of a name or an id; whatever else it is given comes back.
func (w *world) zoneOf(location string) string {
	for _, z := range w.region.cfg.Zones {
		if w.zoneID(z) == location {
			return z
		}
	}
	return location
}

// shortRegion is a region in the short form of zone ids: use1 for us-east-1, apse2 for
// ap-southeast-2.
func shortRegion(region string) string {
	parts := strings.Split(region, "-")
	var short strings.Builder
	short.WriteString(parts[0])
	for _, p := range parts[1:] {
		for _, direction := range []string{"north", "south", "central", "east", "west"} {
			if strings.Contains(p, direction) {
				short.WriteString(direction[:1])
			}
		}
	}
	return short.String() + parts[len(parts)-1]
}

var zoneFilters = filterTable[string]{
	"zone-name":   func(_ *world, z string) []string { return one(z) },
	"zone-id":     func(w *world, z string) []string { return one(w.zoneID(z)) },
	"region-name": func(w *world, _ string) []string { return one(w.region.cfg.Region) },
	"state":       func(w *world, z string) []string { return one(w.zoneState(z)) },
	"zone-type":   func(*world, string) []string { return one("availability-zone") },
	"opt-in-status": func(*world, string) []string {
		return one("opt-in-not-required")
	},
	"group-name": func(w *world, z string) []string { return one(w.region.cfg.Region + "-zg-1") },
}

func (w *world) zoneState(zone string) string {
	if w.DownZones[zone] {
		return "unavailable"
	}
	return "available"
}

type describeZonesInput struct {
	Names   []string `wire:"ZoneName"`
	IDs     []string `wire:"ZoneId"`
	Filters []filter `wire:"Filter"`
	All     bool     `wire:"AllAvailabilityZones"`
}

type describeZonesOutput struct {
	Zones items[zoneXML] `xml:"availabilityZoneInfo"`
}

func (w *world) describeZones(in describeZonesInput) (describeZonesOutput, error) {
	rows := map[string]string{}
	for _, z := range w.region.cfg.Zones {
		rows[z] = z
		if slices.Contains(in.IDs, w.zoneID(z)) {
			in.Names = append(in.Names, z)
		}
	}
	for _, name := range in.Names {
		if _, exists := rows[name]; !exists {
			return describeZonesOutput{}, refuse("InvalidParameterValue", "Invalid availability zone: [%s]", name)
		}
	}
	list, _, err := describe(w, rows, in.Names, query{Filters: in.Filters}, zoneFilters, "InvalidParameterValue")
	return describeZonesOutput{itemsOf(list, w.zoneXML)}, err
}

type zoneXML struct {
	Name        string      `xml:"zoneName"`
	ID          string      `xml:"zoneId"`
	Region      string      `xml:"regionName"`
	State       string      `xml:"zoneState"`
	Type        string      `xml:"zoneType"`
	OptIn       string      `xml:"optInStatus"`
	Group       string      `xml:"groupName"`
	BorderGroup string      `xml:"networkBorderGroup"`
	Messages    items[none] `xml:"messageSet"`
}

func (w *world) zoneXML(z string) zoneXML {
	region := w.region.cfg.Region
	return zoneXML{
		Name: z, ID: w.zoneID(z), Region: region, State: w.zoneState(z), Type: "availability-zone",
		OptIn: "opt-in-not-required", Group: region + "-zg-1", BorderGroup: region,
	}
}

type describeRegionsInput struct {
	Names   []string `wire:"RegionName"`
	Filters []filter `wire:"Filter"`
	All     bool     `wire:"AllRegions"`
}

type describeRegionsOutput struct {
	Regions items[regionXML] `xml:"regionInfo"`
}

type regionXML struct {
	Name     string `xml:"regionName"`
	Endpoint string `xml:"regionEndpoint"`
	OptIn    string `xml:"optInStatus"`
}

var regionFilters = filterTable[string]{
	"region-name":   func(_ *world, r string) []string { return one(r) },
	"opt-in-status": func(*world, string) []string { return one("opt-in-not-required") },
}

// describeRegions knows the one region that is simulated.
func (w *world) describeRegions(in describeRegionsInput) (describeRegionsOutput, error) {
	name := w.region.cfg.Region
	list, _, err := describe(w, map[string]string{name: name}, in.Names, query{Filters: in.Filters}, regionFilters, "InvalidParameterValue")
	return describeRegionsOutput{itemsOf(list, func(r string) regionXML {
		return regionXML{r, "ec2." + r + ".amazonaws.com", "opt-in-not-required"}
	})}, err
}
