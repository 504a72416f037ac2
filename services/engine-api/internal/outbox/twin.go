package outbox

import (
	"errors"
	"net/http"
	"sync/atomic"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/peer"
)

// twin is what the sync node said last of other databases that say that they are
// this host's. Somebody has copied this host, or given another one its number.
type twin struct {
	said    atomic.Pointer[string]
	trouble *logging.Lasting
}

func newTwin(log zerolog.Logger) *twin {
	return &twin{trouble: logging.NewLasting(log, "another database says that it is this host's")}
}

// answered takes the answer to a batch, which has "" if there is no other one.
func (t *twin) answered(text string) {
	t.said.Store(&text)
	if text == "" {
		t.trouble.Report(nil)
		return
	}
	t.trouble.Report(errors.New(text))
}

// failed takes the error of a batch, which tells if another one is the host's.
func (t *twin) failed(err error) {
	if refused, ok := errors.AsType[*peer.StatusError](err); ok && refused.Status == http.StatusConflict {
		t.answered(refused.Detail)
	}
}

func (t *twin) get() string {
	if said := t.said.Load(); said != nil {
		return *said
	}
	return ""
}

// Twin describes the other databases that say that they are this host's; "" if
// there is none.
func (p *Pusher) Twin() string { return p.twin.get() }
