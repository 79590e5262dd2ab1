package host

import (
	"context"
	"errors"
	"slices"
	"strings"

	"code.gitea.io/sdk/gitea"
	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"github.com/quorate/quorate/sync/commitstatus"
)

// Teams is the part of a host with organizations that knows who is in their teams.
type Teams interface {
	// InTeam reports whether a user is in a team: org/team on GitHub and Gitea, the path of a group on GitLab.
	// Nobody is in a team that the host does not know, or does not show to us: ErrRefused says the latter where
	// the host does.
	InTeam(ctx context.Context, team, user string) (bool, error)
}

// teamPath is what the hosts allow, and GitLab's groups are nested, at most 20 deep. Clients put it into paths,
// some as it is.
func teamPath(team string) bool {
	parts := strings.Split(team, "/")
	return len(parts) <= 20 && !slices.ContainsFunc(parts, func(part string) bool { return !userName.MatchString(part) })
}

// orgTeam cuts the name of a team of an organization.
func orgTeam(team string) (org, name string, ok bool) {
	org, name, ok = strings.Cut(team, "/")
	return org, name, ok && teamPath(team) && !strings.Contains(name, "/")
}

// inTeam takes what the host does not know for nobody.
func (a address) inTeam(ctx context.Context, team string, in bool, err error) (bool, error) {
	if err == nil {
		return in, nil
	}
	if errors.Is(classed(ctx, err), ErrNotFound) {
		return false, nil
	}
	return false, a.failed(ctx, "read who is in the team "+commitstatus.Shorten(team, maxDetail), err)
}

// InTeam knows the members of child teams, too.
// https://docs.github.com/en/rest/teams/members#get-team-membership-for-a-user
func (h *gitHub) InTeam(ctx context.Context, team, user string) (bool, error) {
	org, slug, ok := orgTeam(team)
	if !ok || !userName.MatchString(user) {
		return false, nil
	}
	member, _, err := h.client.Teams.GetTeamMembershipBySlug(ctx, org, slug, user)
	return h.inTeam(ctx, team, member.GetState() == "active", err)
}

// InTeam knows the members of the groups above, too, who are members of each below.
// https://docs.gitlab.com/api/group_members/#get-a-member-of-a-group-or-project-including-inherited-and-invited-members
func (h *gitLab) InTeam(ctx context.Context, team, user string) (bool, error) {
	if !teamPath(team) || !userName.MatchString(user) {
		return false, nil
	}
	id, err := h.userID(ctx, user)
	if err != nil || id == 0 {
		return h.inTeam(ctx, team, false, err)
	}
	member, _, err := h.client.GroupMembers.GetInheritedGroupMember(team, id, gitlab.WithContext(ctx))
	return h.inTeam(ctx, team, member != nil && member.State == "active", err)
}

// userID is zero if there is no such user.
func (h *gitLab) userID(ctx context.Context, user string) (int64, error) {
	found, _, err := h.client.Users.ListUsers(&gitlab.ListUsersOptions{Username: &user}, gitlab.WithContext(ctx))
	if err != nil {
		return 0, classed(ctx, err)
	}
	if found = present(found); len(found) != 1 || !strings.EqualFold(found[0].Username, user) {
		return 0, nil
	}
	return found[0].ID, nil
}

// maxTeams bounds the teams of an organization that are looked at.
const maxTeams = 1000

// InTeam finds the team's number by its name: the host tells its members by no other. Who asks must own the
// organization or be in the team.
func (h *giteaHost) InTeam(ctx context.Context, team, user string) (bool, error) {
	org, name, ok := orgTeam(team)
	if !ok || !userName.MatchString(user) {
		return false, nil
	}
	all, err := giteaPages(ctx, h, maxTeams, func(client *gitea.Client, opts gitea.ListOptions) ([]*gitea.Team, *gitea.Response, error) {
		some, resp, err := client.ListOrgTeams(org, gitea.ListTeamsOptions{ListOptions: opts})
		return present(some), resp, err
	})
	i := slices.IndexFunc(all, func(t *gitea.Team) bool { return strings.EqualFold(t.Name, name) })
	if err != nil || i < 0 {
		return h.inTeam(ctx, team, false, err)
	}
	client, err := h.client(ctx)
	if err == nil {
		_, _, err = client.GetTeamMember(all[i].ID, user)
	}
	return h.inTeam(ctx, team, true, err)
}
