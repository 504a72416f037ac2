package app

import (
	"maps"
	"slices"

	"aura.radio/engine/pkg/source"
	"aura.radio/engine/services/sync-node/internal/config"
)

// newKnowledge is which sources exist. Activations don't count, because each
// source that plays nothing itself can be named.
func newKnowledge(cfg config.Config, records source.Records) *source.Knowledge {
	named := slices.AppendSeq([]int{cfg.DefaultSource}, maps.Keys(cfg.MainHosts))
	return source.NewKnowledge(records, slices.AppendSeq(named, maps.Keys(cfg.SourceNames))...)
}

// adviceUnknown is what helps if nothing knows the active source.
const adviceUnknown = "name it in AURA_SOURCE_NAMES, or activate another one"
