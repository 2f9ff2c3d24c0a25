// Passkeys: makes one, or signs in with one. Any element with data-passkey is shown only where the browser can do it.
// The answer goes to the server as JSON with the page's form token; nothing is kept here.

const able = Boolean(
  window.PublicKeyCredential
  && PublicKeyCredential.parseCreationOptionsFromJSON
  && PublicKeyCredential.parseRequestOptionsFromJSON,
);

async function post(address, token, value) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Accept": "application/json", "X-CSRF-Token": token },
    body: JSON.stringify(value),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error([said.what, said.do].filter(Boolean).join(" "));
  return said;
}

async function ceremony(part) {
  const { passkey: kind, path, csrf, next } = part.dataset;
  const options = await post(`${path}/begin`, csrf, {});
  const credential = kind === "make"
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  const label = part.querySelector("input")?.value ?? "";
  const done = await post(path, csrf, { answer: credential.toJSON(), label, next });
  const waiting = document.querySelector("form[data-again]");
  if (waiting && done.csrf) {
    waiting.elements.csrf.value = done.csrf;
    HTMLFormElement.prototype.submit.call(waiting); // a field may be called submit
    return;
  }
  window.location.assign(done.next);
}

function why(failure) {
  if (failure.name === "NotAllowedError") return "Nothing happened: the passkey was not confirmed in time. Try again.";
  if (failure.name === "InvalidStateError") return "This device already holds a passkey for your account.";
  return failure.message;
}

for (const part of document.querySelectorAll("[data-passkey]")) {
  const button = part.querySelector("button");
  const says = part.querySelector("[role=status]");
  if (!able) {
    part.hidden = true;
    continue;
  }
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    button.disabled = true;
    says.textContent = "Waiting for your passkey.";
    try {
      await ceremony(part);
    } catch (failure) {
      says.textContent = why(failure);
      button.disabled = false;
    }
  });
}
