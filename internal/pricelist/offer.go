package pricelist

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// offer is a product of the price list with its price on demand, as the list's documents
// (format aws_v1) have it.
type offer struct {
	Product struct {
		Attributes map[string]string `json:"attributes"`
	} `json:"product"`
	Terms struct {
		OnDemand map[string]struct {
			Dimensions map[string]dimension `json:"priceDimensions"`
		}
	} `json:"terms"`
	PublicationDate string `json:"publicationDate"`

	unit, currency string
	price          float64
}

type dimension struct {
	Unit  string            `json:"unit"`
	Begin string            `json:"beginRange"`
	Price map[string]string `json:"pricePerUnit"`
}

// parse reads a document. Of a price in steps the first that costs anything counts: an
// allowance that is free is an account's and not a cluster's.
func parse(text string) (offer, error) {
	var o offer
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return offer{}, fmt.Errorf("read a product: %w", err)
	}
	first := -1.0
	for _, term := range o.Terms.OnDemand {
		for _, d := range term.Dimensions {
			begin, err := strconv.ParseFloat(d.Begin, 64)
			if err != nil {
				begin = 0 // AWS leaves it out where there are no steps
			}
			for currency, value := range d.Price {
				price, err := strconv.ParseFloat(value, 64)
				if err != nil {
					return offer{}, fmt.Errorf("read a product: its price is %q", value)
				}
				if price > 0 && (first < 0 || begin < first) {
					first, o.unit, o.currency, o.price = begin, d.Unit, currency, price
				}
			}
		}
	}
	return o, nil
}

// published is the day of the list.
func (o offer) published() string {
	day, _, _ := strings.Cut(o.PublicationDate, "T")
	return day
}

// elsewhere tells whether the product is sold beside the region: in a local zone, a
// wavelength zone or an Outpost.
func (o offer) elsewhere() bool {
	for _, field := range []string{"locationType", "fromLocationType"} {
		if at := o.Product.Attributes[field]; at != "" && at != "AWS Region" {
			return true
		}
	}
	return false
}

// usage is the usage type without the region's code in front ("USW2-NatGateway-Hours").
func (o offer) usage() string {
	usage := o.Product.Attributes["usagetype"]
	code, rest, found := strings.Cut(usage, "-")
	if found && code == strings.ToUpper(code) && !strings.Contains(code, ":") {
		return rest
	}
	return usage
}
