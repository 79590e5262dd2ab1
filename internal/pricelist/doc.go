// Package pricelist answers: what does AWS ask today?
//
// [Fetch] reads AWS's price list (the pricing API) for one region and makes the form of
// it that bills are reckoned from. It knows where in the list a price stands; what the
// prices are for is the prices package's.
package pricelist
