// What a person hears of, and where.
"use client";
import { Checkbox, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { lookUp } from "../i18n/i18n.ts";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import classes from "./notices.module.css";

export function Subscriptions() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const key = trpc.notices.subscriptions.queryKey();
  const chosen = useQuery(trpc.notices.subscriptions.queryOptions());
  const set = useMutation(
    trpc.notices.setSubscription.mutationOptions({
      onMutate: (wanted) => {
        queries.setQueryData(key, (old) =>
          old === undefined ? old : { ...old, items: old.items.map((item) => (item.kind === wanted.kind ? wanted : item)) },
        );
      },
      onSettled: () => queries.invalidateQueries({ queryKey: key }),
    }),
  );
  const { data } = chosen;
  return (
    <Panel title={t("notices.subscriptions")}>
      {chosen.isError ? (
        <Failed error={chosen.error} onRetry={() => void chosen.refetch()} />
      ) : data === undefined ? (
        <PanelSkeleton />
      ) : (
        <>
          <Text size="xs" c="dimmed" mb="sm">
            {data.mails ? t("notices.subscriptionsText") : t("notices.noMail")}
          </Text>
          <table className={classes.choices}>
            <thead>
              <tr>
                <th scope="col">{t("notices.about")}</th>
                <th scope="col">{t("notices.title")}</th>
                {data.mails && <th scope="col">{t("field.email")}</th>}
              </tr>
            </thead>
            <tbody>
              {data.items.map(({ kind, inbox, mail }) => {
                const name = lookUp(`noticeKind.${kind}`, {});
                return (
                  <tr key={kind}>
                    <td>{name}</td>
                    <td>
                      <Checkbox
                        checked={inbox}
                        aria-label={`${name}: ${t("notices.title")}`}
                        onChange={(event) => set.mutate({ kind, inbox: event.currentTarget.checked, mail })}
                      />
                    </td>
                    {data.mails && (
                      <td>
                        <Checkbox
                          checked={mail}
                          aria-label={`${name}: ${t("field.email")}`}
                          onChange={(event) => set.mutate({ kind, inbox, mail: event.currentTarget.checked })}
                        />
                      </td>
                    )}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </>
      )}
    </Panel>
  );
}
