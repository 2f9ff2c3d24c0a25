// Keeps [data-live] regions current: when the ledger has grown, the page is fetched again and the regions are exchanged.
// A region in which somebody is typing or has something focused is left alone until they are done.
const PAUSE = 700;

// The browser itself makes a document of the answer: nothing here makes markup of text (Trusted Types forbid it).
function read(address) {
  return new Promise((done) => {
    const asking = new XMLHttpRequest();
    asking.open("GET", address);
    asking.setRequestHeader("careful-live", "1");
    asking.responseType = "document";
    asking.onload = () => done(asking.status === 200 && asking.responseURL === address ? asking.response : null);
    asking.onerror = () => done(null);
    asking.send();
  });
}

export function keepCurrent(root) {
  const regions = () => [...root.querySelectorAll("[data-live][id]")];
  if (!root.body.dataset.ledger || regions().length === 0) return;
  let seen = Number(root.body.dataset.ledger);
  let waiting = null;

  const refresh = async () => {
    waiting = null;
    const fresh = await read(location.href.split("#")[0]);
    if (!fresh) return;
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
