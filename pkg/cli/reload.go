package cli

import (
	"context"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/config"
)

// lookEvery is how often the files of a configuration are looked at. A file that
// is the same at two looks is taken: its writer has been quiet, or has renamed
// it into its place.
const lookEvery = time.Second

// fileState is what tells one version of a file from another one.
type fileState struct {
	path     string
	size     int64
	modified time.Time
	inode    uint64
}

// stateOf looks at files; one that is not there has no state.
func stateOf(files []string) []fileState {
	states := make([]fileState, len(files))
	for i, path := range files {
		states[i].path = path
		if info, err := os.Stat(path); err == nil {
			states[i].size, states[i].modified = info.Size(), info.ModTime()
			if s, ok := info.Sys().(*syscall.Stat_t); ok {
				states[i].inode = s.Ino
			}
		}
	}
	return states
}

// reloader gives a running service its secrets and certificates again.
type reloader[C Config] struct {
	env     Env[C]
	app     App[C]
	present C
	files   []string // of the configuration
	log     zerolog.Logger
}

// run reads the files again at each signal, and when they have changed, until
// ctx ends.
func (r *reloader[C]) run(ctx context.Context, signals <-chan os.Signal) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	// Nothing counts as taken yet: a file may have changed since the service
	// read it.
	var taken, seen []fileState
	for {
		asked := false
		select {
		case <-ctx.Done():
			return
		case <-signals:
			asked = true
			seen = stateOf(r.files)
		case <-look.C:
			before := seen
			if seen = stateOf(r.files); slices.Equal(seen, taken) || !slices.Equal(seen, before) {
				continue
			}
		}
		taken = seen // what changes from here on is read next time
		r.reload(asked)
	}
}

// reload reads once. It logs what changed and what was refused, and if it was
// asked, also that nothing changed.
func (r *reloader[C]) reload(asked bool) {
	defaults := r.env.program.Default(r.env.environ)
	wrong := config.Again(&r.present, &defaults, r.env.environ)
	changed, refused := r.app.Reload(r.present)
	for _, err := range []error{wrong, refused} {
		if err != nil {
			r.log.Error().Err(err).Msg("refused while reading secrets and certificates again; what was there before stays")
		}
	}
	switch {
	case len(changed) > 0:
		r.log.Info().Strs("changed", changed).Msg("secrets and certificates were read again")
	case asked && wrong == nil && refused == nil:
		r.log.Info().Msg("secrets and certificates were read again; nothing changed")
	}
}
