package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/centrifugal/centrifuge"
)

// The peer of listeners has one channel.
const centrifugeChannel = "track"

// centrifugeStream is where a listener is subscribed by the library's own
// server-sent events.
var centrifugeStream = "/stream?cf_connect=" + url.QueryEscape(`{"id":1,"connect":{}}`)

// startCentrifuge runs beCentrifuge as a process.
func startCentrifuge(ctx context.Context) (*process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	cmd, err := self("centrifuge", "127.0.0.1:"+port)
	if err != nil {
		return nil, err
	}
	return start(ctx, cmd, "http://127.0.0.1:"+port, "/readyz")
}

// beCentrifuge is a server on the centrifuge library. Whatever is posted to /publish
// goes to all listeners.
func beCentrifuge(ctx context.Context, address string) error {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		return err
	}
	node.OnConnecting(welcome)
	if err := node.Run(); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	// Listeners to server-sent events answer no ping.
	mux.Handle("GET /stream", centrifuge.NewSSEHandler(node, centrifuge.SSEConfig{PingPongConfig: centrifuge.PingPongConfig{PongTimeout: -1}}))
	mux.HandleFunc("POST /publish", func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		if err == nil {
			_, err = node.Publish(centrifugeChannel, data)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: startTimeout}
	context.AfterFunc(ctx, func() { _ = server.Close() }) // ListenAndServe says how it ended
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return node.Shutdown(context.WithoutCancel(ctx))
}

// welcome subscribes a listener. It chooses what takes the least memory: writing by
// timers instead of a goroutine for each listener.
func welcome(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
	return centrifuge.ConnectReply{
		Credentials:    &centrifuge.Credentials{},
		Subscriptions:  map[string]centrifuge.SubscribeOptions{centrifugeChannel: {}},
		WriteDelay:     time.Millisecond,
		WriteWithTimer: true,
	}, nil
}
