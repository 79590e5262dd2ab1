package awssim

import (
	"maps"
	"slices"
)

// ec2Operations is all of EC2 that the simulator knows, by kind.
var ec2Operations = map[string]operation{
	"CreateTags":      mutates((*world).createTags),
	"DeleteTags":      mutates((*world).deleteTags),
	"DescribeTags":    reads((*world).describeTags),
	"CreateVpc":       mutates((*world).createVPC),
	"DescribeVpcs":    reads((*world).describeVPCs),
	"DeleteVpc":       mutates((*world).deleteVPC),
	"CreateSubnet":    mutates((*world).createSubnet),
	"DescribeSubnets": reads((*world).describeSubnets),
	"DeleteSubnet":    mutates((*world).deleteSubnet),
}

// query is embedded in the input of Describe calls: which objects, and which page of them.
type query struct {
	Filters []filter `wire:"Filter"`
	paging
}

// describe lists the objects of a kind that a query asks for, by id. ids restricts it to these, all
// of which must exist (else the error notFound); EC2 refuses ids together with MaxResults.
func describe[T any](w *world, rows map[string]T, ids []string, q query, table filterTable[T], notFound string) ([]T, string, error) {
	if len(ids) > 0 && q.MaxResults != nil {
		return nil, "", refuse("InvalidParameterCombination", "The parameter MaxResults cannot be used with a list of ids")
	}
	if err := table.check(q.Filters); err != nil {
		return nil, "", err
	}
	if len(ids) == 0 {
		ids = slices.Collect(maps.Keys(rows))
	}
	slices.Sort(ids)
	var found []string
	for _, id := range slices.Compact(ids) {
		object, exists := rows[id]
		if !exists {
			return nil, "", refuse(notFound, "The ID '%s' does not exist", id)
		}
		matched, err := table.matches(w, id, object, q.Filters)
		if err != nil {
			return nil, "", err
		}
		if matched {
			found = append(found, id)
		}
	}
	found, next, err := page(found, func(id string) string { return id }, q.paging, 1000)
	if err != nil {
		return nil, "", err
	}
	list := make([]T, len(found))
	for i, id := range found {
		list[i] = rows[id]
	}
	return list, next, nil
}

// lookup finds an object by id or refuses with the kind's code.
func lookup[T any](rows map[string]T, id, notFound string) (T, error) {
	object, exists := rows[id]
	if !exists {
		return object, refuse(notFound, "The ID '%s' does not exist", id)
	}
	return object, nil
}
