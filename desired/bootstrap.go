package desired

import "strconv"

// Who writes what the machines boot from: quorate.dev/bootstrap, [bootstrapQuorate] unless it is written.
const (
	bootstrapKops    = "kops"
	bootstrapQuorate = "quorate"
)

func isBootstrap(_ manifest, value string) string {
	if value == bootstrapKops || value == bootstrapQuorate {
		return ""
	}
	return strconv.Quote(value) + ` is neither "kops" (machines keep the user data that kops wrote) nor "quorate" (Quorate writes it)`
}

// keepsUserData tells whether the launch templates keep the user data they have.
func (m manifest) keepsUserData() bool {
	return m.Metadata.Annotations[annotationPrefix+"bootstrap"] == bootstrapKops
}
