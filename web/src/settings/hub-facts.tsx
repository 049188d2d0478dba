// The facts of this hub.
"use client";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { CopyIcon, ShortId } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { Facts } from "../ui/facts.tsx";
import { Moment } from "../ui/moment.tsx";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { useLocale } from "../ui/use-locale.ts";

export function HubFacts() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { bytes, duration, moment } = useLocale();
  const settings = useQuery(trpc.settings.get.queryOptions());
  if (settings.isError) return <Failed error={settings.error} onRetry={() => void settings.refetch()} />;
  if (settings.data === undefined) return <PanelSkeleton />;
  const { hubId, version, publicUrl, agentPort, database, dataDir, detachGraceSeconds, memory, startedAt, certificate } =
    settings.data;
  const databaseText =
    database.kind === "embedded" ? t("settings.databaseEmbedded", database) : t("settings.databaseExternal", database);
  return (
    <Panel>
      <Facts
        items={[
          [t("settings.hubId"), <ShortId key="id" id={hubId} />],
          [t("settings.version"), displayText(version)],
          [t("settings.startedAt"), <Moment key="started" at={startedAt} />],
          [t("settings.publicUrl"), publicUrl === null ? t("settings.notSet") : displayText(publicUrl)],
          [t("settings.agentPort"), agentPort],
          [t("settings.database"), databaseText],
          [
            t("settings.dataDir"),
            <span key="directory" className="mono">
              {displayText(dataDir)}
            </span>,
          ],
          [t("settings.grace"), duration(detachGraceSeconds * 1000)],
          [t("settings.memory"), bytes(memory.rssBytes)],
          [
            t("settings.certificate"),
            <span key="pin">
              <span className="mono">{displayText(certificate.spkiPin)}</span> <CopyIcon text={certificate.spkiPin} />
            </span>,
          ],
          [t("settings.certificateUntil"), moment(certificate.notAfter)],
        ]}
      />
    </Panel>
  );
}
