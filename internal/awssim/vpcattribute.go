package awssim

type describeVPCAttributeInput struct {
	VPCID     string `wire:"VpcId"`
	Attribute string
}

type describeVPCAttributeOutput struct {
	VPCID        string             `xml:"vpcId"`
	DNSSupport   *attributeValueXML `xml:"enableDnsSupport"`
	DNSHostnames *attributeValueXML `xml:"enableDnsHostnames"`
	UsageMetrics *attributeValueXML `xml:"enableNetworkAddressUsageMetrics"`
}

type attributeValueXML struct {
	Value bool `xml:"value"`
}

func (w *world) describeVPCAttribute(in describeVPCAttributeInput) (describeVPCAttributeOutput, error) {
	v, err := w.vpc(in.VPCID)
	if err != nil {
		return describeVPCAttributeOutput{}, err
	}
	out := describeVPCAttributeOutput{VPCID: v.ID}
	switch in.Attribute {
	case "enableDnsSupport":
		out.DNSSupport = &attributeValueXML{v.DNSSupport}
	case "enableDnsHostnames":
		out.DNSHostnames = &attributeValueXML{v.DNSHostnames}
	case "enableNetworkAddressUsageMetrics":
		out.UsageMetrics = &attributeValueXML{}
	default:
		return out, refuse("InvalidParameterValue", "Value (%s) for parameter attribute is invalid.", in.Attribute)
	}
	return out, nil
}

type modifyVPCAttributeInput struct {
	VPCID        string         `wire:"VpcId"`
	DNSSupport   *attributeFlag `wire:"EnableDnsSupport"`
	DNSHostnames *attributeFlag `wire:"EnableDnsHostnames"`
}

// modifyVPCAttribute changes one attribute; AWS refuses two in one call, and host names without
// support.
func (w *world) modifyVPCAttribute(in modifyVPCAttributeInput) (done, error) {
	v, err := w.vpc(in.VPCID)
	if err != nil {
		return done{}, err
	}
	switch {
	case in.DNSSupport != nil && in.DNSHostnames != nil:
		return done{}, refuse("InvalidParameterCombination", "Only one attribute can be modified at a time")
	case in.DNSSupport != nil:
		if !in.DNSSupport.Value && v.DNSHostnames {
			return done{}, refuse("InvalidParameterCombination", "DNS support cannot be disabled while DNS hostnames are enabled")
		}
		v.DNSSupport = in.DNSSupport.Value
	case in.DNSHostnames != nil:
		if in.DNSHostnames.Value && !v.DNSSupport {
			return done{}, refuse("InvalidParameterCombination", "DNS hostnames require DNS support")
		}
		v.DNSHostnames = in.DNSHostnames.Value
	default:
		return done{}, missing("EnableDnsSupport or EnableDnsHostnames")
	}
	return ok, nil
}
