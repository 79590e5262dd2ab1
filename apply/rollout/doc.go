// Package rollout answers: which machine of a group goes next, and what is the next step with it?
//
// Start with [Next]. It looks at the machines of one worker group as they are this moment and says what to
// do now: detach one so that the group makes another beside it, empty and replace one, set a blocked one
// aside, or wait, with a sentence. It keeps nothing: a service that was killed in the middle looks at the
// machines again and goes on. The pace is a [topology.RollingUpdate], in kops's words.
//
// Masters go one zone at a time, through apply/quorum; what comes next for one of them is [Master.Next].
//
// It is a pure function and imports topology only.
package rollout
