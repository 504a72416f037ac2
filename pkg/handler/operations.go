package handler

import (
	"fmt"
	"reflect"
	"strings"

	"aura.radio/engine/pkg/api"
)

// operations are those of the contract, each taken from the part that serves
// it. If no part or two parts serve an operation, this does not compile. A
// service lacks the parts of other services; the server routes nothing to
// those.
type operations struct {
	*API
	*SyncNode
	*Monitor
}

var _ api.StrictServerInterface = operations{}

// NewEngineAPI returns the operations of an engine-api. Error: what the part
// lacks.
func NewEngineAPI(node *API) (api.StrictServerInterface, error) {
	return complete(operations{API: node}, node)
}

// NewSyncNode returns the operations of the sync node. Error: what the parts
// lack.
func NewSyncNode(node *API, own *SyncNode) (api.StrictServerInterface, error) {
	return complete(operations{API: node, SyncNode: own}, node, own)
}

// NewMonitor returns the operations of a status monitor. Error: what the part
// lacks.
func NewMonitor(own *Monitor) (api.StrictServerInterface, error) {
	return complete(operations{Monitor: own}, own)
}

// complete refuses operations if one of their parts lacks something that a
// request would need. Parts are pointers to structs.
func complete(o operations, parts ...any) (api.StrictServerInterface, error) {
	var missing []string
	for _, part := range parts {
		v := reflect.ValueOf(part)
		if v.IsNil() {
			missing = append(missing, v.Type().Elem().Name())
			continue
		}
		v = v.Elem()
		for i := range v.NumField() {
			if isMissing(v.Field(i)) {
				missing = append(missing, v.Type().Name()+"."+v.Type().Field(i).Name)
			}
		}
	}
	if missing != nil {
		return nil, fmt.Errorf("wire the handlers: %s must be set", strings.Join(missing, ", "))
	}
	return o, nil
}

// isMissing reports whether using the value would panic.
func isMissing(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Interface:
		return v.IsNil() || isMissing(v.Elem())
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Chan:
		return v.IsNil()
	}
	return false
}
