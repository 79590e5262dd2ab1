// Package etcdmember answers one question: how does this etcd member start, given what is on its volume
// and what its configuration says? And it runs the member.
//
// Start at Decide, a pure function from Facts and Config to a Start. Look gathers the facts, Run does all
// three in a row. The package never deletes anything: whatever looks as if it belonged to somebody else,
// or as if data had been lost, is refused with a sentence, because an empty member that votes under the
// name of one that voted before can make a cluster forget what it promised. Only a member that a
// majority has removed and added again parts with its data, which is set aside beside the new.
//
// Whoever runs a member calls Run again when the member has ended or may not start. That is how a member
// comes back that was removed, or whose data is damaged, as soon as it is added again.
//
// Members are known to each other by DNS name, because a machine gets a new address when it is replaced
// and the member must not: etcd-MEMBER.internal.CLUSTER for the etcd cluster main, and
// etcd-ETCD-MEMBER.internal.CLUSTER for the others, as etcd-manager names them. The member itself
// listens on the address of its machine.
//
// The package imports etcd's embed package and knows nothing of AWS, of machines or of topology.
package etcdmember
