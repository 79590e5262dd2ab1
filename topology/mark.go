package topology

import "slices"

// Tags on Auto Scaling groups by which the service remembers what it did about them. They are not passed
// on to machines and no part of a topology: nobody wants them, and nobody misses them. apply/repair
// writes and reads the values of all but the last.
const (
	// TagHalted is on a group whose roll halted that of the whole cluster.
	TagHalted = "quorate.dev/halted"
	// TagRolledFrom is on a group that rolls, until the new template has proved itself on it.
	TagRolledFrom = "quorate.dev/rolled-from"
	// TagEnded is on a group of which a machine was ended because it did not come back.
	TagEnded = "quorate.dev/ended"
	// TagSick is on a group whose machine is away although it had been back before.
	TagSick = "quorate.dev/sick"
	// TagApplied is on control-plane groups and says which manifests were applied to their end, or are on
	// their way. sync/drift writes and reads its value.
	TagApplied = "quorate.dev/applied"
)

// MarkTags are all of them that tell of repairs and rolls, sorted.
var MarkTags = []string{TagEnded, TagHalted, TagRolledFrom, TagSick}

// IsMark reports whether a tag is one by which the service remembers something.
func IsMark(key string) bool { return key == TagApplied || slices.Contains(MarkTags, key) }
