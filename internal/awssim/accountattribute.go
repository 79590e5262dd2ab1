package awssim

import "slices"

// accountAttributes are the limits of a new account; the account has no default VPC.
var accountAttributes = []accountAttributeXML{
	{"supported-platforms", one("VPC")},
	{"default-vpc", one("none")},
	{"max-instances", one("20")},
	{"vpc-max-security-groups-per-interface", one("5")},
	{"max-elastic-ips", one("5")},
	{"vpc-max-elastic-ips", one("5")},
}

type describeAccountAttributesInput struct {
	Names []string `wire:"AttributeName"`
}

type describeAccountAttributesOutput struct {
	Attributes items[accountAttributeXML] `xml:"accountAttributeSet"`
}

type accountAttributeXML struct {
	Name   string   `xml:"attributeName"`
	Values []string `xml:"attributeValueSet>item>attributeValue"`
}

func (w *world) describeAccountAttributes(in describeAccountAttributesInput) (describeAccountAttributesOutput, error) {
	var out describeAccountAttributesOutput
	for _, a := range accountAttributes {
		if len(in.Names) == 0 || slices.Contains(in.Names, a.Name) {
			out.Attributes.Items = append(out.Attributes.Items, a)
		}
	}
	return out, nil
}
