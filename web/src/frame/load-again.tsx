// For a first load of which a script did not come (a network that changed, a hub that restarted): the page loads itself again.
// It stands in the page as text, before everything else that could fail.
import { en } from "../i18n/en.ts";
import { zh } from "../i18n/zh.ts";
import { failedLoadsKey } from "./begun.ts";

const facts = {
  key: failedLoadsKey,
  /** The waits between them, 1, 2, 3 and 4 s, are longer together than a hub's restart. */
  mostReloads: 4,
  words: {
    en: { sentence: en.page.incompleteText, link: en.page.reload },
    zh: { sentence: zh.page.incompleteText, link: zh.page.reload },
  },
};

/** Becomes text: may name nothing that is outside of it. */
function loadAgain({ key, mostReloads, words }: typeof facts): void {
  let failed = false;
  const giveUp = () => {
    const { sentence, link } = words[navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en"];
    document.body.replaceChildren(
      Object.assign(document.createElement("p"), { textContent: sentence }),
      Object.assign(document.createElement("a"), { textContent: link, href: location.href }),
    );
    document.body.style.cssText = "font: 16px/1.5 system-ui, sans-serif; margin: 20vh auto; max-width: 32em; padding: 24px";
  };
  const onError = ({ target }: Event) => {
    // What the console itself loads later says so where it is missing.
    if (failed || !(target instanceof HTMLScriptElement) || "begun" in document.documentElement.dataset) return;
    failed = true;
    const before = Number(sessionStorage.getItem(key));
    const again = before < mostReloads;
    sessionStorage.setItem(key, String(again ? before + 1 : 0));
    if (again) setTimeout(() => location.reload(), 1000 * (before + 1));
    else if (document.readyState === "loading") addEventListener("DOMContentLoaded", giveUp);
    else giveUp();
  };
  addEventListener("error", onError, true);
}

export function LoadAgain() {
  const source = `(${loadAgain})(${JSON.stringify(facts)})`;
  // biome-ignore lint/security/noDangerouslySetInnerHtml: our own function and sentences; the CSP allows it by its hash
  return <script dangerouslySetInnerHTML={{ __html: source }} />;
}
