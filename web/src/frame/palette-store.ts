// Whether the command palette is open; the top bar, the keyboard and the palette itself share it.
import { Store } from "../state/store.ts";

export const paletteOpen = new Store(false);
