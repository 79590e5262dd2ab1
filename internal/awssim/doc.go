// Package awssim answers one question: how would AWS behave?
//
// It is a simulated AWS account in one region, served over HTTP in AWS's own wire protocols, so
// that the SDK, the aws command and any other client work against it with AWS_ENDPOINT_URL. It
// refuses what AWS refuses with AWS's error codes, takes its time on a simulated clock, and can be
// told to throttle, fail, lose answers, read stale, or lose a zone.
//
// Start reading at Region (region.go), then at the table of a service (ec2.go). It imports the
// standard library and simnet; nothing of the product.
//
// # How a call is served
//
// Region.ServeHTTP finds the service in the signature's credential scope, the protocol and the
// operation in the service's row (service.go), counts the call, asks the Intercept for its Fate,
// and runs the operation under the region's one lock. Reads may run on a snapshot of a moment ago
// (stale.go); operations need not know.
//
// # Adding a kind
//
//   - A file named after the kind holds its state struct (plain data, exported fields), its
//     operations as methods of *world from a typed input to a typed output, its filters, and its
//     XML form. subnet.go is a short example.
//   - A map in state (world.go) keeps the objects by id.
//   - A row per operation in the service's table says reads(…) or mutates(…).
//   - Inputs are structs decoded by decodeForm: field names or `wire` tags are the names on the
//     wire; what no field takes is refused. Outputs are encoding/xml structs; lists are items[T]
//     (EC2) or members[T] (the query protocol).
//   - Refusals are refuse(code, message). Objects are found with lookup, listed with describe
//     (ids, filters, pages), made once per client token with once.
//   - What takes time goes through world.after with a delay named in delay.go. The transition looks
//     its object up again: it may be gone.
//   - Tags live in state.Tags by resource id or ARN: world.tag, untag, tagsOf.
//   - A row in inventory.go lets crash tests see the kind.
//
// # What other services use of EC2
//
//   - world.launch starts an instance from launch template data (templateData finds a version,
//     launchTemplateData.over lays the caller's wishes over it); world.terminate ends one. Both take
//     their time; instance.alive and instance.Impaired say how an instance is.
//   - world.newInterface takes an address in a subnet, for a load balancer's node, and
//     world.deleteInterface gives it back; interfaceOf finds that of an instance.
//   - world.subnet, vpc, securityGroup, launchTemplate and instance find objects by id or refuse
//     with EC2's code. A service with codes of its own rewords the refusal.
//   - Instances, KillMachine, RebootMachine, ZoneDown and ZoneUp in machine.go are what tests and demonstrations use from outside.
//
// # Adding a service
//
// A row in services (service.go) with the service's protocol, and a file named after the service
// with its table. A protocol that is not yet spoken implements the protocol interface
// (protocol.go).
package awssim
