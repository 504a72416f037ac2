package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// refused begins the answer to an order that was not carried out. An order is one
// line on a Unix socket, such as "stop 1", and its answer is another line.
const refused = "error: "

// listenForOrders opens the socket, also if a killed process left it behind.
func listenForOrders(path string) (net.Listener, error) {
	if conn, err := net.Dial("unix", path); err == nil {
		conn.Close()
		return nil, fmt.Errorf("-control %s: somebody takes orders there already", path)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("-control: %w", err)
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("-control: %w", err)
	}
	return l, nil
}

// sendOrder sends an order to the process that listens at path, and returns the
// answer.
func sendOrder(ctx context.Context, path, order string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return "", fmt.Errorf("no engines are simulated there: %w", err)
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintln(conn, order); err != nil {
		return "", err
	}
	data, err := io.ReadAll(conn)
	if err != nil {
		return "", err
	}
	answer := strings.TrimSpace(string(data))
	if why, isRefused := strings.CutPrefix(answer, refused); isRefused {
		return "", errors.New(why)
	}
	return answer, nil
}

// takeOrders obeys one order after another until ctx ends, and then closes the
// socket.
func (s *station) takeOrders(ctx context.Context, l net.Listener) error {
	defer l.Close()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("take orders: %w", err)
		}
		s.answer(conn)
	}
}

// answer takes one order and answers it.
func (s *station) answer(conn net.Conn) {
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return
	}
	line := bufio.NewScanner(conn)
	if !line.Scan() {
		return // the caller only looked whether somebody listens here
	}
	answer, err := s.obey(line.Text())
	if err != nil {
		answer = refused + err.Error()
	}
	// A caller that does not wait for the answer does not want it.
	_, _ = fmt.Fprintln(conn, answer)
}

// obey carries out an order. It is no mistake to repeat an order.
func (s *station) obey(order string) (string, error) {
	what, which, _ := strings.Cut(order, " ")
	number, err := strconv.Atoi(which)
	if what != "stop" && what != "start" || err != nil || number < 1 || number > len(s.engines) {
		return "", fmt.Errorf("%q is no order; write stop or start and the number of an engine, 1 to %d", order, len(s.engines))
	}
	changed, state := false, "stopped"
	if what == "stop" {
		changed = s.crash(number, what, ", as ordered")
	} else {
		changed, state = s.comeBack(number, what, ", as ordered"), "running"
	}
	if !changed {
		return fmt.Sprintf("engine %d is %s already", number, state), nil
	}
	return fmt.Sprintf("engine %d is %s", number, state), nil
}
