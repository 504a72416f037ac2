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
	best, found := 1+len(name)/4, ""
	for _, k := range known {
		if d := distance(name, k); d < best {
			best, found = d, k
		}
	}
	return found
}

// distance is how many bytes must be inserted, deleted or replaced to turn a
// into b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
