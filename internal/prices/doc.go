// Package prices answers: what does a topology cost a month?
//
// Start at [Table.Compare], which prices a plan's two sides, or at [Table.Monthly],
// which prices one. A [Table] is a file of list prices by region; one is embedded
// ([Bundled]), so that planning asks nobody. What a table does not know is unknown: it
// never becomes zero, nor the price of another region.
//
// The package is a function from values to values and imports the topology alone.
package prices
