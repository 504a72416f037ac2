package model

// Edition says what a node knows of records. Nodes of different editions work in
// one deployment while it is updated, in either order.
type Edition int

// ThisEdition is the edition of this program. Nodes of the first edition do not tell
// theirs.
const ThisEdition Edition = 2

// KnowsSupplements reports whether a node knows the fields that are a supplement
// (see Field.IsSupplement).
func (e Edition) KnowsSupplements() bool { return e >= 2 }

// Same reports whether two contents are the same, as far as a node knows them.
func (e Edition) Same(a, b Content) bool {
	return a.Base == b.Base && (a.Supplement == b.Supplement || !e.KnowsSupplements())
}

// Holds reports whether a node's copy of a record has all that the node can keep
// of another copy. A node that does not know when values were told keeps the
// greater ones, so it may keep what was told earlier.
func (e Edition) Holds(copied, other Record) bool {
	if !e.KnowsSupplements() {
		copied, other = withoutSupplement(copied), withoutSupplement(other)
	}
	merged := MergeRecords(copied, other)
	return merged.Content() == copied.Content()
}

func withoutSupplement(r Record) Record {
	var unknown Entry
	for _, f := range supplement {
		f.copy(&r.Entry, &unknown)
	}
	return r
}
