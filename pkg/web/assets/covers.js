// Takes away covers that can't be had, so that the picture behind them is seen.
document.addEventListener("error", event => { if (event.target.matches?.(".cover img")) event.target.remove() }, true)
for (const image of document.querySelectorAll(".cover img")) if (image.complete && !image.naturalWidth) image.remove()
