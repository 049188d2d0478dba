// What a grant allows, in words.
import { actions } from "@sallyport/hub/access/input";
import type { TFunction } from "i18next";
import type { GrantAction } from "../api/types.ts";

/** All of them together are one word: nobody counts nine. */
export const actionsText = (allowed: readonly GrantAction[], t: TFunction): string =>
  actions.every((action) => allowed.includes(action))
    ? t("grants.anything")
    : allowed.map((action) => t(`grants.${action}`)).join(t("list.comma"));
