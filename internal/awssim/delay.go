package awssim

import "time"

// How long AWS takes, in simulated time. These are rounded from experience with the real service
// (AWS documents no numbers); what matters is their order of magnitude and that they are not zero,
// because a client that never sees "pending" has never been tested.
const (
	instancePendingDelay  = 20 * time.Second // RunInstances to running
	instanceShutdownDelay = 30 * time.Second // TerminateInstances to terminated
	instanceForgetDelay   = time.Hour        // terminated instances stay visible about this long
	volumeCreateDelay     = 5 * time.Second  // creating to available
	volumeAttachDelay     = 3 * time.Second  // attaching to attached
	volumeDetachDelay     = 5 * time.Second  // detaching to available, also after a termination
	volumeModifyDelay     = 60 * time.Second // modifying to optimizing, and again to completed
	snapshotDelay         = 60 * time.Second // pending to completed
	natGatewayCreateDelay = 90 * time.Second // pending to available
	natGatewayDeleteDelay = 60 * time.Second // deleting to deleted
	natGatewayForgetDelay = time.Hour        // deleted gateways stay visible about this long

	loadBalancerDelay        = 120 * time.Second // a network load balancer from provisioning to active
	loadBalancerReleaseDelay = 20 * time.Second  // a deleted one's network interfaces go
	targetRegisterDelay      = 30 * time.Second  // a registration reaches the nodes, which begin to probe
	softwareStartDelay       = 30 * time.Second  // a machine that runs nothing answers probes after this

	dnsChangeDelay = 30 * time.Second // a change of records from PENDING to INSYNC

	scalingInterval   = 5 * time.Second  // between two looks at an Auto Scaling group
	scalingRetryDelay = 60 * time.Second // after a launch that failed
	impairedPatience  = 2 * time.Minute  // of a group with an instance that fails its status checks
)
