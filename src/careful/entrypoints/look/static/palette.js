// Ctrl+K or Cmd+K: type where to go. The list is the page's own navigation and links, plus a search among devices.
const MOST = 9;

export function enablePalette(root) {
  if (!root.querySelector(".spine")) return;
  const dialog = root.createElement("dialog");
  dialog.className = "palette";
  dialog.setAttribute("aria-label", "Go to");
  const input = root.createElement("input");
  input.type = "text";
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-expanded", "true");
  input.setAttribute("aria-controls", "palette-list");
  input.setAttribute("aria-label", "Where to?");
  input.placeholder = "Where to? A page, a device, a case…";
  const list = root.createElement("ul");
  list.id = "palette-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Places");
  dialog.append(input, list);
  root.body.append(dialog);
  let places = [];
  let at = 0;

  const gather = () => {
    const found = new Map();
    for (const link of root.querySelectorAll(".spine a[href], main a[href]")) {
      const label = link.textContent.trim().replace(/\s+/g, " ");
      if (label && link.origin === location.origin && !link.closest(".skip")) found.set(link.getAttribute("href"), label);
    }
    return [...found].map(([href, label]) => ({ href, label }));
  };

  const draw = () => {
    const typed = input.value.trim().toLowerCase();
    const shown = places.filter((place) => place.label.toLowerCase().includes(typed)).slice(0, MOST);
    if (/^[a-z0-9_-]{2,64}$/i.test(typed)) shown.push({ href: `/devices?find=${encodeURIComponent(typed)}`, label: `Find device “${typed}”` });
    at = Math.min(at, Math.max(shown.length - 1, 0));
    list.replaceChildren(...shown.map((place, index) => {
      const item = root.createElement("li");
      item.id = `palette-${index}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", String(index === at));
      item.dataset.href = place.href;
      item.textContent = place.label;
      return item;
    }));
    input.setAttribute("aria-activedescendant", shown.length ? `palette-${at}` : "");
  };

  const open = () => {
    places = gather();
    input.value = "";
    at = 0;
    draw();
    dialog.showModal();
  };
  const go = (item) => { if (item) location.assign(item.dataset.href); };

  root.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (dialog.open) dialog.close(); else open();
    }
  });
  input.addEventListener("input", () => { at = 0; draw(); });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      at = Math.max(0, at + (event.key === "ArrowDown" ? 1 : -1));
      draw();
    } else if (event.key === "Enter") {
      event.preventDefault();
      go(list.querySelector("[aria-selected=true]"));
    }
  });
  list.addEventListener("click", (event) => go(event.target.closest("[data-href]")));
}
