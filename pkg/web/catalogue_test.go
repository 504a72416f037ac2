package web

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// texts are the keys of the catalogue in one language, with their texts.
func texts(t *testing.T, lang string) map[string]any {
	t.Helper()
	all := map[string]any{}
	files, err := fs.Glob(catalogueFiles, "catalogue/*."+lang+".json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no texts in %s: %v", lang, err)
	}
	for _, file := range files {
		content, err := catalogueFiles.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var some map[string]any
		if err := json.Unmarshal(content, &some); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for key, text := range some {
			if all[key] != nil {
				t.Errorf("%s: %s stands in two files", file, key)
			}
			all[key] = text
		}
	}
	return all
}

// TestCatalogue: each text exists in all languages, with the same places.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	place := regexp.MustCompile(`{{[^}]*}}`)
	places := func(text any) string {
		written, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		found := place.FindAllString(string(written), -1)
		slices.Sort(found)
		return strings.Join(slices.Compact(found), " ")
	}
	english := texts(t, languages[0])
	for _, lang := range languages[1:] {
		other := texts(t, lang)
		for _, key := range slices.Sorted(maps.Keys(english)) {
			switch {
			case other[key] == nil:
				t.Errorf("%s: %s is missing", lang, key)
			case places(english[key]) != places(other[key]):
				t.Errorf("%s: %s has the places %s, not %s", lang, key, places(other[key]), places(english[key]))
			}
		}
		for _, key := range slices.Sorted(maps.Keys(other)) {
			if english[key] == nil {
				t.Errorf("%s: nothing needs %s", lang, key)
			}
		}
	}
}

// TestCatalogue_used: each text that a template names exists, and each that exists
// is named somewhere.
func TestCatalogue_used(t *testing.T) {
	t.Parallel()
	var sources strings.Builder
	for _, glob := range []struct {
		in      fs.FS
		pattern string
	}{{templateFiles, "templates/*.html"}, {embedded, "assets/*.js"}, {os.DirFS("."), "*.go"}} {
		files, err := fs.Glob(glob.in, glob.pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", glob.pattern, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			content, err := fs.ReadFile(glob.in, file)
			if err != nil {
				t.Fatal(err)
			}
			sources.Write(content)
		}
	}
	text, all := sources.String(), texts(t, languages[0])
	for _, named := range regexp.MustCompile(`\.T "([^"%]+)"|\.T\("([^"%]+)"[,)]`).FindAllStringSubmatch(text, -1) {
		if key := named[1] + named[2]; all[key] == nil && !strings.HasSuffix(key, ".") {
			t.Errorf("there is no text %s", key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		family, _, _ := strings.Cut(key, ".")
		if i := strings.LastIndexByte(key, '.'); i > 0 {
			family = key[:i]
		}
		if !strings.Contains(text, `"`+key+`"`) && !strings.Contains(text, `"`+family+`.`) {
			t.Errorf("nothing shows the text %s", key)
		}
	}
}
