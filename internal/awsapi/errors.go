package awsapi

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go"
)

// Code is AWS's error code, or empty if the error did not come from AWS.
func Code(err error) string {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return ""
	}
	return api.ErrorCode()
}

var serverCodes = codes("InternalError", "InternalFailure", "InternalServerError", "ServiceUnavailable", "Unavailable")

func codes(list ...string) map[string]bool {
	set := map[string]bool{}
	for _, c := range list {
		set[c] = true
	}
	return set
}

// Throttled reports that AWS refused the call because there were too many.
func Throttled(err error) bool {
	_, ok := retry.DefaultThrottleErrorCodes[Code(err)]
	return ok
}

var notFoundCodes = codes("NoSuchEntity", "LoadBalancerNotFound", "TargetGroupNotFound", "ListenerNotFound", "NatGatewayNotFound", "InvalidKeyPair.NotFound",
	"InvalidLaunchTemplateId.VersionNotFound", "InvalidAMIID.Unavailable",
	"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "ResourceNotFound", "NoSuchHostedZone", "VPCAssociationNotFound", "InvalidVPCId")

// notFoundWords are how Auto Scaling, which has one code for almost everything, says
// that a group or a lifecycle hook is not there.
var notFoundWords = regexp.MustCompile(`not found|No Lifecycle Hook found`)

// NotFound reports that the thing asked for does not exist, or not yet: AWS's reads
// may lag behind its writes.
func NotFound(err error) bool {
	code := Code(err)
	return notFoundCodes[code] || strings.HasSuffix(code, ".NotFound") || strings.HasSuffix(code, "NotFoundException") ||
		(code == "ValidationError" && notFoundWords.MatchString(err.Error())) || refusedBatch(err, "but it was not found")
}

// refusedBatch reports that Route 53 refused a batch of changes for a reason. The
// reasons come in either of two places, and have no codes.
func refusedBatch(err error, reason string) bool {
	refused, ok := errors.AsType[*types.InvalidChangeBatch](err)
	return ok && strings.Contains(strings.Join(append(refused.Messages, refused.ErrorMessage()), " "), reason)
}

var existsCodes = codes("EntityAlreadyExists", "AlreadyExists", "InvalidGroup.Duplicate", "InvalidKeyPair.Duplicate",
	"InvalidLaunchTemplateName.AlreadyExistsException", "DuplicateLoadBalancerName", "DuplicateTargetGroupName",
	"DuplicateListener", "InvalidPermission.Duplicate", "InvalidSubnet.Conflict", "RouteAlreadyExists", "Resource.AlreadyAssociated",
	"ConflictingDomainExists", "QueueAlreadyExists", "QueueNameExists")

// AlreadyExists reports that a creating call met its own result, or somebody else's.
func AlreadyExists(err error) bool {
	return existsCodes[Code(err)] || refusedBatch(err, "but it already exists")
}

var busyCodes = codes("DependencyViolation", "DeleteConflict", "ResourceInUse", "ResourceInUseFault", "VolumeInUse", "InvalidIPAddress.InUse",
	"ScalingActivityInProgress", "ResourceContention", "IncorrectState", "IncorrectInstanceState", "InvalidState", "OperationNotPermitted",
	"IncorrectModificationState", "VolumeModificationRateExceeded", "AuthFailure.InUse",
	"AWS.SimpleQueueService.QueueDeletedRecently", "QueueDeletedRecently", "ConcurrentModificationException")

// Busy reports that something else must end first: a child must go, a state must
// settle. Time, or another step, mends it.
func Busy(err error) bool {
	return busyCodes[Code(err)] || refusedBatch(err, "do not match the current values")
}

// DryRunPassed reports that EC2 would have carried out a call whose input says DryRun.
func DryRunPassed(err error) bool { return Code(err) == "DryRunOperation" }

var (
	deniedCodes = []string{"UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedAccess"}
	credCodes   = []string{"AuthFailure", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException", "InvalidAccessKeyId"}
	actionWord  = regexp.MustCompile(`\b[a-z0-9-]+:[A-Z][A-Za-z]+\b`)
)

// Denied reports that IAM refused the call, and which action it refused, such as
// "ec2:CreateVpc". The action comes from AWS's message, or else from the operation.
func Denied(err error) (action string, denied bool) {
	if !slices.Contains(deniedCodes, Code(err)) {
		return "", false
	}
	if action := actionWord.FindString(err.Error()); action != "" {
		return action, true
	}
	if op, ok := errors.AsType[*smithy.OperationError](err); ok {
		return strings.ToLower(op.Service()) + ":" + op.Operation(), true
	}
	return "", true
}

// BadCredentials reports that AWS does not accept who we say we are, or that no
// credentials were found at all.
func BadCredentials(err error) bool {
	return slices.Contains(credCodes, Code(err)) || strings.Contains(err.Error(), "get credentials") ||
		strings.Contains(err.Error(), "failed to refresh cached credentials")
}

// LostAnswer reports that a creating call may have worked although its answer never came.
func LostAnswer(err error) bool {
	_, ok := errors.AsType[*LostAnswerError](err)
	return ok
}
