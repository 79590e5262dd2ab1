// Package machine answers one question: what runs on a machine of the simulated region?
//
// On a control-plane machine run real etcd members, and an API endpoint that is up while they serve. The
// machine boots from its node configuration document and its volumes and from nothing else: it finds
// the volumes of its members by kops's tags, waits until the machine that was there before has let go of
// them, attaches them, and starts each member with what it finds on them. A worker just is there. While
// its API endpoint is up, a control-plane machine also lets go the machines that wait for their end, as
// the node termination handler does.
//
// The members run in a process of their own, so that a machine that is terminated stops dead, with
// nothing flushed and nobody told. That process is this program once more (see Main), and it dies with
// the program that started it. Its resolver is the DNS of the simulated VPC, where each machine enters
// the names of its members when it boots, as an agent does on a real machine.
//
// Start reading at Machines.Boot, which is an awssim.Boot; the other side is child.go. Simulated
// addresses live on loopback, all of 127.0.0.0/8, which Linux has from the start and other systems may
// have to be taught.
package machine
