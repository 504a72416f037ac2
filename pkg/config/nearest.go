package config

// nearest is the known variable that a misspelled variable probably means, ""
// if none is near.
func nearest(name string, settings []setting) string {
	var known []string
	for _, s := range settings {
		own := Prefix + s.name
		if s.family {
			own += "_1"
		}
		known = append(known, own)
		if s.secret {
			known = append(known, own+fileSuffix)
		}
	}
	return Nearest(name, known)
}

// Nearest is the known name that a misspelled name probably means, "" if none is
// near.
func Nearest(name string, known []string) string {
	best, found := 1+max(len(name)/4, 1), ""
	for _, k := range known {
		if d := distance(name, k); d < best {
			best, found = d, k
		}
	}
	return found
}

// distance is how many bytes must be inserted, deleted, replaced, or swapped with
// their neighbour to turn a into b.
func distance(a, b string) int {
	// Rows for the first i-2, i-1 and i bytes of a.
	var before []int
	last, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replace := last[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			row[j] = min(replace, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
