// A role as people read it.
import { roleNames } from "@sallyport/hub/identity/input";
import type { TFunction } from "i18next";
import type { Role } from "../api/types.ts";
import { oneOf } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";

/** roleName: of one that the organisation made; null for a built-in one. */
export function roleTitle({ role, roleName }: { role: Role; roleName: string | null }, t: TFunction): string {
  const builtIn = oneOf(role, roleNames);
  return builtIn === undefined ? displayText(roleName ?? role) : t(`role.${builtIn}`);
}

/** What it allows, in a sentence; empty where nobody wrote one. */
export function roleMeaning({ id, description }: { id: Role; description: string }, t: TFunction): string {
  const builtIn = oneOf(id, roleNames);
  return builtIn === undefined ? displayText(description, 1_000) : t(`roleMeaning.${builtIn}`);
}
