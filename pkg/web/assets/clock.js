// The server's clock, as seen from a browser whose own clock may be wrong.

// serverClock asks the server for its time, and again from time to time. Half of the
// shortest round trip is taken out. now() is the server's time in milliseconds.
export function serverClock(address) {
  const clock = { known: false, offset: 0, trip: Infinity, now: () => Date.now() + clock.offset, ask, ready: null }
  async function ask() {
    const began = performance.now()
    const answer = await fetch(address, { cache: "no-store" })
    const { server_time } = await answer.json()
    const trip = performance.now() - began
    const offset = Date.parse(server_time) + trip / 2 - Date.now()
    // A slower answer says less, unless the clock of this computer was set.
    if (trip <= clock.trip * 1.5 || Math.abs(offset - clock.offset) > trip) {
      clock.offset = offset
      clock.trip = trip
    }
    clock.known = true
  }
  clock.ready = ask().catch(() => {})
  setInterval(() => ask().catch(() => {}), 60_000)
  return clock
}
