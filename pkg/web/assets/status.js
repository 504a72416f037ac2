// Keeps the status page new. The server renders everything; what differs is put in
// the place of what is shown, except where somebody is filling in a form.
import { Follower } from "./parts/follower.js"

const stale = document.getElementById("stale")
const reachable = "summary, button, input:not([type=hidden]), [tabindex]"

function replace(shown, fresh) {
  if (shown.querySelector("details.act[open]")) return
  const open = [...shown.querySelectorAll("details")].map(d => d.open)
  fresh.querySelectorAll("details").forEach((d, i) => { d.open = open[i] ?? false })
  if (shown.className !== fresh.className) shown.className = fresh.className
  if (shown.innerHTML === fresh.innerHTML) return
  const focused = [...shown.querySelectorAll(reachable)].indexOf(document.activeElement)
  shown.innerHTML = fresh.innerHTML
  shown.querySelectorAll(reachable)[focused]?.focus({ preventScroll: true })
}

function show(html) {
  const page = new DOMParser().parseFromString(html, "text/html")
  for (const fresh of page.querySelectorAll("[data-live]")) {
    const shown = document.getElementById(fresh.id)
    if (!shown) return location.assign(stale.dataset.page) // there is another engine
    replace(shown, fresh)
  }
  stale.hidden = true
}

async function ask() {
  try {
    const answer = await fetch(stale.dataset.page, { cache: "no-store", signal: AbortSignal.timeout(10_000) })
    if (answer.status === 401) return location.assign(stale.dataset.page) // asks for signing in
    if (!answer.ok) throw new Error(answer.status)
    show(await answer.text())
  } catch {
    stale.hidden = false
  }
}

// Nobody follows while the page is hidden. The stream sends the page every 5 s at least.
let follower
function follow() {
  follower?.close()
  follower = document.hidden ? undefined : new Follower({ stream: stale.dataset.stream, event: "page", hear: show, ask, between: 5_000, quiet: 20_000 })
}
follow()
document.addEventListener("visibilitychange", () => { follow(); follower?.ask() })
