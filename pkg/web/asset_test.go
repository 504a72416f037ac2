package web

import (
	"regexp"
	"testing"
)

// declared are the names that a module declares.
var declared = regexp.MustCompile(`(?m)^(?:export )?(?:async )?(?:const|let|class|function) (\w+)`)

// TestReadAssets_names: a module and the parts that it holds do not declare the same
// name. Browsers would refuse the module.
func TestReadAssets_names(t *testing.T) {
	t.Parallel()
	assets, err := readAssets()
	if err != nil {
		t.Fatal(err)
	}
	for name, asset := range assets {
		known := map[string]bool{}
		for _, found := range declared.FindAllSubmatch(asset.content, -1) {
			if what := string(found[1]); known[what] {
				t.Errorf("%s declares %s twice", name, what)
			} else {
				known[what] = true
			}
		}
	}
	if len(assets) < 10 {
		t.Errorf("only %d assets", len(assets))
	}
}
