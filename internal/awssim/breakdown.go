package awssim

// Launch is a machine that an Auto Scaling group or a caller is about to start, or that is about to
// boot.
type Launch struct {
	Instance string // empty while the launch may still be refused
	Type     string
	Image    string // an AMI id
	Zone     string
	// Template and Version say what it is made from: the template's name, and the version's number.
	Template string
	Version  int
}

// LaunchFate is what becomes of a launch.
type LaunchFate int

// The fates of a launch, by EC2's codes. Callers see the code, Auto Scaling activities the words.
const (
	Launches           LaunchFate = iota
	NoCapacity                    // InsufficientInstanceCapacity: the zone has no room for the type
	NoVCPUs                       // VcpuLimitExceeded: the account's quota is used up
	NoImage                       // InvalidAMIID.NotFound: somebody took the image away
	TypeNotInZone                 // Unsupported: the zone does not have the type
	NoAddressesLeft               // InsufficientFreeAddressesInSubnet
	LaunchRefusedOddly            // a code that nobody has a sentence for
)

// SetLaunches replaces the hook that decides the fate of launches; nil lets all proceed. It may not
// call methods of the Region.
func (r *Region) SetLaunches(decide func(Launch) LaunchFate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.breakdowns.launch = decide
}

// SetBoots replaces the hook that says which machines boot; nil lets all of them. The others run as
// far as EC2 can tell, with nothing on them. It may not call methods of the Region.
func (r *Region) SetBoots(boots func(Launch) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.breakdowns.boots = boots
}

// StickVolume lets the present attachment of a volume survive the end of its machine, and any
// DetachVolume that does not force it: that one detaches for ever.
func (r *Region) StickVolume(volumeID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.breakdowns.stuck == nil {
		r.breakdowns.stuck = map[string]bool{}
	}
	r.breakdowns.stuck[volumeID] = true
}

// breakdowns are what tests and demonstrations broke on purpose.
type breakdowns struct {
	launch func(Launch) LaunchFate
	boots  func(Launch) bool
	stuck  map[string]bool // by volume
}

// refusal is the error of a launch's fate in EC2's words, or nil.
func (f LaunchFate) refusal(l Launch) *apiError {
	switch f {
	case NoCapacity:
		return refuseStatus(500, noCapacity, "We currently do not have sufficient %s capacity in the Availability Zone you requested (%s). "+
			"Our system will be working on provisioning additional capacity.", l.Type, l.Zone)
	case NoVCPUs:
		return refuse("VcpuLimitExceeded", "You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket "+
			"that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.")
	case NoImage:
		return refuse("InvalidAMIID.NotFound", "The image id '[%s]' does not exist", l.Image)
	case TypeNotInZone:
		return refuse("Unsupported", "Your requested instance type (%s) is not supported in your requested Availability Zone (%s).", l.Type, l.Zone)
	case NoAddressesLeft:
		return refuse("InsufficientFreeAddressesInSubnet", "There are not enough free addresses in the subnet to satisfy the requested number of instances.")
	case LaunchRefusedOddly:
		return refuse("PendingVerification", "Your account is currently being verified. Verification normally takes less than 2 hours.")
	default:
		return nil
	}
}

// launchOf is what the hooks get to see of an instance.
func (w *world) launchOf(i *instance) Launch {
	l := Launch{Instance: i.ID, Type: i.Type, Image: i.Image.ID, Zone: i.Zone, Version: i.Version}
	if t, exists := w.LaunchTemplates[i.TemplateID]; exists {
		l.Template = t.Name
	}
	return l
}

// brokenLaunch refuses what only a real launch meets, and goneImage what dry runs and the settings of
// Auto Scaling groups are checked for too.
func (w *world) brokenLaunch(i *instance) error {
	return w.refusedLaunch(i, func(f LaunchFate) bool { return f != NoImage })
}

func (w *world) goneImage(i *instance) error {
	return w.refusedLaunch(i, func(f LaunchFate) bool { return f == NoImage })
}

func (w *world) refusedLaunch(i *instance, counts func(LaunchFate) bool) error {
	decide := w.region.breakdowns.launch
	if decide == nil {
		return nil
	}
	fate := decide(w.launchOf(i))
	if refused := fate.refusal(w.launchOf(i)); refused != nil && counts(fate) {
		return refused
	}
	return nil
}

func (w *world) boots(i *instance) bool {
	boots := w.region.breakdowns.boots
	return boots == nil || boots(w.launchOf(i))
}

// stuck says whether the volume's attachment holds against anything but force.
func (w *world) stuck(volumeID string) bool { return w.region.breakdowns.stuck[volumeID] }

func (w *world) unstick(volumeID string) { delete(w.region.breakdowns.stuck, volumeID) }
