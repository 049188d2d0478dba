// Why somebody may reach something, or may not: for each account what is allowed, and by which grant.
"use client";
import { Alert, Drawer, Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Explanation } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";
import { Failed } from "../ui/page-states.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { actionsText } from "./actions-text.ts";
import { OneAssetPicker, PersonPicker, type Subject, type Target } from "./ends-picker.tsx";

export function ExplainAccess({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Drawer opened={opened} onClose={onClose} title={t("explain.title")} closeButtonProps={{ "aria-label": t("action.close") }}>
      <Question />
    </Drawer>
  );
}

function Question() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [person, setPerson] = useState<Subject | null>(null);
  const [asset, setAsset] = useState<Target | null>(null);
  const asked = person !== null && asset !== null;
  const answer = useQuery(
    trpc.access.explain.queryOptions(
      { userId: person?.id ?? "", assetId: asset?.id ?? "" },
      { enabled: asked, staleTime: 0, meta: { showsError: true } },
    ),
  );
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        {t("explain.purpose")}
      </Text>
      <PersonPicker label={t("grants.who")} chosen={person} onChange={setPerson} />
      <OneAssetPicker label={t("grants.what")} chosen={asset} onChange={setAsset} />
      {asked &&
        (answer.isError ? (
          <Failed error={answer.error} onRetry={() => void answer.refetch()} />
        ) : answer.data === undefined ? (
          <PanelSkeleton />
        ) : (
          <Answer explanation={answer.data} />
        ))}
    </Stack>
  );
}

function Answer({ explanation: { barred, accounts, grants } }: { explanation: Explanation }) {
  const { t } = useTranslation();
  const nameOf = (id: string) => displayText(grants.find((grant) => grant.id === id)?.name ?? id);
  if (barred !== null) return <Alert color="orange">{t(`barred.${barred}`)}</Alert>;
  if (grants.length === 0) return <Alert color="orange">{t("explain.noGrant")}</Alert>;
  return (
    <Table verticalSpacing="xs" fz="sm">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("grants.asWhom")}</Table.Th>
          <Table.Th>{t("explain.answer")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {accounts.map(({ id, username, actions }) => {
          const allowed = actions.filter(({ grantId }) => grantId !== null);
          const by = new Set(allowed.map(({ grantId }) => nameOf(grantId ?? "")));
          const why = actions.find(({ action }) => action === "connect")?.why ?? null;
          return (
            <Table.Tr key={id}>
              <Table.Td>{isChoice(id) ? t(`grants.account.${id}`) : displayText(username)}</Table.Td>
              <Table.Td>
                {allowed.length > 0 && (
                  <div>
                    {actionsText(
                      allowed.map(({ action }) => action),
                      t,
                    )}
                    <Text size="xs" c="dimmed">
                      {t("explain.by", { grants: [...by].join(t("list.comma")) })}
                    </Text>
                  </div>
                )}
                {why !== null && (
                  <Text size="sm" c="dimmed">
                    {t("explain.noTerminal", { why: t(`whyNot.${why}`) })}
                  </Text>
                )}
              </Table.Td>
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
  );
}

const isChoice = (id: string): id is "@agent" | "@same-name" | "@ask" => id === "@agent" || id === "@same-name" || id === "@ask";
