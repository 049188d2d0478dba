// Parts of the console that are fetched when they are needed (a page, a chart, a language) and did not come.
import i18next from "../i18n/i18n.ts";
import { showToast } from "./toasts.tsx";

/** As the bundler's loader rejects: by name, or with the event of the script element itself. */
export function isMissingPart(reason: unknown): boolean {
  return reason instanceof Event || (reason instanceof Error && reason.name === "ChunkLoadError");
}

/** Says so in the corner where nobody else does. Gives what ends it. */
export function sayMissingParts(): () => void {
  const onRejection = (event: PromiseRejectionEvent) => {
    if (!isMissingPart(event.reason)) return;
    event.preventDefault();
    showToast("failed", i18next.t("page.incompleteText"));
  };
  addEventListener("unhandledrejection", onRejection);
  return () => removeEventListener("unhandledrejection", onRejection);
}
