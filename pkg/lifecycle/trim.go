package lifecycle

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// trim tells the kernel that those parts of the program are no longer used which only
// the start needed. A start runs a little of everything once. For each page of the file
// that is touched, the kernel maps the fifteen around it too, so that two thirds of the
// file are resident. What is used again is mapped again, out of the kernel's copy of the
// file. If the kernel does not say what is mapped, nothing changes.
func trim() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(maps)) {
		fields := strings.Fields(line) // 00400000-017a0000 r-xp 00000000 fe:00 131 /usr/bin/engine-api
		if len(fields) != 6 || fields[5] != program || strings.Contains(fields[1], "w") {
			continue // what may be written is not as in the file
		}
		first, last, _ := strings.Cut(fields[0], "-")
		from, wrong := strconv.ParseUint(first, 16, 64)
		to, wrongToo := strconv.ParseUint(last, 16, 64)
		if wrong == nil && wrongToo == nil {
			// A kernel that refuses keeps everything mapped, as before.
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, uintptr(from), uintptr(to-from), syscall.MADV_DONTNEED)
		}
	}
}
