// Command sbom prints what a Go program is made of, as an SPDX document in JSON.
// It reads the build information that the compiler put into the program, so the
// document is about what is in the file, and not about what a go.mod allows.
//
//	sbom -version 1.2.0 FILE
//
// SOURCE_DATE_EPOCH is the time of the document, so that the same program always
// has the same one.
package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

func main() {
	version := flag.String("version", "", "version of the program")
	flag.Parse()
	if err := run(os.Stdout, *version, flag.Args(), os.Getenv("SOURCE_DATE_EPOCH")); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, version string, args []string, epoch string) error {
	if version == "" || len(args) != 1 {
		return errors.New("usage: sbom -version VERSION FILE")
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	info, err := buildinfo.ReadFile(args[0])
	if err != nil {
		return err
	}
	content, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", " ")
	return encoder.Encode(describe(program{
		name: filepath.Base(args[0]), version: version, sum: hex.EncodeToString(sum[:]),
		info: info, made: time.Unix(seconds, 0).UTC(),
	}))
}
