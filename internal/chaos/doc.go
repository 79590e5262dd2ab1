// Package chaos answers one question: is quorum kept on the worst of days?
//
// A seed makes a day: a simulated region with real etcd members, the service as a process of its own
// that rolls the control plane or lets it grow, and a plan of what goes wrong meanwhile. A roll that halts by
// itself, as it should after some days, has to say so, and to go on when it is resumed. Clients write and read all day, and
// what they saw is judged with porcupine; a witness asks every member every 50 ms; and each call by which
// the service takes a machine out is judged at the moment it arrives, by looking at the members rather
// than by believing the service.
//
// Start at Play, which is one day. plan.go draws the faults and imports no world, course.go says what is
// committed; stage.go is the world, service.go the process under test; witness.go, clients.go, deed.go and
// doors.go are those who judge. ring.go is
// the other half: the gate alone, in front of real etcd clusters of one to five members, where each of
// its rules decides something.
package chaos
