package model

// Content is a hash of what a record says, in two parts: nodes compare each part
// that both know.
type Content struct {
	// Base is the hash that nodes of every edition compute.
	Base Fingerprint
	// Supplement is the hash of the fields that nodes of the first edition don't
	// know; zero if none of these is known.
	Supplement Fingerprint
}

// Xor adds another content to a sum, or takes it away.
func (c Content) Xor(other Content) Content {
	return Content{Base: c.Base.Xor(other.Base), Supplement: c.Supplement.Xor(other.Supplement)}
}
