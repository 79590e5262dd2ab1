package actual

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

// versionContent is [observation.templateContent], in which user data that is to stay
// as found is no text but a mark. A version with other user data than the newest keeps
// its text, which only its digest shows: machines made from it are out of date.
func (o *observation) versionContent(name string, version templateVersion, v ec2types.LaunchTemplateVersion) topology.LaunchTemplate {
	content := o.templateContent(name, v)
	if slices.Contains(o.scope.KeptUserData, content.Ref()) && content.UserData == o.newestUserData(version.template) {
		content.UserData, content.UserDataKept = "", true
	}
	return content
}

// newestUserData is the text of a template's newest version.
func (o *observation) newestUserData(template string) string {
	newest := o.launchTemplates.versions[o.resolve(template, topology.LatestVersion)]
	if newest.LaunchTemplateData == nil {
		return ""
	}
	return userData(aws.ToString(newest.LaunchTemplateData.UserData))
}
