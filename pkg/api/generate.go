package api

//go:generate go tool -modfile=../../scripts/codegen/go.mod oapi-codegen -config codegen.yaml openapi.yaml
