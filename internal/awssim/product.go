package awssim

import (
	"maps"
	"strings"

	"github.com/quorate/quorate/internal/prices"
)

// wares tell where in the price list each rate is found. Times is how many units of the
// table are one of the list: AWS sells throughput by the GiB/s.
var wares = map[prices.Rate]struct {
	service, family, usage, unit string
	more                         map[string]string
	times                        float64
}{
	prices.GP2Size:          {"AmazonEC2", "Storage", "EBS:VolumeUsage.gp2", "GB-Mo", volumes("gp2"), 1},
	prices.GP3Size:          {"AmazonEC2", "Storage", "EBS:VolumeUsage.gp3", "GB-Mo", volumes("gp3"), 1},
	prices.GP3IOPS:          {"AmazonEC2", "System Operation", "EBS:VolumeP-IOPS.gp3", "IOPS-Mo", volumes("gp3", "group", "EBS IOPS"), 1},
	prices.GP3Throughput:    {"AmazonEC2", "Provisioned Throughput", "EBS:VolumeP-Throughput.gp3", "GiBps-mo", volumes("gp3", "group", "EBS Throughput"), 1024},
	prices.IO1Size:          {"AmazonEC2", "Storage", "EBS:VolumeUsage.piops", "GB-Mo", volumes("io1"), 1},
	prices.IO1IOPS:          {"AmazonEC2", "System Operation", "EBS:VolumeP-IOPS.piops", "IOPS-Mo", volumes("io1", "group", "EBS IOPS"), 1},
	prices.IO2Size:          {"AmazonEC2", "Storage", "EBS:VolumeUsage.io2", "GB-Mo", volumes("io2"), 1},
	prices.IO2IOPS:          {"AmazonEC2", "System Operation", "EBS:VolumeP-IOPS.io2", "IOPS-Mo", volumes("io2", "group", "EBS IOPS"), 1},
	prices.IO2IOPSAbove32k:  {"AmazonEC2", "System Operation", "EBS:VolumeP-IOPS.io2.tier2", "IOPS-Mo", volumes("io2", "group", "EBS IOPS Tier 2"), 1},
	prices.IO2IOPSAbove64k:  {"AmazonEC2", "System Operation", "EBS:VolumeP-IOPS.io2.tier3", "IOPS-Mo", volumes("io2", "group", "EBS IOPS Tier 3"), 1},
	prices.ST1Size:          {"AmazonEC2", "Storage", "EBS:VolumeUsage.st1", "GB-Mo", volumes("st1"), 1},
	prices.SC1Size:          {"AmazonEC2", "Storage", "EBS:VolumeUsage.sc1", "GB-Mo", volumes("sc1"), 1},
	prices.StandardSize:     {"AmazonEC2", "Storage", "EBS:VolumeUsage", "GB-Mo", volumes("standard"), 1},
	prices.NetworkLBHour:    {"AWSELB", "Load Balancer-Network", "LoadBalancerUsage", "Hrs", nil, 1},
	prices.NetworkLBUnit:    {"AWSELB", "Load Balancer-Network", "LCUUsage", "LCU-Hrs", nil, 1},
	prices.ClassicLBHour:    {"AWSELB", "Load Balancer", "LoadBalancerUsage", "Hrs", nil, 1},
	prices.NATGatewayHour:   {"AmazonEC2", "NAT Gateway", "NatGateway-Hours", "Hrs", map[string]string{"group": "NGW:NatGateway"}, 1},
	prices.PublicIPv4Hour:   {"AmazonVPC", "VpcPublicIPv4Address", "PublicIPv4:InUseAddress", "Hrs", map[string]string{"group": "VPCPublicIPv4Address"}, 1},
	prices.CrossZoneTraffic: {"AWSDataTransfer", "Data Transfer", "DataTransfer-Regional-Bytes", "GB", map[string]string{"transferType": "IntraRegion"}, 1},
}

func volumes(kind string, more ...string) map[string]string {
	attributes := map[string]string{"volumeApiName": kind}
	for i := 0; i+1 < len(more); i += 2 {
		attributes[more[i]] = more[i+1]
	}
	return attributes
}

// productsOf is all that a region's table has, as the price list has it. Among it is what
// looks alike and costs something else: a machine with Windows, and a load balancer of an
// Outpost.
func productsOf(name string, r prices.Region) []product {
	var all []product
	for kind, price := range r.Instances.Prices {
		all = append(all, machineProduct(name, kind, "Linux", r, price), machineProduct(name, kind, "Windows", r, 2*price))
	}
	for rate, price := range r.Rates.Prices {
		w := wares[prices.Rate(rate)]
		attributes := map[string]string{"usagetype": usage(name, w.usage), "servicecode": w.service, "locationType": "AWS Region", "regionCode": name}
		if w.service == "AWSDataTransfer" {
			delete(attributes, "regionCode")
			attributes["fromRegionCode"], attributes["toRegionCode"] = name, name
		}
		maps.Copy(attributes, w.more)
		p := product{
			service: w.service, family: w.family, attributes: attributes, unit: w.unit,
			currency: r.Currency, price: price * w.times, published: r.Rates.Date,
		}
		all = append(all, p)
		if w.usage == "LoadBalancerUsage" {
			p.attributes = maps.Clone(attributes)
			p.attributes["usagetype"], p.price = usage(name, "Outposts-LoadBalancerUsage"), 3*price
			all = append(all, p)
		}
	}
	return all
}

func machineProduct(region, kind, system string, r prices.Region, price float64) product {
	family := "Compute Instance"
	if strings.HasSuffix(kind, ".metal") {
		family = "Compute Instance (bare metal)"
	}
	return product{service: "AmazonEC2", family: family, attributes: map[string]string{
		"instanceType": kind, "operatingSystem": system, "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used",
		"marketoption": "OnDemand", "licenseModel": "No License required", "locationType": "AWS Region", "regionCode": region,
		"servicecode": "AmazonEC2", "usagetype": usage(region, "BoxUsage:"+kind),
	}, unit: "Hrs", currency: r.Currency, price: price, published: r.Instances.Date}
}

// usage puts a region's code in front of a usage type; us-east-1, the first one, has none.
func usage(region, kind string) string {
	if region == "us-east-1" {
		return kind
	}
	return strings.ToUpper(strings.ReplaceAll(region, "-", "")) + "-" + kind
}
