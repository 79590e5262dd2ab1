// Package demo answers: does the whole thing work, here, now, before my eyes?
//
// It plays the main job on a simulated AWS region with real etcd members: a manifest
// is committed and its cluster built, the control plane is rolled under a writing
// client, somebody's hands drift it, and the drift is corrected. Start with story.go,
// which reads like the story; world.go is the stage, and writer.go and watcher.go
// are the witnesses.
package demo
