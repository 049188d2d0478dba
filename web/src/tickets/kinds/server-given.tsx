// What an approval of servers gave: each of them, with the button that opens it.
"use client";
import { Group, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../../api/error-text.ts";
import { useTRPC } from "../../api/trpc.ts";
import type { TicketDetail } from "../../api/types.ts";
import { AssetActions } from "../../assets/asset-actions.tsx";
import { useMe } from "../../frame/me.tsx";
import { displayText } from "../../ui/display-text.ts";
import { Panel } from "../../ui/panel.tsx";
import { useLocale } from "../../ui/use-locale.ts";
import classes from "../tickets.module.css";

export function ServerGiven({ ticket }: { ticket: TicketDetail }) {
  const { t } = useTranslation();
  const { moment } = useLocale();
  const own = useMe().id === ticket.requester.id;
  const given = ticket.narrowed ?? ticket.asked;
  if (!own || ticket.state !== "approved" || given.kind !== "server") return null;
  const { startsAt } = given;
  return (
    <Panel title={t("tickets.given")}>
      {startsAt !== null && Date.parse(startsAt) > Date.now() ? (
        <Text size="sm">{t("tickets.givenLater", { when: moment(startsAt) })}</Text>
      ) : (
        <Stack gap="xs">
          {ticket.assets
            .filter(({ id }) => given.assetIds.includes(id))
            .map((asset) => (
              <GivenAsset key={asset.id} {...asset} />
            ))}
        </Stack>
      )}
    </Panel>
  );
}

/** With what may be done there now, by this request or another grant. */
function GivenAsset({ id, name }: { id: string; name: string }) {
  const trpc = useTRPC();
  const asset = useQuery(trpc.assets.get.queryOptions({ id }));
  return (
    <Group justify="space-between" gap="xs">
      <Text size="sm" fw={500} className={classes.place}>
        {displayText(name)}
      </Text>
      {asset.data !== undefined ? (
        <AssetActions asset={asset.data} />
      ) : asset.isError ? (
        <Text size="sm">{errorSentence(asset.error)}</Text>
      ) : (
        <Skeleton height={26} width={120} />
      )}
    </Group>
  );
}
