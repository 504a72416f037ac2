package main

import (
	"debug/buildinfo"
	"fmt"
	"runtime/debug"
	"strings"
	"time"
)

// program is what a document is about.
type program struct {
	name, version string
	sum           string // SHA-256, in hex
	info          *buildinfo.BuildInfo
	made          time.Time
}

// document is the part of SPDX 2.3 that says which packages a program is made of.
type document struct {
	Version       string         `json:"spdxVersion"`
	DataLicense   string         `json:"dataLicense"`
	ID            string         `json:"SPDXID"`
	Name          string         `json:"name"`
	Namespace     string         `json:"documentNamespace"`
	Creation      creation       `json:"creationInfo"`
	Packages      []part         `json:"packages"`
	Relationships []relationship `json:"relationships"`
}

type creation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

// part is a package of SPDX: the program, a module, or the standard library.
type part struct {
	ID               string      `json:"SPDXID"`
	Name             string      `json:"name"`
	Version          string      `json:"versionInfo"`
	Purpose          string      `json:"primaryPackagePurpose,omitempty"`
	DownloadLocation string      `json:"downloadLocation"`
	FilesAnalyzed    bool        `json:"filesAnalyzed"`
	LicenseConcluded string      `json:"licenseConcluded"`
	LicenseDeclared  string      `json:"licenseDeclared"`
	Copyright        string      `json:"copyrightText"`
	Comment          string      `json:"comment,omitempty"`
	Checksums        []checksum  `json:"checksums,omitempty"`
	References       []reference `json:"externalRefs,omitempty"`
}

type checksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

// reference names a module for scanners that look for known vulnerabilities.
type reference struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type relationship struct {
	From string `json:"spdxElementId"`
	Kind string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

const (
	unknown    = "NOASSERTION"
	documentID = "SPDXRef-DOCUMENT"
	programID  = "SPDXRef-Program"
)

// describe makes the document of a program.
func describe(p program) document {
	main := newPart(programID, p.name, p.version)
	main.Purpose = "APPLICATION"
	main.LicenseConcluded, main.LicenseDeclared = "Apache-2.0", "Apache-2.0"
	main.Checksums = []checksum{{"SHA256", p.sum}}
	d := document{
		Version: "SPDX-2.3", DataLicense: "CC0-1.0", ID: documentID,
		Name:          p.name + " " + p.version,
		Namespace:     "https://aura.radio/spdx/" + p.name + "/" + p.sum,
		Creation:      creation{p.made.Format(time.RFC3339), []string{"Tool: aura-sbom"}},
		Packages:      []part{main},
		Relationships: []relationship{{documentID, "DESCRIBES", programID}},
	}
	d.add(module("stdlib", strings.TrimPrefix(p.info.GoVersion, "go"), ""))
	for _, m := range p.info.Deps {
		d.add(dependency(m, p.version))
	}
	return d
}

// add adds a part of the program.
func (d *document) add(p part) {
	p.ID = fmt.Sprintf("SPDXRef-Package-%d", len(d.Packages))
	d.Packages = append(d.Packages, p)
	d.Relationships = append(d.Relationships, relationship{programID, "CONTAINS", p.ID})
}

// dependency is the module that was really built in. The project's own modules
// are replaced by folders next to the program, and have its version.
func dependency(m *debug.Module, own string) part {
	if m.Replace == nil {
		return module(m.Path, m.Version, m.Sum)
	}
	if m.Replace.Sum == "" {
		return newPart("", m.Path, own)
	}
	return module(m.Replace.Path, m.Replace.Version, m.Replace.Sum)
}

// module is a module as the world knows it.
func module(path, version, sum string) part {
	p := newPart("", path, version)
	p.References = []reference{{"PACKAGE-MANAGER", "purl", "pkg:golang/" + strings.ToLower(path) + "@" + version}}
	if sum != "" {
		p.Comment = "go.sum " + sum
	}
	return p
}

func newPart(id, name, version string) part {
	return part{
		ID: id, Name: name, Version: version, DownloadLocation: unknown,
		LicenseConcluded: unknown, LicenseDeclared: unknown, Copyright: unknown,
	}
}
