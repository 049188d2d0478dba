// An account of a grant or a request in words: one of the choices without a name, or the user name itself.
import type { TFunction } from "i18next";
import { displayText } from "../ui/display-text.ts";

export const accountWord = (account: string, t: TFunction): string =>
  account === "@all" || account === "@same-name" || account === "@ask" || account === "@agent"
    ? t(`grants.account.${account}`)
    : displayText(account, 60);
