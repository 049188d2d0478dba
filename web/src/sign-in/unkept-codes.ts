// Recovery codes on the screen that were not put away yet. Whoever just set up a second factor is signed in already; the codes are shown
// only once, so no redirect may take them away.
import { Store } from "../state/store.ts";

export const unkeptCodes = new Store<readonly string[] | null>(null);
