package pricelist

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/aws/aws-sdk-go-v2/service/pricing/types"

	"github.com/quorate/quorate/internal/prices"
)

// Endpoint is the region whose pricing API knows the prices of a region: AWS serves it
// in us-east-1 for the world, and in cn-northwest-1 for China.
func Endpoint(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return "cn-northwest-1"
	}
	return "us-east-1"
}

// Products is the call of the pricing API.
type Products interface {
	GetProducts(context.Context, *pricing.GetProductsInput, ...func(*pricing.Options)) (*pricing.GetProductsOutput, error)
}

// Source is what a table says of prices that came from here.
const Source = "AWS price list API"

// Fetch reads the prices of a region. What the list does not have, or has twice with
// two prices, is left out and so stays unknown; missing names the rates among it. A region
// without any instance is an error: there is no such region.
func Fetch(ctx context.Context, client Products, region string) (r prices.Region, missing []prices.Rate, err error) {
	found := findings{region: prices.Region{
		Instances: prices.Section{Source: Source + "; Linux, on demand, shared tenancy", Prices: map[string]float64{}},
		Rates:     prices.Section{Source: Source, Prices: map[string]float64{}},
	}, twice: map[string]bool{}}
	for _, s := range shelves {
		if err := s.read(ctx, client, region, &found); err != nil {
			return prices.Region{}, nil, fmt.Errorf("prices of %s in %s: %w", s.name, region, err)
		}
	}
	if len(found.region.Instances.Prices) == 0 {
		return prices.Region{}, nil, fmt.Errorf("AWS's price list has no instances in %s; is that a region?", region)
	}
	for _, rate := range prices.Rates() {
		if _, known := found.region.Rates.Prices[string(rate)]; !known {
			missing = append(missing, rate)
		}
	}
	return found.region, missing, nil
}

// findings collects prices. A price that was found twice, and was not the same, is none.
type findings struct {
	region prices.Region
	twice  map[string]bool
}

func (f *findings) take(section *prices.Section, key string, o offer, price float64) {
	known, had := section.Prices[key]
	switch {
	case f.twice[key] || price <= 0 || had && known == price:
		return
	case had:
		f.twice[key] = true
		delete(section.Prices, key)
		return
	}
	section.Prices[key] = price
	section.Date = max(section.Date, o.published())
	f.region.Currency = o.currency
}

// read takes every product of a shelf, page by page.
func (s shelf) read(ctx context.Context, client Products, region string, found *findings) error {
	in := &pricing.GetProductsInput{ServiceCode: aws.String(s.service), FormatVersion: aws.String("aws_v1"), Filters: s.filters(region)}
	pages := pricing.NewGetProductsPaginator(client, in)
	for pages.HasMorePages() {
		answer, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, text := range answer.PriceList {
			o, err := parse(text)
			if err != nil {
				return err
			}
			if o.elsewhere() {
				continue
			}
			s.take(found, o)
		}
	}
	return nil
}

func (s shelf) filters(region string) []types.Filter {
	at := s.at
	if at == "" {
		at = "regionCode"
	}
	filters := []types.Filter{match(at, region)}
	for _, field := range slices.Sorted(maps.Keys(s.match)) {
		filters = append(filters, match(field, s.match[field]))
	}
	return filters
}

func match(field, value string) types.Filter {
	return types.Filter{Type: types.FilterTypeTermMatch, Field: aws.String(field), Value: aws.String(value)}
}
