package awssim

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/quorate/quorate/internal/prices"
)

// pricingOperations is all of the price list that the simulator knows.
var pricingOperations = map[string]operation{"GetProducts": reads((*world).getProducts)}

var pricingProtocol = awsJSON{contentType: "application/x-amz-json-1.1", shapes: "com.amazonaws.pricing"}

// listPrices are the prices that the table carries; it is part of the program.
func listPrices() prices.Table {
	table, err := prices.Bundled()
	if err != nil {
		panic(err)
	}
	return table
}

type getProductsInput struct {
	ServiceCode   string
	FormatVersion string
	Filters       []struct{ Type, Field, Value string }
	MaxResults    *int
	NextToken     string
}

type getProductsOutput struct {
	FormatVersion string
	// PriceList has JSON documents as strings.
	PriceList []string
	NextToken string `json:",omitempty"`
}

// getProducts answers pages of at most 100 products, sorted by SKU.
func (w *world) getProducts(in getProductsInput) (getProductsOutput, error) {
	for _, f := range in.Filters {
		if f.Type != "TERM_MATCH" {
			return getProductsOutput{}, refuse("InvalidParameterException", "the simulator has no filters of type %s", f.Type)
		}
	}
	if in.ServiceCode == "" {
		return getProductsOutput{}, refuse("InvalidParameterException", "ServiceCode is required")
	}
	var found []product
	for name, region := range w.region.cfg.Prices.Regions {
		for _, p := range productsOf(name, region) {
			if p.service == in.ServiceCode && p.matches(in.Filters) {
				found = append(found, p)
			}
		}
	}
	for i := range found {
		found[i].sku = found[i].newSKU()
	}
	slices.SortFunc(found, func(a, b product) int { return strings.Compare(a.sku, b.sku) })
	cut, next, err := page(found, func(p product) string { return p.sku }, paging{in.MaxResults, in.NextToken}, 100)
	if err != nil {
		return getProductsOutput{}, err
	}
	out := getProductsOutput{FormatVersion: "aws_v1", PriceList: []string{}, NextToken: next}
	for _, p := range cut {
		out.PriceList = append(out.PriceList, p.document())
	}
	return out, nil
}

// product is one entry of the price list.
type product struct {
	service, family string
	attributes      map[string]string
	unit, currency  string
	price           float64
	published       string // YYYY-MM-DD
	sku             string
}

func (p product) matches(filters []struct{ Type, Field, Value string }) bool {
	for _, f := range filters {
		value := p.attributes[f.Field]
		if f.Field == "productFamily" {
			value = p.family
		}
		if !strings.EqualFold(value, f.Value) {
			return false
		}
	}
	return true
}

// newSKU is sixteen letters and digits that stay the same for the same product.
func (p product) newSKU() string {
	keys := slices.Sorted(maps.Keys(p.attributes))
	h := sha256.New()
	for _, k := range keys {
		fmt.Fprintf(h, "%s=%s\n", k, p.attributes[k])
	}
	return base32.StdEncoding.EncodeToString(h.Sum(nil))[:16]
}

// The codes that AWS gives to what is on demand, and to a price by the hour.
const (
	onDemandTerm   = "JRTCKXETXF"
	hourlyRateCode = "6YS6EN2CT7"
)

// document is the product as the price list has it.
func (p product) document() string {
	term, rate := p.sku+"."+onDemandTerm, p.sku+"."+onDemandTerm+"."+hourlyRateCode
	text, err := json.Marshal(map[string]any{
		"product":     map[string]any{"productFamily": p.family, "attributes": p.attributes, "sku": p.sku},
		"serviceCode": p.service,
		"terms": map[string]any{"OnDemand": map[string]any{term: map[string]any{
			"sku": p.sku, "offerTermCode": onDemandTerm, "effectiveDate": p.published + "T00:00:00Z", "termAttributes": map[string]any{},
			"priceDimensions": map[string]any{rate: map[string]any{
				"rateCode": rate, "unit": p.unit, "beginRange": "0", "endRange": "Inf", "appliesTo": []string{},
				"description":  fmt.Sprintf("%.10f %s per %s", p.price, p.currency, p.unit),
				"pricePerUnit": map[string]string{p.currency: fmt.Sprintf("%.10f", p.price)},
			}},
		}}},
		"version": strings.ReplaceAll(p.published, "-", "") + "000000", "publicationDate": p.published + "T00:00:00Z",
	})
	if err != nil {
		panic(err) // maps of strings
	}
	return string(text)
}
