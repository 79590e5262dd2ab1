package review

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/quorate/quorate/sync/host"
)

// command is what somebody orders in a comment.
type command struct {
	verb     string
	argument string
}

// verbs are the commands: who may give them, and what is written behind them. Nothing else is one.
var verbs = map[string]struct {
	role     host.Role
	argument string // what it is called; empty if there is none
}{
	"plan":    {host.Write, ""},
	"explain": {host.Write, ""},
	"pause":   {host.Write, "REASON"},
	"resume":  {host.Write, ""},
	"roll":    {host.Admin, "GROUP"},
	"approve": {host.Write, ""},
}

var groupName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,254}$`)

// parse finds the command on the first line of a comment, where nobody quotes. complaint is the sentence for
// a line that is addressed to us and says nothing that we know.
func parse(body string) (c command, complaint string, addressed bool) {
	line, _, _ := strings.Cut(strings.TrimSpace(body), "\n")
	words := strings.Fields(line)
	if len(words) == 0 || words[0] != "/quorate" {
		return command{}, "", false
	}
	if len(words) == 1 {
		return command{}, "say what to do: " + usage(), true
	}
	c = command{words[1], strings.Join(words[2:], " ")}
	verb, known := verbs[c.verb]
	switch {
	case !known:
		return c, "there is no such command; say one of " + usage(), true
	case verb.argument == "" && c.argument != "":
		return c, "nothing is written behind " + c.verb, true
	case verb.argument == "REASON" && c.argument == "":
		return c, "say why, for those who find it paused: /quorate pause REASON", true
	case verb.argument == "GROUP" && !groupName.MatchString(c.argument):
		return c, "name one instance group: /quorate roll GROUP", true
	}
	return c, "", true
}

func usage() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(verbs)) {
		all = append(all, strings.TrimSpace(name+" "+verbs[name].argument))
	}
	return strings.Join(all, ", ")
}

// allow judges whether the author of a comment may order it; the sentence says why not.
func (c command) allow(comment host.Comment, role host.Role) string {
	switch need := verbs[c.verb].role; {
	case comment.Edited:
		return "an edited comment is not obeyed, for others may have edited it; write a new one"
	case role < need:
		return fmt.Sprintf("%s needs the right to %s here, and you have %s", c.verb, right(need), right(role))
	}
	return ""
}

func right(r host.Role) string {
	return map[host.Role]string{host.None: "none", host.Read: "read", host.Write: "write", host.Admin: "administer"}[r]
}
