package promotion

import (
	"context"
	"errors"
	"strings"

	"github.com/quorate/quorate/sync/host"
)

// seat notes of everybody who agreed in which they are of the teams that the rules may mean by these names. A team
// that the host does not show to us counts for nobody, and that is said.
func (o *origins) seat(ctx context.Context, came *origin, names []string) {
	if o.reviews == nil {
		return
	}
	for i, person := range came.approvals {
		for _, name := range names {
			if strings.EqualFold(name, person.Name) {
				continue
			}
			in, err := o.teams.get(name+" "+person.Name, func() (bool, error) { return o.reviews.InTeam(ctx, name, person.Name) })
			switch {
			case errors.Is(err, host.ErrRefused):
				came.unknown = "the Git host does not tell us who is in " + name
			case err != nil:
				came.doubt = "the Git host does not say who approved: " + err.Error()
			case in:
				came.approvals[i].Teams = append(came.approvals[i].Teams, name)
			}
		}
	}
}
