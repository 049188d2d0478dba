// Every page of the console, with what shows that it has drawn.
import type { Page } from "playwright-core";
import type { SampleLife } from "./sample-life.ts";

export type ConsolePage = { name: string; path: (life: SampleLife) => string; signedIn: boolean };

const list = (name: string, path: string): ConsolePage => ({ name, path: () => path, signedIn: true });

export const consolePages: ConsolePage[] = [
  { name: "sign-in", path: () => "/sign-in", signedIn: false },
  { name: "setup", path: () => "/setup", signedIn: false },
  { name: "invite", path: () => "/invite?token=unknown", signedIn: false },
  { name: "decide", path: () => "/decide?link=unknown", signedIn: false },
  list("home", "/"),
  list("reach", "/reach"),
  list("sessions", "/sessions"),
  { name: "session", path: ({ sessionId }) => `/session?id=${sessionId}`, signedIn: true },
  list("runs", "/runs"),
  { name: "run", path: ({ runId }) => `/run?id=${runId}`, signedIn: true },
  { name: "run-failed", path: ({ failedRunId }) => `/run?id=${failedRunId}`, signedIn: true },
  { name: "new-run", path: ({ assetId }) => `/runs/new?asset=${assetId}`, signedIn: true },
  { name: "kept-run", path: ({ scriptId }) => `/runs/new?script=${scriptId}`, signedIn: true },
  list("tasks", "/tasks"),
  { name: "task", path: ({ taskId }) => `/task?id=${taskId}`, signedIn: true },
  { name: "edit-task", path: ({ taskId }) => `/tasks/edit?id=${taskId}`, signedIn: true },
  list("scripts", "/scripts"),
  list("files", "/files"),
  { name: "script", path: ({ scriptId }) => `/script?id=${scriptId}`, signedIn: true },
  { name: "script-versions", path: ({ scriptId }) => `/script?id=${scriptId}&tab=versions`, signedIn: true },
  { name: "edit-script", path: ({ scriptId }) => `/scripts/edit?id=${scriptId}`, signedIn: true },
  list("tickets", "/tickets"),
  { name: "ticket", path: ({ ticketId }) => `/ticket?id=${ticketId}`, signedIn: true },
  list("emergency", "/emergency"),
  { name: "new-ticket", path: ({ neighbourId }) => `/tickets/new?asset=${neighbourId}`, signedIn: true },
  list("fleet", "/fleet"),
  list("assets", "/assets"),
  { name: "asset", path: ({ assetId }) => `/assets?id=${assetId}`, signedIn: true },
  { name: "accounts", path: ({ neighbourId }) => `/assets?id=${neighbourId}&tab=accounts`, signedIn: true },
  { name: "templates", path: () => "/assets?templates=all", signedIn: true },
  { name: "add-asset", path: () => "/assets?add=asset", signedIn: true },
  list("grants", "/grants"),
  { name: "new-grant", path: () => "/grants?add=grant", signedIn: true },
  { name: "explain", path: () => "/grants?explain=yes", signedIn: true },
  list("people", "/people"),
  list("roles", "/people?view=roles"),
  list("reviews", "/reviews"),
  { name: "review", path: ({ reviewId }) => `/review?id=${reviewId}`, signedIn: true },
  list("audit", "/audit"),
  list("inbox", "/inbox"),
  list("settings", "/settings"),
  list("flows", "/settings?tab=requests"),
  list("channels", "/settings?tab=notices"),
  list("automation", "/settings?tab=automation"),
  list("rules", "/rules"),
  list("rules-sign-in", "/rules?kind=sign-in"),
  list("new-rule", "/rules?add=rule"),
  list("ask-rules", "/rules?ask=yes"),
];

/** Anything that stands for what is still to come. */
const pending = '[aria-busy="true"], [class*="Skeleton-root"], [class*="Loader-root"]';

/** Waits until all of the page is there, its fonts too, though it be loaded a second time meanwhile. */
export async function settled(page: Page): Promise<void> {
  await page.waitForLoadState("load");
  await page.waitForFunction(
    (selector) =>
      "begun" in document.documentElement.dataset &&
      document.querySelector("h1, h2, form") !== null &&
      document.querySelector(selector) === null &&
      document.fonts.status === "loaded",
    pending,
    { timeout: 20_000, polling: 100 },
  );
}

/** The hub as it answers when its database is away; only who is signed in is still known. */
export async function failEverything(page: Page): Promise<void> {
  await page.route(
    (url) => url.pathname.startsWith("/trpc/") && url.pathname !== "/trpc/auth.state",
    (route) =>
      route.fulfill({
        status: 503,
        contentType: "application/json",
        body: JSON.stringify({
          error: {
            message: "unavailable",
            code: -32603,
            data: { code: "INTERNAL_SERVER_ERROR", hubCode: "unavailable", facts: {} },
          },
        }),
      }),
  );
}
