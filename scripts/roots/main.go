// Command roots prints the certificates of the authorities that browsers trust,
// as a PEM file. They come from a module, so go.sum pins them: the images of one
// commit have the same ones wherever they are built.
package main

import (
	"bufio"
	"encoding/pem"
	"fmt"
	"io"
	"os"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

func main() {
	if err := write(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "roots:", err)
		os.Exit(1)
	}
}

// write leaves out an authority that is trusted for older certificates only: a
// PEM file can't say so.
func write(to io.Writer) error {
	out := bufio.NewWriter(to)
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue
		}
		if err := pem.Encode(out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return err
		}
	}
	return out.Flush()
}
