package main

import (
	"bytes"
	"crypto/x509"
	"testing"
)

// TestWrite: the file is one that programs read, with as many authorities as
// one expects.
func TestWrite(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	if err := write(&file); err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(file.Bytes()) {
		t.Fatal("no certificate was read")
	}
	if n := bytes.Count(file.Bytes(), []byte("BEGIN CERTIFICATE")); n < 80 {
		t.Errorf("%d authorities", n)
	}
}
