// Who decides about requests in one's place, from and until.
"use client";
import { Alert, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Outputs } from "../api/types.ts";
import { PersonSelect } from "../people/person-select.tsx";
import { displayText } from "../ui/display-text.ts";
import { localTime } from "../ui/local-time.ts";
import { Moment } from "../ui/moment.tsx";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";

export function Substitute() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const now = useQuery(trpc.tickets.substitute.queryOptions());
  return (
    <Panel title={t("substitute.title")}>
      {now.data !== undefined ? (
        <SubstituteForm key={now.data.substitute?.id} now={now.data} />
      ) : now.isError ? (
        <Failed error={now.error} onRetry={() => void now.refetch()} />
      ) : (
        <PanelSkeleton />
      )}
    </Panel>
  );
}

const dayMs = 86_400_000;

function SubstituteForm({ now: { substitute, standsInFor } }: { now: Outputs["tickets"]["substitute"] }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [id, setId] = useState(substitute?.id ?? null);
  const [from, setFrom] = useState(() => localTime(substitute?.from ?? new Date().toISOString()));
  const [until, setUntil] = useState(() => localTime(substitute?.until ?? new Date(Date.now() + 7 * dayMs).toISOString()));
  const save = useMutation(
    trpc.tickets.setSubstitute.mutationOptions({
      meta: { showsError: true },
      onSuccess: (_, given) => {
        showToast("done", t(given.substitute === null ? "substitute.ended" : "substitute.saved"));
        return queries.invalidateQueries({ queryKey: trpc.tickets.pathKey() });
      },
    }),
  );
  const ends = until !== "" && from !== "" && until > from;
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (id !== null && ends)
          save.mutate({ substitute: { id, from: new Date(from).toISOString(), until: new Date(until).toISOString() } });
      }}
    >
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t("substitute.purpose")}
        </Text>
        {save.error !== null && (
          <Alert color="red" role="alert">
            {errorSentence(save.error)}
          </Alert>
        )}
        {standsInFor.map((one) => (
          <Text size="sm" key={one.id}>
            {t("substitute.youStandIn", { name: displayText(one.name) })} <Moment at={one.until} />
          </Text>
        ))}
        <PersonSelect chosen={id} onChange={setId} label={t("substitute.who")} />
        <Group gap="sm" align="flex-start">
          <TextInput
            type="datetime-local"
            label={t("tickets.from")}
            value={from}
            onChange={(event) => setFrom(event.currentTarget.value)}
          />
          <TextInput
            type="datetime-local"
            label={t("tickets.until")}
            value={until}
            error={ends ? undefined : t("substitute.order")}
            onChange={(event) => setUntil(event.currentTarget.value)}
          />
        </Group>
        <Group gap="xs">
          <Button type="submit" disabled={id === null || !ends} loading={save.isPending}>
            {t("action.save")}
          </Button>
          {substitute !== null && (
            <Button variant="default" disabled={save.isPending} onClick={() => save.mutate({ substitute: null })}>
              {t("substitute.end")}
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  );
}
