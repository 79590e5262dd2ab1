package repair

import (
	"strconv"
	"strings"
	"time"

	"github.com/quorate/quorate/topology"
)

// Marks are what was done about a group, as its tags tell. Those that were made for other manifests than
// the present ones count for nothing: a new commit is a new chance.
type Marks struct {
	// Halt is zero unless the roll of this group halted the cluster.
	Halt Mark
	// From is the template version that the group made machines from before the roll that is under
	// way; zero when its machine has come back since.
	From Mark
	// Ended is the machine that was ended last, and how many were in a row.
	Ended Mark
	// Sick is the machine that was seen to be away although it had been back.
	Sick Mark
	// Old reports that there are marks, of whatever manifests.
	Old []string
}

// A Mark is one tag on a group. Which fields count depends on what it is a mark of.
type Mark struct {
	// Digest stands for the manifests that it was made for; see desired.Cluster.
	Digest string
	At     time.Time
	// Machine is an EC2 instance id.
	Machine string
	// Version is a launch template version; Good is the one that worked before it.
	Version, Good string
	// Image is the AMI id of Version.
	Image string
	// Count is how many machines were ended in a row.
	Count int
}

// Set reports whether there is such a mark.
func (m Mark) Set() bool { return !m.At.IsZero() }

// String is the value of the tag: a few words, of which AWS takes 256 characters.
func (m Mark) String() string {
	words := []string{"at=" + m.At.UTC().Format(time.RFC3339)}
	for _, w := range []struct{ key, value string }{
		{"for", m.Digest}, {"machine", m.Machine}, {"version", m.Version}, {"good", m.Good}, {"image", m.Image}, {"count", strconv.Itoa(m.Count)},
	} {
		if w.value != "" && w.value != "0" {
			words = append(words, w.key+"="+w.value)
		}
	}
	return strings.Join(words, " ")
}

// parse reads what String wrote. What somebody else wrote is no mark.
func parse(value string) Mark {
	var m Mark
	fields := map[string]*string{"for": &m.Digest, "machine": &m.Machine, "version": &m.Version, "good": &m.Good, "image": &m.Image}
	for word := range strings.FieldsSeq(value) {
		key, text, _ := strings.Cut(word, "=")
		switch field := fields[key]; {
		case field != nil:
			*field = text
		case key == "at":
			m.At, _ = time.Parse(time.RFC3339, text)
		case key == "count":
			m.Count, _ = strconv.Atoi(text)
		}
	}
	return m
}

// Read reads the marks among the tags of a group; the digest is that of the manifests now.
func Read(tags topology.Tags, digest string) Marks {
	var m Marks
	for _, key := range topology.MarkTags {
		if value, marked := tags[key]; marked {
			mark := parse(value)
			m.Old = append(m.Old, key)
			switch key {
			case topology.TagHalted:
				m.Halt = mark.of(digest)
			case topology.TagRolledFrom:
				m.From = mark
			case topology.TagEnded:
				m.Ended = mark.of(digest)
			case topology.TagSick:
				m.Sick = mark
			}
		}
	}
	return m
}

// of is the mark if it was made for the manifests of the digest.
func (m Mark) of(digest string) Mark {
	if m.Digest != digest {
		return Mark{}
	}
	return m
}
