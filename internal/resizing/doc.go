// Package resizing asks one question of the whole product: does a control plane grow, shrink and mend its
// etcd members while a client goes on writing, and lose nothing?
//
// It holds tests only. The etcd members are real and live on machines of the simulated region; start
// at TestFromOneMasterToFiveAndBack. How the pieces decide is tested where they are, in apply and in
// node/etcdmember.
package resizing
