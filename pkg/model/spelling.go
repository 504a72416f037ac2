package model

import "strings"

// Spellings are the names under which engines send a field: in snake_case, as
// those until 2023 do, and in camelCase, as those since 2025 do.
func Spellings(name string) []string {
	words := strings.Split(name, "_")
	for i, word := range words[1:] {
		words[i+1] = strings.ToUpper(word[:1]) + word[1:]
	}
	if camel := strings.Join(words, ""); camel != name {
		return []string{name, camel}
	}
	return []string{name}
}
