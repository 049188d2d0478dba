// What proves that a recording is what was shown: the chain's head and the result of checking it.
"use client";
import { Button, Stack } from "@mantine/core";
import { IconAlertTriangle, IconShieldCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { SessionDetail } from "../api/types.ts";
import { CopyIcon } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { Facts } from "../ui/facts.tsx";
import { StateMark } from "../ui/state-mark.tsx";

export function SessionEvidence({ session: { id, evidence } }: { session: SessionDetail }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const again = useQuery(trpc.sessions.get.queryOptions({ id }, { enabled: false }));
  const words = {
    ok: t("session.verifiedOk"),
    open: t("session.verifiedOpen"),
    removed: t("session.verifiedRemoved"),
    unreachable: t("session.verifiedUnreachable"),
    truncated: t("session.verifiedTruncated"),
    altered: t("session.verifiedAltered"),
  };
  const tones = { ok: "green", open: "amber", removed: "amber", unreachable: "amber", truncated: "red", altered: "red" } as const;
  const bad = tones[evidence.verified] === "red";
  return (
    <Stack gap="md">
      <Facts
        items={[
          [
            t("session.verified"),
            <StateMark key="verified" tone={tones[evidence.verified]} icon={bad ? IconAlertTriangle : IconShieldCheck}>
              {words[evidence.verified]}
            </StateMark>,
          ],
          [t("session.chunks"), evidence.chunks],
          [
            t("session.head"),
            <span key="head">
              <span className="mono">{displayText(evidence.head)}</span> <CopyIcon text={evidence.head} />
            </span>,
          ],
        ]}
      />
      <Button
        variant="default"
        loading={again.isFetching}
        onClick={() => void again.refetch()}
        style={{ alignSelf: "flex-start" }}
      >
        {t("session.verifyNow")}
      </Button>
    </Stack>
  );
}
