package kopsspec

import (
	"iter"
	"strings"
)

// longestTypo bounds the work on a hostile name; the longest field of kops has 46 letters.
const longestTypo = 64

// Nearest finds the name that was probably meant: the same letters in another case, few edits away, or
// with a front that was left out (members for etcdMembers).
func Nearest(name string, known iter.Seq[string]) (string, bool) {
	if len(name) > longestTypo {
		return "", false
	}
	best, bestDistance := "", (len(name)+2)/3+1
	for k := range known {
		if strings.EqualFold(k, name) {
			return k, true
		}
		if best == "" && len(name) > 3 && strings.HasSuffix(strings.ToLower(k), strings.ToLower(name)) {
			best = k
		}
		if d := len(k) - len(name); d > bestDistance || -d > bestDistance {
			continue
		}
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < bestDistance || d == bestDistance && best != "" && k < best {
			best, bestDistance = k, d
		}
	}
	return best, best != ""
}

// distance is the Levenshtein distance in bytes; field names are ASCII.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
