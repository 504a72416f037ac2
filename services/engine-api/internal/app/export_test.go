package app

// PublicReads are the paths that everybody may read.
func (a *App) PublicReads() []string { return a.base.Server.PublicReads() }
