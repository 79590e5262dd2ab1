package awssim

import "strings"

// shortRegion is a region in the short form of zone ids: use1 for us-east-1, apse2 for
// ap-southeast-2.
func shortRegion(region string) string {
	parts := strings.Split(region, "-")
	short := parts[0]
	for _, p := range parts[1:] {
		for _, direction := range []string{"north", "south", "east", "west", "central"} {
			if strings.Contains(p, direction) {
				short += direction[:1]
			}
		}
	}
	return short + parts[len(parts)-1]
}
