"""Takes the README's pictures from a real demo in a real browser: `make screenshots`.

Starts `careful demo`, signs in by the printed link with a passkey (a virtual authenticator), opens each page at 1280
and 320 px in light and dark, checks that nothing runs off the side, and keeps the best as docs/pictures/.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from demo_runner import CACHE, ROOT, five_free_ports
from playwright.sync_api import Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
PICTURES = ROOT / "docs" / "pictures"
SIZES = {"1280": (1280, 900), "320": (320, 800)}


def sign_in(page: Page, link: str) -> None:
    """Redeem the one-time link and enrol a passkey."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto(link)
    page.fill("input[name=name]", "Ann Lead")
    page.fill("input[name=email]", "ann@hearth.example")
    page.click("main button[type=submit]")
    page.wait_for_url("**/enrol*")
    page.click("button:has-text('Make a passkey')")
    page.wait_for_url(lambda address: "/enrol" not in address, timeout=15_000)


def shoot(page: Page, name: str, address: str, folder: Path) -> list[str]:
    """Take one page at both widths, light and dark; return what runs off the side."""
    faults = []
    for label, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.goto(address, wait_until="domcontentloaded")
            page.wait_for_timeout(150)
            page.screenshot(path=str(folder / f"{name}-{label}-{scheme}.png"), full_page=label == "320")
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                faults.append(f"{name} at {label} px is {wide} px wide")
    return faults


def main() -> int:
    """Run the demo, take every page, keep two for the README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, default=None, help="Keep every picture in this folder.")
    folder = Path(tempfile.mkdtemp())
    every = parser.parse_args().all or folder / "shots"
    every.mkdir(parents=True, exist_ok=True)
    log = folder / "log"
    base = five_free_ports()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "careful.assemble", "demo", "--dir", str(folder / "demo"), "--ports", str(base)],
            stdout=output,
            env={**os.environ, "CAREFUL_DEMO_CACHE": str(CACHE), "COLUMNS": "200"},
        )
    try:
        while "go on living" not in log.read_text():
            if process.poll() is not None:
                print(log.read_text()[-2000:])
                return 1
            time.sleep(0.5)
        link = re.search(r"http://\S+/first/\S+", log.read_text())[0]
        token = (folder / "demo" / "token").read_text()
        faults = _all_pages(link, base, token, every)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name in ("today-1280-light", "case-1280-dark"):
        (PICTURES / f"{name.split('-')[0]}.png").write_bytes((every / f"{name}.png").read_bytes())
    print("\n".join(faults) or f"Nothing runs off the side; pictures in {every}")
    return 1 if faults else 0


def _all_pages(link: str, base: int, token: str, every: Path) -> list[str]:
    console, public = f"http://localhost:{base}", f"http://127.0.0.1:{base + 1}"

    def ask(path: str) -> list[dict[str, str]]:
        done = subprocess.run(
            ["curl", "-sS", "-H", f"Authorization: Bearer {token}", f"{console}/api/v1{path}"],
            capture_output=True,
            check=True,
        )
        return json.loads(done.stdout)

    case = next(one for one in ask("/cases") if one["flaw"] == "CVE-2023-4863")["id"]
    release = next(one for one in ask("/releases") if one["version"] == "1.0.0")["id"]
    rollout = next(one for one in ask("/rollouts") if one["version"] == "1.0.1")["id"]
    notice = ask("/notices")[0]["id"]
    pages = {
        "today": f"{console}/",
        "products": f"{console}/products",
        "product": f"{console}/products/cam-1",
        "policy": f"{console}/products/cam-1/policy",
        "devices": f"{console}/devices",
        "device": f"{console}/devices/cam-1-001",
        "releases": f"{console}/releases",
        "release": f"{console}/releases/{release}",
        "rollout": f"{console}/rollouts/{rollout}",
        "vulnerabilities": f"{console}/vulnerabilities",
        "case": f"{console}/vulnerabilities/{case}",
        "detections": f"{console}/detections",
        "detection-rules": f"{console}/detections/rules",
        "data": f"{console}/data",
        "notices": f"{console}/notices",
        "notice": f"{console}/notices/{notice}",
        "evidence": f"{console}/evidence",
        "verdict": f"{console}/evidence/R9",
        "ledger": f"{console}/evidence/ledger",
        "approvals": f"{console}/approvals",
        "suppliers": f"{console}/suppliers",
        "roles": f"{console}/roles",
        "settings": f"{console}/settings",
        "tokens": f"{console}/settings/tokens",
        "device-data": f"{console}/devices/cam-1-001/data",
        "break-glass": f"{console}/devices/cam-1-001/break-glass",
        "public-home": f"{public}/",
        "public-product": f"{public}/p/HC-100",
        "public-check": f"{public}/check?model=HC-100&version=1.0.0",
        "public-advisories": f"{public}/advisories",
        "public-advisory": f"{public}/advisories/{notice}",
        "public-report": f"{public}/report",
        "public-my": f"{public}/my",
        "public-claim": f"{public}/my/claim",
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        page = browser.new_page()
        sign_in(page, link)
        faults = [fault for name, address in pages.items() for fault in shoot(page, name, address, every)]
        browser.close()
    return faults


if __name__ == "__main__":
    sys.exit(main())
