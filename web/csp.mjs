// What a page's Content-Security-Policy must allow: the hashes of the scripts written inside its HTML.
import { createHash } from "node:crypto";

/** Script elements that run; `type="application/json"` and the like only carry data. */
const inlineScript = /<script(?![^>]*\ssrc=)([^>]*)>([\s\S]*?)<\/script>/gi;
const dataType = /\stype\s*=\s*["']?(?!module|text\/javascript)[a-z]/i;

/** `sha256-…` for each inline script of the page, in order of first appearance, without repeats. */
export function inlineScriptHashes(html) {
  const hashes = new Set();
  for (const [, attributes, source] of html.matchAll(inlineScript)) {
    if (dataType.test(attributes) || source === "") continue;
    hashes.add(`sha256-${createHash("sha256").update(source, "utf8").digest("base64")}`);
  }
  return [...hashes];
}

/** Event handlers inside the HTML could never be allowed by a hash without `unsafe-hashes`, so a page must have none. */
export function inlineHandlers(html) {
  const withoutScripts = html.replace(inlineScript, "");
  return Array.from(withoutScripts.matchAll(/<[a-z][^>]*\s(on[a-z]+)\s*=/gi), ([, name]) => name);
}
