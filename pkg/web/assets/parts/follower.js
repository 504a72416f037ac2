// How pages and elements hear of what changes.

// How long is waited, in milliseconds. Pages wait for times of their own: otherwise all
// would ask at once.
export const about = ms => ms * (0.75 + Math.random() / 2)
export const silent = 5_000 // for the first word of a stream
export const between = 15_000 // two questions while there is no stream
const again = [10_000, 300_000] // before a stream that was refused is tried again, at first and at most
export const spread = 1_500 // after a change that all hear of at once

// A follower hears the events of a stream. While the stream says nothing, because it is
// refused or lost, the follower asks. Its parts: stream, the address; event, which ones;
// hear, called with the data of each; ask; between, the milliseconds from one question to
// the next; quiet, after how many without an event the stream counts as lost.
export class Follower {
  #parts
  #stream
  #isStreaming = false
  #isOver = false
  #pause = again[0]
  #timers = {}

  constructor(parts) {
    this.#parts = { between, ...parts }
    this.#open()
  }

  close() {
    this.#isOver = true
    this.#stream.close()
    for (const timer of Object.values(this.#timers)) clearTimeout(timer)
  }

  async ask() {
    try {
      await this.#parts.ask()
    } catch { /* what is shown stays */ }
    if (!this.#isStreaming) this.#later("ask", about(this.#parts.between), () => this.ask())
  }

  #open() {
    this.#later("ask", about(silent), () => this.ask())
    this.#stream = new EventSource(this.#parts.stream)
    this.#stream.addEventListener(this.#parts.event, event => {
      this.#isStreaming = true
      this.#pause = again[0]
      this.#listen()
      this.#parts.hear(event.data)
    })
    this.#stream.addEventListener("error", () => this.#lose())
  }

  // Browsers come back to a stream that is lost, and not to one that is refused.
  #lose() {
    this.#isStreaming = false
    this.#later("ask", about(spread), () => this.ask())
    if (this.#stream.readyState !== EventSource.CLOSED) return
    this.#later("open", about(this.#pause), () => this.#open())
    this.#pause = Math.min(2 * this.#pause, again[1])
  }

  #listen() {
    if (!this.#parts.quiet) return
    clearTimeout(this.#timers.quiet)
    this.#timers.quiet = undefined
    this.#later("quiet", this.#parts.quiet, () => { this.#stream.close(); this.#lose() })
  }

  // What is due already stays due: a stream that fails again and again puts nothing
  // off.
  #later(what, ms, act) {
    if (this.#isOver) return
    this.#timers[what] ??= setTimeout(() => {
      this.#timers[what] = undefined
      if (what !== "ask" || !this.#isStreaming) act()
    }, ms)
  }
}
