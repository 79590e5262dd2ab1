package awssim

import (
	"cmp"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// stsOperations is all of STS that the simulator knows.
var stsOperations = map[string]operation{
	"GetCallerIdentity":         reads((*world).getCallerIdentity),
	"AssumeRole":                reads((*world).assumeRole),
	"AssumeRoleWithWebIdentity": reads((*world).assumeRoleWithWebIdentity),
}

type callerIdentityOutput struct {
	ARN     string `xml:"Arn"`
	UserID  string `xml:"UserId"`
	Account string
}

// getCallerIdentity checks no signature: a key is that of whom it was handed out to, and any other is the
// one user's.
func (w *world) getCallerIdentity(none) (callerIdentityOutput, error) {
	return callerIdentityOutput{w.region.principal(w.region.caller), "AIDASIMULATEDUSER0000", w.account()}, nil
}

type assumeRoleInput struct {
	RoleARN         string `wire:"RoleArn"`
	RoleSessionName string
	DurationSeconds int
	ExternalID      string `wire:"ExternalId"`
}

type assumeRoleOutput struct {
	Credentials     credentialsXML
	AssumedRoleUser assumedRoleUserXML
}

type credentialsXML struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      time.Time
}

type assumedRoleUserXML struct {
	ID  string `xml:"AssumedRoleId"`
	ARN string `xml:"Arn"`
}

// assumeRole hands out keys for a role that exists. Whether its trust policy names the caller is
// not judged, because the simulator knows only one.
func (w *world) assumeRole(in assumeRoleInput) (assumeRoleOutput, error) {
	return w.session("sts:AssumeRole", in.RoleARN, in.RoleSessionName, in.DurationSeconds)
}

var sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

func (w *world) session(action, arn, name string, seconds int) (assumeRoleOutput, error) {
	if !sessionName.MatchString(name) {
		return assumeRoleOutput{}, refuse("ValidationError", "1 validation error detected: Value '%s' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*", name)
	}
	r := w.roleByARN(arn)
	if r == nil {
		return assumeRoleOutput{}, refuseStatus(http.StatusForbidden, "AccessDenied",
			"User: %s is not authorized to perform: %s on resource: %s", w.iamARN("user/simulated"), action, arn)
	}
	seconds = cmp.Or(seconds, defaultSessionSeconds)
	if seconds < 900 || seconds > r.MaxSession {
		return assumeRoleOutput{}, refuse("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	key, user := w.iamID("ASIA")[:20], strings.Replace(w.iamARN("assumed-role/"+r.Name+"/"+name), ":iam:", ":sts:", 1)
	w.region.principals[key] = user
	return assumeRoleOutput{
		Credentials: credentialsXML{
			AccessKeyID:     key,
			SecretAccessKey: w.iamID("SECRET"),
			SessionToken:    w.iamID("TOKEN"),
			Expiration:      w.now().Add(time.Duration(seconds) * time.Second).Truncate(time.Second),
		},
		AssumedRoleUser: assumedRoleUserXML{
			ID:  r.ID + ":" + name,
			ARN: user,
		},
	}, nil
}

func (w *world) roleByARN(arn string) *role {
	for _, r := range w.Roles {
		if r.ARN == arn {
			return r
		}
	}
	return nil
}

type assumeRoleWithWebIdentityInput struct {
	RoleARN          string `wire:"RoleArn"`
	RoleSessionName  string
	WebIdentityToken string
	DurationSeconds  int
}

// assumeRoleWithWebIdentity wants a token but cannot check it: nobody here is its issuer.
func (w *world) assumeRoleWithWebIdentity(in assumeRoleWithWebIdentityInput) (assumeRoleOutput, error) {
	if in.WebIdentityToken == "" {
		return assumeRoleOutput{}, refuse("InvalidIdentityToken", "No OpenIDConnect provider found in your account for the token")
	}
	return w.session("sts:AssumeRoleWithWebIdentity", in.RoleARN, in.RoleSessionName, in.DurationSeconds)
}
