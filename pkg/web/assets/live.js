// Follows what is live on the start page: the track that plays, how far it is, and
// the list of what was played. The server renders everything; this only keeps it new.
import { serverClock } from "./parts/clock.js"
import { Follower } from "./parts/follower.js"
import { belowOf, headingOf, showOf, startOf } from "./parts/track.js"

const now = document.getElementById("now")
const part = name => now.querySelector(`[data-part=${name}]`)
const clock = serverClock(now.dataset.clock)

// A text is only set if it changes: screen readers announce each change.
const say = (name, text) => { if (part(name).textContent !== text) part(name).textContent = text }

function show(track) {
  now.dataset.start = track ? startOf(track) : ""
  now.dataset.end = !track ? "" : track.on_air_until
    ?? (track.track_duration ? new Date(Date.parse(track.track_start) + track.track_duration * 1000).toISOString() : "")
  if (track) {
    say("title", headingOf(track))
    say("artist", belowOf(track))
    say("show", showOf(track))
  }
  progress()
}

const length = ms => {
  const s = Math.max(0, Math.round(ms / 1000))
  return `${s >= 3600 ? `${Math.floor(s / 3600)}:${String(Math.floor(s / 60) % 60).padStart(2, "0")}` : Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`
}

function progress() {
  const start = Date.parse(now.dataset.start), end = Date.parse(now.dataset.end), at = clock.now()
  const known = clock.known && end > start && at < end + 1000
  part("progress").hidden = !known
  if (!known) return
  part("progress").querySelector("progress").value = Math.min(1, Math.max(0, (at - start) / (end - start)))
  part("elapsed").textContent = length(at - start)
  part("remaining").textContent = "−" + length(end - at)
}

// What is rendered by the server is fetched again, and put in the place of what is
// shown if it differs.
async function refresh() {
  const answer = await fetch(location.href, { cache: "no-cache", signal: AbortSignal.timeout(10_000) })
  if (!answer.ok) return
  const page = new DOMParser().parseFromString(await answer.text(), "text/html")
  const fresh = page.getElementById("now")
  for (const p of fresh.querySelectorAll("[data-part]:not([data-part=progress])")) {
    if (part(p.dataset.part).innerHTML !== p.innerHTML) part(p.dataset.part).innerHTML = p.innerHTML
  }
  now.dataset.start = fresh.dataset.start ?? ""
  now.dataset.end = fresh.dataset.end ?? ""
  const list = page.getElementById("list"), shown = document.getElementById("list")
  if (shown.hasAttribute("data-live") && shown.innerHTML !== list.innerHTML && !shown.contains(document.activeElement)) {
    shown.innerHTML = list.innerHTML
  }
  progress()
}

// After a change, which all hear of at once, pages wait for times of their own.
let waiting
const follower = new Follower({
  stream: now.dataset.stream, event: "track", ask: refresh,
  hear: data => {
    show(JSON.parse(data))
    clearTimeout(waiting)
    waiting = setTimeout(() => refresh().catch(() => {}), Math.random() * 1500)
  },
})
document.addEventListener("visibilitychange", () => { if (!document.hidden) follower.ask() })
setInterval(progress, 500)
clock.ready.then(progress)
setInterval(() => clock.ask().catch(() => {}), 60_000)
