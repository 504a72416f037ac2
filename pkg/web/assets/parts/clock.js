// The server's clock, as seen from a browser whose own clock may be wrong, and may be
// set at any time. It is counted from performance.now(), which nobody can set.

// serverClock asks the server for its time, and again from time to time. Half of the
// round trip is taken out. now() is the server's time in milliseconds.
export function serverClock(address) {
  const clock = { known: false, base: 0, trip: Infinity, at: 0, now: () => clock.base + performance.now(), ask, ready: null }
  async function ask(signal) {
    const began = performance.now()
    const answer = await fetch(address, { cache: "no-store", signal })
    if (!answer.ok) throw new Error(answer.status)
    const body = await answer.json()
    const ended = performance.now(), trip = ended - began
    const base = Date.parse(body.server_time) + trip / 2 - ended
    // A slower answer says less, unless it can't be the same clock: after a sleep, or
    // if the server's was set. With time, every measure becomes less exact.
    if (trip <= clock.trip + (ended - clock.at) / 1000 || Math.abs(base - clock.base) > trip) {
      clock.base = base
      clock.trip = trip
      clock.at = ended
    }
    clock.known = true
    return body
  }
  clock.ready = ask().catch(() => {})
  return clock
}
