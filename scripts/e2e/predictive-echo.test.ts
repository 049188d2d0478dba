// A slow line between browser and hub: letters are on the screen before their echo can be, where a password is asked for nothing shows,
// and what is left in the end, on the screen and in the recording, is what the shell printed.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { decodeTerminalData } from "@sallyport/protocol/terminal-socket";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenBrowser, openBrowser } from "../src/system/browser.ts";
import { enter, screenShows, screenText, typeLine } from "../src/system/console.ts";
import { type HubParts, startHubParts } from "../src/system/hub-parts.ts";
import { type SlowProxy, slowProxy } from "../src/system/slow-proxy.ts";
import { type TempFolder, tempFolder } from "../src/system/temp-folder.ts";
import { describeWith } from "./needs.ts";

/** The agent's look at the terminal, the way to the window, and as much again for a busy machine. */
const noticedMs = 1_000;

/** Each way. An echo cannot be back before twice that. */
const delayMs = 150;

describeWith(["chromium", "unshare"], "a terminal over a slow line", () => {
  let folder: TempFolder;
  let parts: HubParts;
  let proxy: SlowProxy;
  let browser: OpenBrowser;
  let page: Page;
  /** What the hub sent to the terminal's window, by offset. */
  const received = new Map<number, Buffer>();
  const echoes: unknown[] = [];

  beforeAll(async () => {
    folder = tempFolder("predict");
    parts = await startHubParts({ folder: folder.path });
    await parts.addAgent({ name: "far" });
    proxy = await slowProxy(Number(new URL(parts.rest.url).port));
    browser = await openBrowser();
    page = await browser.page();
    page.on("websocket", (socket) =>
      socket.on("framereceived", ({ payload }) => {
        if (typeof payload === "string") {
          const message = JSON.parse(payload);
          if (message.type === "echo") echoes.push({ echo: message.echo, canonical: message.canonical });
          return;
        }
        const output = decodeTerminalData(payload);
        if (output !== null) received.set(output.offset, Buffer.from(output.data));
      }),
    );
    await page.goto(`http://localhost:${proxy.port}/sign-in`);
    await enter(page);
    await page.goto(`http://localhost:${proxy.port}/reach`);
    proxy.delayMs = delayMs;
    await page
      .getByRole("button", { name: /^Connect/ })
      .first()
      .click();
    await screenShows(page, /[$#] *$/m);
    await page.getByText(/^[3-9]\d\d(\.\d)? ms$/).waitFor(); // the round trip has been measured
    await page.locator(".xterm:visible").first().click();
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await proxy?.[Symbol.asyncDispose]();
    await parts?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const predicted = () => page.locator("[data-predictions]").first().innerText();

  /** Presses a key and says after how long its letter stood in the layer of predictions; null when it did not within a second. */
  const shownAfterMs = async (letter: string): Promise<number | null> => {
    const shown = page.evaluate(
      (text) =>
        new Promise<number | null>((resolve) => {
          const layer = document.querySelector("[data-predictions]");
          let pressedMs = 0;
          addEventListener("keydown", () => (pressedMs = performance.now()), { once: true, capture: true });
          const observer = new MutationObserver(() => {
            if (pressedMs > 0 && layer?.textContent?.includes(text)) resolve(performance.now() - pressedMs);
          });
          if (layer !== null) observer.observe(layer, { childList: true, subtree: true });
          setTimeout(() => resolve(null), 1_000);
        }),
      letter,
    );
    await page.keyboard.press(letter);
    return shown;
  };

  /** Types letters until one stands there before its echo: the line is believed. An echo that a busy machine draws late is not. Returns them. */
  const untilShownEarly = async (letters: string): Promise<string> => {
    let typed = "";
    for (const letter of letters) {
      const afterMs = await shownAfterMs(letter);
      typed += letter;
      await screenShows(page, new RegExp(`${typed} *$`, "m"));
      if (afterMs !== null && afterMs < delayMs) return typed;
    }
    throw new Error(`none of ${letters} was shown early; the terminal said ${JSON.stringify(echoes)}`);
  };

  test("shows a letter before its echo can have arrived, once one echo has come as predicted", async () => {
    expect(await shownAfterMs("e")).toBeNull(); // not yet trusted
    await screenShows(page, /[$#] e *$/m);
    const typed = await untilShownEarly("cdefgh");
    await screenShows(page, new RegExp(`[$#] e${typed} *$`, "m"));
    expect(await predicted()).toBe("");
  });

  test("shows nothing of what is typed where the shell echoes nothing", async () => {
    await page.keyboard.press("Control+u");
    await typeLine(page, "read -s SECRET; echo got-$SECRET");
    await page.waitForTimeout(4 * delayMs); // the prompt without words is there now
    for (const letter of "hunter") expect(await shownAfterMs(letter)).toBeNull();
    expect(await screenText(page)).not.toContain("hunter");
    await page.keyboard.press("Enter");
    await screenShows(page, /^got-hunter/m);
  });

  test("shows no letter from the moment that the echo is off, in the middle of a line it had trusted", async () => {
    const [off, on] = [path.join(folder.path, "echo-off"), path.join(folder.path, "echo-on")];
    const when = (file: string, mode: string) => `until [ -e ${file} ]; do sleep 0.02; done; stty ${mode}; printf '\\a'`;
    await typeLine(page, `(trap '' TTOU; ${when(off, "-echo")}; ${when(on, "echo")}) & cat`);
    await page.waitForTimeout(noticedMs);
    const before = await untilShownEarly("abcdefgh");

    // A bell moves nothing on the screen: without the terminal's word the next letters would be drawn as confidently as the last.
    writeFileSync(off, "");
    await page.waitForTimeout(noticedMs);
    expect(echoes.at(-1)).toEqual({ echo: false, canonical: true });
    for (const letter of "xyz") expect(await shownAfterMs(letter)).toBeNull();
    expect(await screenText(page)).not.toContain("xyz");

    writeFileSync(on, "");
    await page.waitForTimeout(noticedMs);
    const after = await untilShownEarly("ijklmnop");
    await page.keyboard.press("Enter");
    await screenShows(page, new RegExp(`^${before}xyz${after} *$`, "m")); // what cat was given
    await page.keyboard.press("Control+d");
  });

  test("shows nothing of a password, and the letters after it again", async () => {
    await page.waitForTimeout(noticedMs);
    await typeLine(page, "sh -c 'printf Password:; stty -echo; read p; stty echo; echo; echo got-$p'");
    await screenShows(page, /^Password: *$/m);
    await page.waitForTimeout(noticedMs);
    expect(echoes.at(-1)).toEqual({ echo: false, canonical: true });
    for (const letter of "tuna") expect(await shownAfterMs(letter)).toBeNull();
    await page.keyboard.press("Enter");
    await screenShows(page, /^got-tuna/m);
    await page.waitForTimeout(noticedMs);
    await untilShownEarly("abcdefgh");
    await page.keyboard.press("Control+u");
  });

  test("leaves the screen as the shell drew it", async () => {
    await page.keyboard.type("echo swift fingers type thiss", { delay: 40 });
    await page.keyboard.press("Backspace");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await screenShows(page, /^swift fingers type this\s*$/m);
    await page.waitForTimeout(4 * delayMs);
    expect(await predicted()).toBe("");
    expect(await screenText(page)).toMatch(/echo swift fingers type this\s/);
  });

  test("records what the terminal printed, and neither guesses nor what was said of its echo", async () => {
    const [session] = await parts.rest.sessions();
    const cast = await (await parts.rest.request("GET", `/sessions/${session?.id}/recording.cast`)).text();
    const events: [number, string, string][] = cast
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => JSON.parse(line));
    const recorded = events.filter(([, kind]) => kind === "o").map(([, , text]) => text);
    const shown = [...received].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
    expect(recorded.join("")).toBe(Buffer.concat(shown).toString());
    expect(recorded.join("").match(/tuna/g)).toHaveLength(1);
    expect(events.map(([, kind]) => kind).filter((kind) => kind !== "o" && kind !== "r")).toEqual([]);
  });
});
