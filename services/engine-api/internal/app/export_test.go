package app

import "aura.radio/engine/pkg/playlog"

// PublicReads are the paths that everybody may read.
func (a *App) PublicReads() []string { return a.base.Server.PublicReads() }

// Taker takes what the engine plays.
func (a *App) Taker() playlog.Taker { return a.journal }
