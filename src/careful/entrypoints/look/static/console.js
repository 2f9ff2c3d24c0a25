// Progressive enhancement of the console: without it every page works, with it pages stay current and keys are shorter.
import { enableCopying } from "./copy.js";
import { keepCurrent } from "./live.js";
import { enablePalette } from "./palette.js";

document.documentElement.classList.add("js");
enableCopying(document);
enablePalette(document);
keepCurrent(document);
