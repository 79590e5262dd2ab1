package topology

import (
	"net/netip"
	"slices"
)

// RouteTable is a route table with its routes and the subnets that use it. The
// local routes that AWS adds to every table are left out.
type RouteTable struct {
	Name      string    `json:"name"`
	VPC       Ref       `json:"vpc"`
	Routes    []Route   `json:"routes"`  // sorted by destination
	Subnets   []Ref     `json:"subnets"` // sorted
	Tags      Tags      `json:"tags"`
	Ownership Ownership `json:"ownership"`
}

// Route sends a destination to a gateway.
type Route struct {
	Destination netip.Prefix `json:"destination"`
	// Target is a gateway of this topology, or [Given] for any other AWS id. A
	// route whose target is gone (a "blackhole") has Given of the lost id.
	Target Ref `json:"target"`
}

func (r RouteTable) Ref() Ref { return Ref{KindRouteTable, r.Name} }

func (r RouteTable) Needs() []Ref {
	refs := slices.Clone(r.Subnets)
	for _, route := range r.Routes {
		refs = append(refs, route.Target)
	}
	return present(append(refs, r.VPC)...)
}

func (r RouteTable) Owner() Ownership { return r.Ownership }
func (r RouteTable) Labels() Tags     { return r.Tags }
func (RouteTable) resource()          {}

// SortRoutes returns the routes sorted by destination.
func SortRoutes(routes []Route) []Route {
	sorted := slices.Clone(routes)
	slices.SortFunc(sorted, func(a, b Route) int { return ComparePrefixes(a.Destination, b.Destination) })
	return sorted
}

// ComparePrefixes orders prefixes by address, IPv4 first, then by length.
func ComparePrefixes(a, b netip.Prefix) int {
	if c := a.Addr().Compare(b.Addr()); c != 0 {
		return c
	}
	return a.Bits() - b.Bits()
}
