package filesys

import "context"

// Verified is implemented by file systems that keep checksums of content, which reading it does not verify.
type Verified interface {
	// VerifyContent reads all content that there are checksums of, in each of its copies, and calls report, never at the same time, with
	// what is wrong: MaxDamage at most. An error says that it did not end; what it found until then was reported.
	VerifyContent(ctx context.Context, report func(Damage)) (VerifiedContent, error)
}

// VerifiedContent says how much content was held against checksums.
type VerifiedContent struct {
	Bytes   uint64 // that checksums are of, each copy counted
	Without uint64 // files with content that there are no checksums of
	Damage  uint64 // all of it, also what was not reported
	// Unchecked names what could not be verified, and why. With anything here, no damage is no proof.
	Unchecked []string
}
