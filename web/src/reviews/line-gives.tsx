// What one line of a review lets the person do: on a database server what its account may, elsewhere what the grant allows.
"use client";
import { useTranslation } from "react-i18next";
import type { ReviewLine } from "../api/types.ts";
import { actionsText } from "../grants/actions-text.ts";
import { displayText } from "../ui/display-text.ts";

export function LineGives({ line: { actions, places } }: { line: ReviewLine }) {
  const { t } = useTranslation();
  if (places === null) return actionsText(actions, t);
  return places
    .map(({ database, schema, table, privileges }) => {
      const where = [database, ...(schema === null ? [] : [schema]), ...(table === null ? [] : [table])];
      const allowed = privileges.map((privilege) => t(`databasePrivilege.${privilege}`)).join(t("list.comma"));
      return t("reviews.place", { place: where.map((name) => displayText(name, 60)).join(" · "), allowed });
    })
    .join("; ");
}
