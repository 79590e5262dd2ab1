package awssim

import (
	"slices"
)

// dhcpOptions is a set of DHCP options. Every account has a default set that VPCs start with.
type dhcpOptions struct {
	ID      string
	Default bool
	Values  []dhcpConfiguration
}

type dhcpConfiguration struct {
	Key    string
	Values []string `wire:"Value"`
}

// newDefaultDHCPOptions makes the set that VPCs have until another is associated.
func (w *world) newDefaultDHCPOptions() {
	d := &dhcpOptions{ID: w.newID("dopt"), Default: true, Values: []dhcpConfiguration{
		{"domain-name", one(w.region.internalDomain())},
		{"domain-name-servers", one("AmazonProvidedDNS")},
	}}
	w.DHCPOptions[d.ID] = d
}

func (w *world) defaultDHCPOptions() string {
	for id, d := range w.DHCPOptions {
		if d.Default {
			return id
		}
	}
	return ""
}

type createDHCPOptionsInput struct {
	Configurations []dhcpConfiguration `wire:"DhcpConfiguration"`
	tagging
}

type createDHCPOptionsOutput struct {
	Options dhcpOptionsXML `xml:"dhcpOptions"`
}

var dhcpKeys = []string{"domain-name", "domain-name-servers", "ntp-servers", "netbios-name-servers", "netbios-node-type", "ipv6-address-preferred-lease-time"}

func (w *world) createDHCPOptions(in createDHCPOptionsInput) (createDHCPOptionsOutput, error) {
	tags, err := in.tagsFor("dhcp-options")
	if err != nil {
		return createDHCPOptionsOutput{}, err
	}
	if len(in.Configurations) == 0 {
		return createDHCPOptionsOutput{}, missing("dhcpConfiguration")
	}
	for _, c := range in.Configurations {
		if !slices.Contains(dhcpKeys, c.Key) {
			return createDHCPOptionsOutput{}, refuse("InvalidParameterValue", "Value (%s) for parameter name is invalid. Unknown DHCP option", c.Key)
		}
	}
	d := &dhcpOptions{ID: w.newID("dopt"), Values: in.Configurations}
	w.DHCPOptions[d.ID] = d
	w.tag(d.ID, tags)
	return createDHCPOptionsOutput{w.dhcpOptionsXML(d)}, nil
}

type associateDHCPOptionsInput struct {
	ID    string `wire:"DhcpOptionsId"`
	VPCID string `wire:"VpcId"`
}

// associateDHCPOptions takes the id "default" for the default set, as AWS does.
func (w *world) associateDHCPOptions(in associateDHCPOptionsInput) (done, error) {
	v, err := w.vpc(in.VPCID)
	if err != nil {
		return done{}, err
	}
	if in.ID == "default" {
		in.ID = w.defaultDHCPOptions()
	}
	if _, err := lookup(w.DHCPOptions, in.ID, "InvalidDhcpOptionID.NotFound"); err != nil {
		return done{}, err
	}
	v.DHCPOptionsID = in.ID
	return ok, nil
}

type dhcpOptionsIDInput struct {
	ID string `wire:"DhcpOptionsId"`
}

func (w *world) deleteDHCPOptions(in dhcpOptionsIDInput) (done, error) {
	if _, err := lookup(w.DHCPOptions, in.ID, "InvalidDhcpOptionID.NotFound"); err != nil {
		return done{}, err
	}
	for _, v := range w.VPCs {
		if v.DHCPOptionsID == in.ID {
			return done{}, refuse("DependencyViolation", "The dhcpOptions '%s' has dependencies and cannot be deleted.", in.ID)
		}
	}
	delete(w.DHCPOptions, in.ID)
	delete(w.Tags, in.ID)
	return ok, nil
}

var dhcpOptionsFilters = filterTable[*dhcpOptions]{
	"dhcp-options-id": func(_ *world, d *dhcpOptions) []string { return one(d.ID) },
	"owner-id":        func(w *world, _ *dhcpOptions) []string { return one(w.account()) },
	"key": func(_ *world, d *dhcpOptions) []string {
		var keys []string
		for _, c := range d.Values {
			keys = append(keys, c.Key)
		}
		return keys
	},
	"value": func(_ *world, d *dhcpOptions) []string {
		var values []string
		for _, c := range d.Values {
			values = append(values, c.Values...)
		}
		return values
	},
}

type describeDHCPOptionsInput struct {
	IDs []string `wire:"DhcpOptionsId"`
	query
}

type describeDHCPOptionsOutput struct {
	Options   items[dhcpOptionsXML] `xml:"dhcpOptionsSet"`
	NextToken string                `xml:"nextToken,omitempty"`
}

func (w *world) describeDHCPOptions(in describeDHCPOptionsInput) (describeDHCPOptionsOutput, error) {
	list, next, err := describe(w, w.DHCPOptions, in.IDs, in.query, dhcpOptionsFilters, "InvalidDhcpOptionID.NotFound")
	return describeDHCPOptionsOutput{itemsOf(list, w.dhcpOptionsXML), next}, err
}

type dhcpOptionsXML struct {
	ID      string                      `xml:"dhcpOptionsId"`
	OwnerID string                      `xml:"ownerId"`
	Values  items[dhcpConfigurationXML] `xml:"dhcpConfigurationSet"`
	Tags    items[tag]                  `xml:"tagSet"`
}

type dhcpConfigurationXML struct {
	Key    string   `xml:"key"`
	Values []string `xml:"valueSet>item>value"`
}

func (w *world) dhcpOptionsXML(d *dhcpOptions) dhcpOptionsXML {
	return dhcpOptionsXML{d.ID, w.account(), itemsOf(d.Values, newDHCPConfigurationXML), w.tagSet(d.ID)}
}

func newDHCPConfigurationXML(c dhcpConfiguration) dhcpConfigurationXML {
	return dhcpConfigurationXML(c)
}
