package awssim

type modifySubnetAttributeInput struct {
	SubnetID       string         `wire:"SubnetId"`
	MapPublicIP    *attributeFlag `wire:"MapPublicIpOnLaunch"`
	AssignIPv6     *attributeFlag `wire:"AssignIpv6AddressOnCreation"`
	DNS64          *attributeFlag `wire:"EnableDns64"`
	ResourceNameA  *attributeFlag `wire:"EnableResourceNameDnsARecordOnLaunch"`
	ResourceName6A *attributeFlag `wire:"EnableResourceNameDnsAAAARecordOnLaunch"`
	HostnameType   string         `wire:"PrivateDnsHostnameTypeOnLaunch"`
}

// modifySubnetAttribute changes one attribute; AWS refuses two in one call.
func (w *world) modifySubnetAttribute(in modifySubnetAttributeInput) (done, error) {
	s, err := w.subnet(in.SubnetID)
	if err != nil {
		return done{}, err
	}
	if n := in.count(); n != 1 {
		return done{}, refuse("InvalidParameterCombination", "Exactly one subnet attribute can be modified at a time, not %d", n)
	}
	a := &s.Attribute
	switch {
	case in.AssignIPv6 != nil && in.AssignIPv6.Value && len(s.IPv6) == 0:
		return done{}, refuse("InvalidParameterValue", "Invalid value '%s' for subnetId. Subnet does not have an IPv6 CIDR block associated with it", s.ID)
	case in.HostnameType != "" && in.HostnameType != "ip-name" && in.HostnameType != "resource-name":
		return done{}, refuse("InvalidParameterValue", "Value (%s) for parameter privateDnsHostnameTypeOnLaunch is invalid.", in.HostnameType)
	case in.HostnameType != "":
		a.HostnameType = in.HostnameType
	}
	for flag, field := range map[*attributeFlag]*bool{
		in.MapPublicIP: &a.MapPublicIP, in.AssignIPv6: &a.AssignIPv6, in.DNS64: &a.DNS64,
		in.ResourceNameA: &a.ResourceNameA, in.ResourceName6A: &a.ResourceName6A,
	} {
		if flag != nil {
			*field = flag.Value
		}
	}
	return ok, nil
}

// count is how many attributes a call sets.
func (in modifySubnetAttributeInput) count() int {
	n := 0
	for _, flag := range []*attributeFlag{in.MapPublicIP, in.AssignIPv6, in.DNS64, in.ResourceNameA, in.ResourceName6A} {
		if flag != nil {
			n++
		}
	}
	if in.HostnameType != "" {
		n++
	}
	return n
}
