package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/quorate/quorate/topology"
)

// foundUserData is what machines of the newest version boot from, as AWS has it. It
// must still be the version that the plan looked at: kops may write a newer one at any
// time, and what it wrote must not be undone.
func (l launchTemplates) foundUserData(ctx context.Context, id, looked string) (*string, error) {
	out, err := l.api.DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: aws.String(id), Versions: []string{topology.LatestVersion},
	})
	if err != nil {
		return nil, err
	}
	if len(out.LaunchTemplateVersions) != 1 || number(out.LaunchTemplateVersions[0].VersionNumber) != looked {
		return nil, &WaitError{Reason: fmt.Sprintf("version %s is not the template's newest any more; the next pass looks again", looked)}
	}
	if data := out.LaunchTemplateVersions[0].LaunchTemplateData; data != nil {
		return data.UserData, nil
	}
	return nil, nil
}
