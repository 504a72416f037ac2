package heard

import (
	"slices"

	"aura.radio/engine/pkg/model"
)

// voidAlong makes the repetitions of void fallbacks void, too. Whether a
// fallback was repeated depends on what was audible. So each void one is heard
// as if it, alone among the void ones, were not void.
func voidAlong(c Config, said []Play, reports []Report) []Play {
	isVoidFallback := func(p Play) bool { return p.Void && c.isFallback(p) }
	if !slices.ContainsFunc(said, isVoidFallback) {
		return said
	}
	said = slices.Clone(said)
	isRepetition := make(map[model.Fingerprint]bool)
	for _, v := range said {
		if !isVoidFallback(v) {
			continue
		}
		valid := slices.DeleteFunc(slices.Clone(said), func(p Play) bool { return p.Void })
		v.Void = false
		for _, id := range c.repetitions(v, append(valid, v), reports) {
			isRepetition[id] = true
		}
	}
	for i := range said {
		said[i].Void = said[i].Void || isRepetition[said[i].ID]
	}
	return said
}

// repetitions returns the plays that repeat v, or that repeat with v what comes
// before.
func (c Config) repetitions(v Play, said []Play, reports []Report) (ids []model.Fingerprint) {
	plays := c.plays(said, reports)
	i := slices.IndexFunc(plays, func(p *play) bool { return p.ID == v.ID })
	for _, p := range plays[i+1:] {
		if p.title != nil && p.title == plays[i].title {
			ids = append(ids, p.ID)
		}
	}
	return ids
}
