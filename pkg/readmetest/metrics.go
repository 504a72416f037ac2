package readmetest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// own begins the names of our metrics; the others are the Go runtime's.
const own = "aura_"

// description is what prometheus.Desc prints: it has no other way to tell.
var (
	description = regexp.MustCompile(`fqName: ("(?:[^"\\]|\\.)*"), help: ("(?:[^"\\]|\\.)*").*constLabels: \{(.*)\}, variableLabels: \{(.*)\}\}$`)
	constLabel  = regexp.MustCompile(`(\w+)="`)
)

// describe is the Markdown table of our metrics, by name.
func describe(registered prometheus.Collector) (string, error) {
	descriptions := make(chan *prometheus.Desc)
	go func() {
		registered.Describe(descriptions)
		close(descriptions)
	}()
	rows := map[string]string{}
	var failed error
	for d := range descriptions { // to the end, so that the sender ends
		name, row, err := rowOf(d.String())
		if err != nil {
			failed = err
		}
		if strings.HasPrefix(name, own) {
			rows[name] = row
		}
	}
	var b strings.Builder
	b.WriteString("| metric | labels | meaning |\n|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		b.WriteString(rows[name])
	}
	return b.String(), failed
}

func rowOf(described string) (name, row string, err error) {
	found := description.FindStringSubmatch(described)
	if found == nil {
		return "", "", fmt.Errorf("a metric is described in another form than expected: %s", described)
	}
	if name, err = strconv.Unquote(found[1]); err != nil {
		return "", "", fmt.Errorf("name of a metric: %w", err)
	}
	help, err := strconv.Unquote(found[2])
	if err != nil {
		return "", "", fmt.Errorf("help of %s: %w", name, err)
	}
	var labels []string
	for _, label := range constLabel.FindAllStringSubmatch(found[3], -1) {
		labels = append(labels, "`"+label[1]+"`")
	}
	for label := range strings.SplitSeq(found[4], ",") {
		if label != "" {
			labels = append(labels, "`"+label+"`")
		}
	}
	return name, fmt.Sprintf("| `%s` | %s | %s |\n", name, strings.Join(labels, ", "), strings.ReplaceAll(help, "|", `\|`)), nil
}
