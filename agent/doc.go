// Package agent runs jobs of guestctl when they are due, and remembers what they found.
//
// A job is a command of guestctl with its flags and the images it is about. River is the queue: a run is put there once, in the
// transaction that moves the job on to its next time, and any agent takes it. Who works on a run lets its beat count up; the agent that
// leads puts a run whose beat stands still back into the queue. What a run found is written once, by the attempt that counts.
package agent
