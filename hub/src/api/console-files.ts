// The console: files built once, served with the hashes of their own inline scripts in the policy.
import { existsSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import sirv from "sirv";
import { z } from "zod";

const hashes = z.record(z.string(), z.array(z.string().regex(/^sha(256|384|512)-[A-Za-z0-9+/=]+$/)));

export type ConsoleFiles = {
  serve(request: IncomingMessage, response: ServerResponse, pathname: string, notFound: () => void): void;
};

export function openConsoleFiles(folder: string): ConsoleFiles {
  if (!existsSync(path.join(folder, "index.html"))) {
    return {
      serve: (_request, response) =>
        response
          .writeHead(503, { "content-type": "text/plain" })
          .end("The console has not been built. Run npm run build, then start again.\n"),
    };
  }
  const pages = hashes.parse(JSON.parse(readFileSync(path.join(folder, "csp.json"), "utf8")));
  const files = sirv(folder, {
    extensions: ["html"],
    gzip: true,
    brotli: true,
    etag: true,
    setHeaders: (response, pathname) => {
      // Names under _next carry a hash of their content; pages do not.
      response.setHeader(
        "cache-control",
        pathname.startsWith("/_next/static/") ? "public, max-age=31536000, immutable" : "no-cache",
      );
    },
  });
  return {
    serve(request, response, pathname, notFound) {
      const page = pathname.replace(/\.html$/, "").replace(/\/$/, "") || "/";
      response.setHeader("content-security-policy", policyFor(pages[page] ?? pages["/404"] ?? []));
      if (pathname === "/csp.json") notFound();
      else files(request, response, notFound);
    },
  };
}

/** Styles need unsafe-inline for style attributes; scripts run only when they are ours, by file or by hash. */
const policyFor = (scripts: string[]): string =>
  [
    "default-src 'self'",
    `script-src 'self' ${scripts.map((hash) => `'${hash}'`).join(" ")}`.trim(),
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
