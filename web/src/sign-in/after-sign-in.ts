// Where somebody wanted to go who had to sign in first.

/** Only a path of this console: `//elsewhere` and full addresses would leave it. */
export function afterSignIn(): string {
  const next = typeof location === "undefined" ? "/" : (new URLSearchParams(location.search).get("next") ?? "/");
  return /^\/(?![/\\])/.test(next) ? next : "/";
}
