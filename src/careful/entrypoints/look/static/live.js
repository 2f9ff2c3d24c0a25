// Keeps [data-live] regions current: when the ledger has grown, the page is fetched again and the regions are exchanged.
// A region in which somebody is typing or has something focused is left alone until they are done.
const PAUSE = 700;

export function keepCurrent(root) {
  const regions = () => [...root.querySelectorAll("[data-live][id]")];
  if (!root.body.dataset.ledger || regions().length === 0) return;
  let seen = Number(root.body.dataset.ledger);
  let waiting = null;

  const refresh = async () => {
    waiting = null;
    const answer = await fetch(location.href, { headers: { "careful-live": "1" }, redirect: "error" }).catch(() => null);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    let changed = 0;
    for (const region of regions()) {
      const next = fresh.getElementById(region.id);
      if (!next || next.innerHTML === region.innerHTML) continue;
      if (region.contains(root.activeElement) || region.querySelector("details[open]")) continue;
      region.replaceChildren(...next.childNodes);
      changed += 1;
    }
    const says = root.getElementById("live-says");
    if (changed && says) says.textContent = "The page was brought up to date.";
  };

  const source = new EventSource("/live");
  source.addEventListener("ledger", (event) => {
    const size = Number(event.data);
    if (size === seen) return;
    seen = size;
    waiting ??= setTimeout(refresh, PAUSE);
  });
  root.defaultView.addEventListener("pagehide", () => source.close());
}
