package cli

import (
	"context"
	stdlog "log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/logging"
)

// flushFor is how long the end of a service waits for the reader of its log.
const flushFor = time.Second

// logged is an error that the log has already.
type logged struct{ error }

func (l logged) Unwrap() error { return l.error }

// serve runs a service until ctx ends. Nothing in it waits for the reader of its
// log, not even the end.
func (p Program[C]) serve(ctx context.Context, env Env[C]) error {
	// A signal that nobody takes: a log whose reader is gone would end the service
	// otherwise. To ignore it would also let the service's commands ignore it.
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	defer signal.Stop(broken)
	queue := logging.NewQueue(env.stderr)
	env.stderr = queue
	err := p.run(ctx, env)
	if err != nil {
		p.complain(queue, err)
		err = logged{err}
	}
	flushing, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushFor)
	defer cancel()
	queue.Close(flushing)
	return err
}

// run runs a service until ctx ends. SIGHUP has it read its secrets and
// certificates again.
func (p Program[C]) run(ctx context.Context, env Env[C]) error {
	cfg, log, err := env.Load()
	if err != nil {
		return err
	}
	// The standard library logs some of what a peer does.
	stdlog.SetFlags(0)
	stdlog.SetOutput(log)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	defer signal.Stop(signals)
	letGrow(startPercent)
	app, err := p.Wire(cfg, p.Version, log)
	letGrow(gcPercent)
	if err != nil {
		return err
	}
	watching, end := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		(&reloader[C]{env: env, app: app, present: cfg, files: config.Files(&cfg, env.environ), log: log}).run(watching, signals)
	}()
	err = app.Run(ctx)
	end()
	<-ended
	return err
}
