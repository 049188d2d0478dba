// What is known of an agent: its link, its version, and the host it reported.
"use client";
import { Alert, Group, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { AgentDetail, HostFacts } from "../api/types.ts";
import { CopyIcon, ShortId } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { Facts } from "../ui/facts.tsx";
import { formatRoundTrip } from "../ui/format.ts";
import { Moment } from "../ui/moment.tsx";
import { Sparkline } from "../ui/sparkline.tsx";
import { useLocale } from "../ui/use-locale.ts";

/** Below this a wrong clock matters to nothing we do. */
const skewWorthSayingMs = 2_000;

export function AgentOverview({ agent }: { agent: AgentDetail }) {
  const { t } = useTranslation();
  const { duration } = useLocale();
  const transports = { mqtts: t("fleet.transportMqtts"), wss: t("fleet.transportWss") };
  const skew = Math.abs(agent.clockSkewMs ?? 0);
  return (
    <Stack gap="lg">
      {agent.roundTrips.length > 1 && (
        <div>
          <Title order={3} mb={4}>
            {t("fleet.roundTrip")}
            {agent.roundTripUs !== null && `: ${formatRoundTrip(agent.roundTripUs)}`}
          </Title>
          <Sparkline values={agent.roundTrips.map(({ us }) => us)} label={t("fleet.roundTripChart")} />
        </div>
      )}
      <Facts
        items={[
          ["ID", <ShortId key="id" id={agent.id} />],
          [t("fleet.zone"), displayText(agent.zone.name)],
          [t("fleet.address"), displayText(agent.address ?? "–")],
          [t("fleet.transport"), agent.transport === null ? "–" : transports[agent.transport]],
          [
            t("fleet.version"),
            agent.version === agent.latestVersion || agent.version === null
              ? displayText(agent.version ?? "–")
              : `${displayText(agent.version)} · ${t("fleet.updateTo", { version: displayText(agent.latestVersion) })}`,
          ],
          [t("fleet.enrolled"), <Moment key="enrolled" at={agent.enrolledAt} />],
          agent.onlineSince === null
            ? [t("fleet.lastSeen"), <Moment key="seen" at={agent.lastSeenAt} />]
            : [t("fleet.onlineSince"), <Moment key="since" at={agent.onlineSince} />],
          [t("fleet.streams"), agent.liveStreams],
          ...(agent.approvedOnly === null ? [] : [[t("fleet.scripts"), <Scripts key="scripts" {...agent} />] as const]),
          ...(skew > skewWorthSayingMs ? [["⚠", t("fleet.skew", { skew: duration(skew) })] as const] : []),
        ]}
      />
      <div>
        <Title order={3} mb={4}>
          {t("fleet.host")}
        </Title>
        {agent.facts === null ? t("fleet.noFacts") : <HostOverview facts={agent.facts} />}
      </div>
      {agent.facts?.ownKey !== undefined && <OwnKey {...agent.facts.ownKey} />}
    </Stack>
  );
}

/** What the owner of the host lets the hub run there. */
function Scripts({ approvedOnly }: Pick<AgentDetail, "approvedOnly">) {
  const { t } = useTranslation();
  if (approvedOnly !== true) return t("fleet.anyScripts");
  return (
    <Stack gap={2}>
      {t("fleet.approvedOnly")}
      <Text size="xs" c="dimmed">
        {t("fleet.approvedOnlyText")}
      </Text>
    </Stack>
  );
}

function HostOverview({ facts }: { facts: HostFacts }) {
  const { t } = useTranslation();
  const { bytes, duration } = useLocale();
  return (
    <Facts
      items={[
        [t("fleet.hostname"), displayText(facts.hostname)],
        [t("fleet.system"), displayText(`${facts.osName} ${facts.osVersion}`)],
        [t("fleet.kernel"), displayText(`${facts.kernel} ${facts.arch}`)],
        [t("fleet.processor"), t("fleet.cores", { count: facts.cpuCount, model: displayText(facts.cpuModel) })],
        [t("fleet.memory"), t("fleet.memoryFree", { free: bytes(facts.memoryFreeBytes), total: bytes(facts.memoryBytes) })],
        [
          t("fleet.disks"),
          facts.disks.map((disk) => (
            <div key={disk.mount}>
              <span className="mono">{displayText(disk.mount)}</span>{" "}
              {t("fleet.diskFree", { free: bytes(disk.freeBytes), total: bytes(disk.sizeBytes) })}
            </div>
          )),
        ],
        [
          t("fleet.addresses"),
          facts.addresses.map((address) => (
            <div key={address} className="mono">
              {displayText(address)}
            </div>
          )),
        ],
        [t("fleet.uptime"), duration(facts.uptimeSeconds * 1000)],
        [t("fleet.runsAs"), facts.root ? t("fleet.asRoot") : t("fleet.asUser", { user: displayText(facts.user) })],
        [t("fleet.factsAge"), <Moment key="collected" at={facts.collectedAt} />],
      ]}
    />
  );
}

/** The key of the agent's host that people may be let in on neighbours with: the line for authorized_keys, or why the key is of no use. */
function OwnKey({ line, problem }: { line: string; problem: string }) {
  const { t } = useTranslation();
  return (
    <div>
      <Title order={3} mb={4}>
        {t("fleet.ownKey")}
      </Title>
      {line === "" ? (
        <Alert color="red" icon={<IconAlertTriangle />}>
          {t("fleet.ownKeyUnusable")} {displayText(problem, 500)}
        </Alert>
      ) : (
        <>
          <Text size="sm" c="dimmed" mb={6}>
            {t("fleet.ownKeyText")}
          </Text>
          <Group gap="xs" wrap="nowrap" align="flex-start">
            <Text size="xs" className="mono" style={{ overflowWrap: "anywhere" }}>
              {line}
            </Text>
            <CopyIcon text={line} />
          </Group>
        </>
      )}
    </div>
  );
}
