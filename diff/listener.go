package diff

import "github.com/quorate/quorate/topology"

var listenerFields = []field[topology.Listener]{
	on("protocol", InPlace, func(l topology.Listener) string { return l.Protocol }),
	on("targetGroup", InPlace, func(l topology.Listener) topology.Ref { return l.TargetGroup }),
	on("certificate", InPlace, func(l topology.Listener) string { return l.Certificate }),
	on("sslPolicy", InPlace, func(l topology.Listener) string { return l.SSLPolicy }),
}
