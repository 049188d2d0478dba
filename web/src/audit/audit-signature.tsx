// To where the chain is signed, and what witnesses say against it. An administrator who knows why may say so, and the warning goes.
"use client";
import { Button, TextInput } from "@mantine/core";
import { IconAlertTriangle, IconShieldCheck } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Outputs } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import { displayText } from "../ui/display-text.ts";
import { StateMark } from "../ui/state-mark.tsx";
import { useLocale } from "../ui/use-locale.ts";
import classes from "./audit.module.css";

type State = Outputs["audit"]["state"];

export function AuditSignature() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { count, moment } = useLocale();
  const { data } = useQuery(trpc.audit.state.queryOptions());
  if (data === undefined) return null;
  const { checkpoint, contradictions } = data;
  return (
    <>
      {checkpoint !== null && contradictions.length === 0 && (
        <div className={classes.seal}>
          <StateMark tone="green" icon={IconShieldCheck}>
            {t("audit.signed", { seq: count(checkpoint.seq), at: moment(checkpoint.at) })}
          </StateMark>
          <span className={`${classes.head} mono truncate`}>{t("audit.signingKey", { key: checkpoint.keyId })}</span>
        </div>
      )}
      {contradictions.length > 0 && <Contradictions contradictions={contradictions} />}
    </>
  );
}

function Contradictions({ contradictions }: Pick<State, "contradictions">) {
  const { t } = useTranslation();
  const { count, moment } = useLocale();
  const mayManage = useMay("settings.manage");
  return (
    <div role="alert">
      <StateMark tone="red" icon={IconAlertTriangle}>
        {t("audit.contradicted")}
      </StateMark>
      <ul className={classes.lines}>
        {contradictions.map(({ seq, hash, signedAt, shownBy, why }) => (
          <li key={`${seq} ${hash}`}>
            <span>
              {t(why === "missing" ? "audit.contradictedMissing" : "audit.contradictedOther", {
                seq: count(seq),
                signedAt: moment(signedAt),
                shownBy: shownBy === "file" ? t("audit.contradictedFile") : displayText(shownBy),
              })}
            </span>
          </li>
        ))}
      </ul>
      {mayManage && <Acknowledge />}
    </div>
  );
}

function Acknowledge() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const acknowledge = useMutation(
    trpc.audit.acknowledge.mutationOptions({
      onSuccess: async () => {
        await queries.invalidateQueries({ queryKey: trpc.audit.pathKey() });
        await queries.invalidateQueries({ queryKey: trpc.home.pathKey() });
      },
    }),
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        acknowledge.mutate({ reason });
      }}
    >
      <TextInput
        label={t("audit.acknowledgeReason")}
        value={reason}
        maxLength={500}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <Button type="submit" variant="default" mt="xs" mb="md" loading={acknowledge.isPending} disabled={reason.trim().length < 3}>
        {t("audit.acknowledge")}
      </Button>
    </form>
  );
}
