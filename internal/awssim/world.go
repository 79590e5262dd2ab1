package awssim

import (
	"time"
)

// state is everything that exists in the account: plain data in maps by id, no functions, no
// channels. That keeps it copyable, which is how stale reads see the world of a moment ago.
// Objects therefore export their fields even though their types are private to this package.
type state struct {
	Tags   map[string]map[string]string // by resource id (EC2) or ARN (the others)
	Tokens map[string]tokenUse

	VPCs               map[string]*vpc
	Subnets            map[string]*subnet
	DHCPOptions        map[string]*dhcpOptions
	InternetGateways   map[string]*internetGateway
	EgressOnlyGateways map[string]*egressOnlyGateway
	RouteTables        map[string]*routeTable
	NetworkACLs        map[string]*networkACL
	Addresses          map[string]*address
	NATGateways        map[string]*natGateway
	SecurityGroups     map[string]*securityGroup
	SecurityGroupRules map[string]*securityGroupRule
	Interfaces         map[string]*networkInterface
	KeyPairs           map[string]*keyPair
	Volumes            map[string]*volume
	Snapshots          map[string]*ebsSnapshot
	LaunchTemplates    map[string]*launchTemplate
	Instances          map[string]*instance

	DownZones map[string]bool

	Roles            map[string]*role            // by name
	InstanceProfiles map[string]*instanceProfile // by name
	OIDCProviders    map[string]*oidcProvider    // by ARN

	LoadBalancers map[string]*loadBalancer    // by ARN
	Listeners     map[string]*listener        // by ARN
	Classic       map[string]*classicBalancer // by name
	TargetGroups  map[string]*targetGroup     // by ARN

	ScalingGroups     map[string]*scalingGroup // by name
	ScalingActivities map[string]*scalingActivity
	ActivitySerial    int

	Queues        map[string]*queue    // by name
	DeletedQueues map[string]time.Time // when, by name
	EventRules    map[string]*eventRule

	Buckets       map[string]*bucket // by name
	Alarms        map[string]*alarm  // by name
	Notifications []Notification

	HostedZones map[string]*hostedZone // by id
	ZoneChanges map[string]*zoneChange // by id
}

func newState() *state {
	return &state{
		Tags:               map[string]map[string]string{},
		Classic:            map[string]*classicBalancer{},
		Tokens:             map[string]tokenUse{},
		VPCs:               map[string]*vpc{},
		Subnets:            map[string]*subnet{},
		DHCPOptions:        map[string]*dhcpOptions{},
		InternetGateways:   map[string]*internetGateway{},
		EgressOnlyGateways: map[string]*egressOnlyGateway{},
		RouteTables:        map[string]*routeTable{},
		NetworkACLs:        map[string]*networkACL{},
		Addresses:          map[string]*address{},
		NATGateways:        map[string]*natGateway{},
		SecurityGroups:     map[string]*securityGroup{},
		SecurityGroupRules: map[string]*securityGroupRule{},
		Interfaces:         map[string]*networkInterface{},
		KeyPairs:           map[string]*keyPair{},
		Volumes:            map[string]*volume{},
		Snapshots:          map[string]*ebsSnapshot{},
		LaunchTemplates:    map[string]*launchTemplate{},
		Instances:          map[string]*instance{},
		DownZones:          map[string]bool{},

		Roles:            map[string]*role{},
		InstanceProfiles: map[string]*instanceProfile{},
		OIDCProviders:    map[string]*oidcProvider{},

		LoadBalancers: map[string]*loadBalancer{},
		Listeners:     map[string]*listener{},
		TargetGroups:  map[string]*targetGroup{},

		ScalingGroups:     map[string]*scalingGroup{},
		ScalingActivities: map[string]*scalingActivity{},

		Queues:        map[string]*queue{},
		DeletedQueues: map[string]time.Time{},
		EventRules:    map[string]*eventRule{},

		Buckets: map[string]*bucket{},
		Alarms:  map[string]*alarm{},

		HostedZones: map[string]*hostedZone{},
		ZoneChanges: map[string]*zoneChange{},
	}
}

// world is what an operation works on: the state, and what surrounds it. Operations run one at a
// time, holding the region's lock; they must not block.
type world struct {
	*state
	region *Region
}

// now is the simulated time.
func (w *world) now() time.Time { return w.region.cfg.Clock.Now() }

// newID makes an id such as vpc-0123456789abcdef0 for the prefix "vpc".
func (w *world) newID(prefix string) string { return w.region.ids.next(prefix) }

// account is the twelve-digit id that owns everything here.
func (w *world) account() string { return w.region.cfg.Account }

// arn names a resource of this region: arn("ec2", "subnet/subnet-0…").
func (w *world) arn(service, resource string) string {
	return "arn:aws:" + service + ":" + w.region.cfg.Region + ":" + w.account() + ":" + resource
}

// after runs a transition once d of simulated time has passed. The transition gets the world as it
// is then, and must look up again by id whatever it is about: it may be gone.
func (w *world) after(d time.Duration, transition func(*world)) {
	w.region.after(d, transition)
}
