package lifecycle

import (
	"os"
	"regexp"
	"strconv"
	"testing"
)

// ofFiles is what is resident of files, on a disk or in memory, as tests are.
var ofFiles = regexp.MustCompile(`(?m)^Rss(?:File|Shmem):\s*(\d+) kB$`)

// residentFiles is how much of its files this process has in memory, in KiB.
func residentFiles(t *testing.T) (size int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	for _, found := range ofFiles.FindAllSubmatch(status, -1) {
		part, err := strconv.Atoi(string(found[1]))
		if err != nil {
			t.Fatal(err)
		}
		size += part
	}
	return size
}

// TestTrim: what only the start used of the program is no longer resident. The test
// is not parallel, so that no other one uses it meanwhile.
func TestTrim(t *testing.T) {
	before := residentFiles(t)
	trim()
	if after := residentFiles(t); after > before*3/4 {
		t.Errorf("%d KiB of files are resident, before it were %d", after, before)
	} else {
		t.Logf("%d KiB of files are resident, before it were %d", after, before)
	}
}
