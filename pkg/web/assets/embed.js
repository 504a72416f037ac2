// The page where a website's code is made: the result follows the options, and the code
// can be copied.
const form = document.getElementById("options"), result = document.getElementById("result")

// Code that does not know where people find the pages has the address of this one.
function complete(within) {
  for (const code of within.querySelectorAll("[data-unknown]")) {
    code.textContent = code.textContent.replaceAll(code.dataset.unknown, new URL("./", location.href).href)
  }
}

function ready() {
  complete(document)
  document.querySelector("[data-copy]").hidden = !navigator.clipboard // exists only with HTTPS
  const { kind, way } = Object.fromEntries(new FormData(form))
  form.querySelector("[data-for=last]").hidden = kind !== "last"
  form.querySelector("[data-for=frame]").hidden = way !== "frame"
}

let asked = 0
async function follow() {
  if (!form.checkValidity()) return
  const ask = ++asked
  const address = new URL(form.action)
  address.search = new URLSearchParams(new FormData(form))
  const answer = await fetch(address)
  const page = new DOMParser().parseFromString(await answer.text(), "text/html")
  if (!answer.ok || ask !== asked) return
  result.replaceChildren(...document.adoptNode(page.getElementById("result")).childNodes)
  history.replaceState(null, "", address)
  ready()
}

form.addEventListener("input", () => follow().catch(() => {}))
form.addEventListener("submit", event => {
  event.preventDefault()
  follow().catch(() => form.submit())
})
result.addEventListener("click", async event => {
  if (!event.target.closest("[data-copy]")) return
  await navigator.clipboard.writeText(result.querySelector("[data-code]").textContent)
  const status = result.querySelector("[role=status]")
  status.textContent = event.target.textContent = status.dataset.copied
})
ready()
form.querySelector("button").hidden = true
