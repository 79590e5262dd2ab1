package diff

import "slices"

// sharedChange judges a resource that the manifest gives by id. It is wanted as
// found, so the only differences are that it is not there, and that it is not what
// the manifest says of it; both are for people to mend.
func sharedChange(c Change, found bool) (Change, bool) {
	c.Effect = Forbid
	if !found {
		c.Have = nil
		c.Reason = "the manifest gives it by id, and AWS has no such thing in this region; correct the id, or leave it out to have one made"
		return c, true
	}
	fields := rows[c.Ref.Kind].compare(c.Want, c.Have)
	c.Fields = slices.DeleteFunc(fields, func(f FieldChange) bool { return f.Effect != Forbid })
	c.Reason = "the manifest gives it by id, so it is never changed, but AWS has other values than the manifest; correct the manifest"
	return c, len(c.Fields) > 0
}
