import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { inlineHandlers, inlineScriptHashes } from "./csp.mjs";

const sha = (source) => `sha256-${createHash("sha256").update(source).digest("base64")}`;

test("every inline script is hashed exactly as the browser hashes it, also with attributes and line ends", () => {
  const html = `<head><script>a()</script><script id="x" nomodule>b("你好");\n</script><script type="module">c()</script></head>`;
  expect(inlineScriptHashes(html)).toEqual([sha("a()"), sha('b("你好");\n'), sha("c()")]);
});

test("scripts from files and data blocks need no hash, and the same script needs one", () => {
  const html = `<script src="/x.js"></script><script async src="/y.js"></script><script type="application/json">{}</script><script>a()</script><script>a()</script>`;
  expect(inlineScriptHashes(html)).toEqual([sha("a()")]);
});

test("an event handler in the HTML is found, one inside a script's text is not", () => {
  expect(inlineHandlers(`<body onload="x()"><script>"<p onclick=1>"</script>`)).toEqual(["onload"]);
});
