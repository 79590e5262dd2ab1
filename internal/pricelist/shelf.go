package pricelist

import "github.com/quorate/quorate/internal/prices"

// A shelf is where some prices stand in AWS's list.
type shelf struct {
	name    string
	service string
	// at is the attribute with the region; regionCode if empty.
	at string
	// match is what the products there have in common.
	match map[string]string
	take  func(*findings, offer)
}

// shelves follow the attributes of the price list, which the user guide of AWS Billing
// leaves to the list itself ("Finding services and products").
var shelves = []shelf{
	{
		name: "instances", service: "AmazonEC2",
		match: map[string]string{"operatingSystem": "Linux", "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used", "marketoption": "OnDemand"},
		take:  takeInstance,
	},
	{name: "volumes", service: "AmazonEC2", match: family("Storage"), take: takeVolume},
	{name: "IOPS", service: "AmazonEC2", match: family("System Operation"), take: takeIOPS},
	{name: "throughput", service: "AmazonEC2", match: family("Provisioned Throughput"), take: takeThroughput},
	{name: "NAT gateways", service: "AmazonEC2", match: family("NAT Gateway"), take: takeUsage(map[string]prices.Rate{"NatGateway-Hours": prices.NATGatewayHour})},
	{
		name: "network load balancers", service: "AWSELB", match: family("Load Balancer-Network"),
		take: takeUsage(map[string]prices.Rate{"LoadBalancerUsage": prices.NetworkLBHour, "LCUUsage": prices.NetworkLBUnit}),
	},
	{name: "classic load balancers", service: "AWSELB", match: family("Load Balancer"), take: takeUsage(map[string]prices.Rate{"LoadBalancerUsage": prices.ClassicLBHour})},
	{
		name: "public IPv4 addresses", service: "AmazonVPC", match: map[string]string{"group": "VPCPublicIPv4Address"},
		take: takeUsage(map[string]prices.Rate{"PublicIPv4:InUseAddress": prices.PublicIPv4Hour}),
	},
	{
		name: "traffic between zones", service: "AWSDataTransfer", at: "fromRegionCode", match: map[string]string{"transferType": "IntraRegion"},
		take: takeUsage(map[string]prices.Rate{"DataTransfer-Regional-Bytes": prices.CrossZoneTraffic}),
	},
}

func family(name string) map[string]string { return map[string]string{"productFamily": name} }

func takeInstance(f *findings, o offer) {
	if kind := o.Product.Attributes["instanceType"]; kind != "" && o.unit == "Hrs" {
		f.take(&f.region.Instances, kind, o, o.price)
	}
}

var sizes = map[string]prices.Rate{
	"gp2": prices.GP2Size, "gp3": prices.GP3Size, "io1": prices.IO1Size, "io2": prices.IO2Size,
	"st1": prices.ST1Size, "sc1": prices.SC1Size, "standard": prices.StandardSize,
}

func takeVolume(f *findings, o offer) {
	if rate, known := sizes[o.Product.Attributes["volumeApiName"]]; known && o.unit == "GB-Mo" {
		f.rate(rate, o, o.price)
	}
}

// iops are by type of volume and by the group that AWS puts a tier into.
var iops = map[[2]string]prices.Rate{
	{"gp3", "EBS IOPS"}:        prices.GP3IOPS,
	{"io1", "EBS IOPS"}:        prices.IO1IOPS,
	{"io2", "EBS IOPS"}:        prices.IO2IOPS,
	{"io2", "EBS IOPS Tier 2"}: prices.IO2IOPSAbove32k,
	{"io2", "EBS IOPS Tier 3"}: prices.IO2IOPSAbove64k,
}

func takeIOPS(f *findings, o offer) {
	if rate, known := iops[[2]string{o.Product.Attributes["volumeApiName"], o.Product.Attributes["group"]}]; known && o.unit == "IOPS-Mo" {
		f.rate(rate, o, o.price)
	}
}

// takeThroughput turns the price of a GiB/s into that of a MiB/s.
func takeThroughput(f *findings, o offer) {
	if o.Product.Attributes["volumeApiName"] != "gp3" {
		return
	}
	switch o.unit {
	case "GiBps-mo":
		f.rate(prices.GP3Throughput, o, o.price/1024)
	case "MiBps-Mo":
		f.rate(prices.GP3Throughput, o, o.price)
	}
}

// takeUsage takes what is told apart by its usage type.
func takeUsage(rates map[string]prices.Rate) func(*findings, offer) {
	return func(f *findings, o offer) {
		if rate, known := rates[o.usage()]; known {
			f.rate(rate, o, o.price)
		}
	}
}

func (f *findings) rate(rate prices.Rate, o offer, price float64) {
	f.take(&f.region.Rates, string(rate), o, price)
}
