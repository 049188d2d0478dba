// A grant, written as its sentence: who, may do what, on what, as whom, when and from where. Says beforehand who gains and who loses what.
"use client";
import { Alert, Button, Drawer, Group, MultiSelect, Stack, Switch, TagsInput, TextInput } from "@mantine/core";
import { grant as grantInput } from "@sallyport/hub/access/input";
import { protocolNames } from "@sallyport/hub/assets/input";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Grant, GrantAction, GrantPreview } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";
import { showToast } from "../ui/toasts.tsx";
import { ActionsField } from "./actions-field.tsx";
import { type Subject, SubjectsPicker, type Target, TargetsPicker } from "./ends-picker.tsx";
import { HoursField } from "./hours-field.tsx";

export function NewGrant({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Drawer opened={opened} onClose={onClose} title={t("grants.new")} closeButtonProps={{ "aria-label": t("action.close") }}>
      <GrantForm onDone={onClose} />
    </Drawer>
  );
}

interface GrantFormProps {
  /** The grant that is changed; a new one without it. */
  grant?: Grant;
  /** A new one for this person: who is not asked. */
  person?: { id: string; name: string };
  onDone: () => void;
}

const empty = {
  name: "",
  subjects: [] as Subject[],
  targets: [] as Target[],
  accounts: ["@all"],
  protocols: ["@all"],
  actions: ["connect"] as GrantAction[],
  startsAt: "",
  expiresAt: "",
  hours: null as Grant["hours"],
  addresses: [] as string[],
  active: true,
  comment: "",
};

export function GrantForm({ grant, person, onDone }: GrantFormProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [draft, setDraft] = useState<typeof empty>(() => {
    if (grant !== undefined) return { ...grant, startsAt: localTime(grant.startsAt), expiresAt: localTime(grant.expiresAt) };
    if (person === undefined) return empty;
    return { ...empty, name: person.name.slice(0, 100), subjects: [{ kind: "user", ...person }] };
  });
  const [more, setMore] = useState(grant !== undefined && hasConditions(grant));
  const [tried, setTried] = useState(false);
  const set = (part: Partial<typeof empty>) => setDraft((before) => ({ ...before, ...part }));
  const parsed = grantInput.safeParse({
    ...draft,
    subjects: draft.subjects.map(({ kind, id }) => ({ kind, id })),
    targets: draft.targets.map(({ kind, id }) => ({ kind, id })),
    startsAt: moment(draft.startsAt),
    expiresAt: moment(draft.expiresAt),
  });
  const wrong = (field: keyof typeof empty, text: string = t("field.required")) =>
    tried && !parsed.success && parsed.error.issues.some(({ path }) => path[0] === field) ? text : undefined;
  const preview = useQuery(
    trpc.access.preview.queryOptions(
      { id: grant?.id ?? null, grant: parsed.success ? parsed.data : null },
      { enabled: parsed.success, staleTime: 0 },
    ),
  );
  const done = (text: string) => {
    showToast("done", text);
    onDone();
    return queries.invalidateQueries({ queryKey: trpc.access.pathKey() });
  };
  const give = useMutation(
    trpc.access.grant.mutationOptions({ meta: { showsError: true }, onSuccess: () => done(t("grants.given")) }),
  );
  const change = useMutation(
    trpc.access.change.mutationOptions({ meta: { showsError: true }, onSuccess: () => done(t("grants.changed")) }),
  );
  const failed = give.error ?? change.error;
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!parsed.success) return;
        if (grant === undefined) give.mutate(parsed.data);
        else change.mutate({ id: grant.id, grant: parsed.data });
      }}
    >
      <Stack gap="md">
        {failed !== null && <Alert color="red">{errorSentence(failed)}</Alert>}
        <TextInput
          label={t("grants.name")}
          value={draft.name}
          error={wrong("name")}
          onChange={(event) => set({ name: event.currentTarget.value })}
          data-autofocus
        />
        {person === undefined && (
          <SubjectsPicker
            chosen={draft.subjects}
            onChange={(subjects) => set({ subjects })}
            label={t("grants.who")}
            hint={t("grants.whoHint")}
            error={wrong("subjects")}
          />
        )}
        <ActionsField
          chosen={draft.actions}
          onChange={(chosen) => set({ actions: chosen })}
          error={wrong("actions", t("grants.noActions"))}
        />
        <TargetsPicker
          chosen={draft.targets}
          onChange={(targets) => set({ targets })}
          label={t("grants.what")}
          hint={t("grants.whatHint")}
          error={wrong("targets")}
        />
        <TagsInput
          label={t("grants.asWhom")}
          description={t("grants.accountsHint")}
          value={draft.accounts}
          error={wrong("accounts", t("grants.accountsWrong"))}
          data={["@all", "@same-name", "@ask", "@agent"]}
          onChange={(accounts) => set({ accounts })}
        />
        <TextInput
          type="datetime-local"
          label={t("grants.until")}
          value={draft.expiresAt}
          error={wrong("expiresAt", t("grants.endsBefore"))}
          onChange={(event) => set({ expiresAt: event.currentTarget.value })}
        />
        {more ? (
          <>
            <TextInput
              type="datetime-local"
              label={t("grants.fromOptional")}
              value={draft.startsAt}
              onChange={(event) => set({ startsAt: event.currentTarget.value })}
            />
            <HoursField hours={draft.hours} onChange={(hours) => set({ hours })} />
            <TagsInput
              label={t("grants.networks")}
              description={t("grants.networksHint")}
              value={draft.addresses}
              error={wrong("addresses", t("grants.networksWrong"))}
              onChange={(addresses) => set({ addresses })}
            />
            <MultiSelect
              label={t("grants.protocols")}
              data={[{ value: "@all", label: t("grants.allProtocols") }, ...protocolNames]}
              value={draft.protocols}
              error={wrong("protocols")}
              searchable
              onChange={(protocols) => set({ protocols })}
            />
            <TextInput
              label={t("people.comment")}
              value={draft.comment}
              onChange={(event) => set({ comment: event.currentTarget.value })}
            />
            <Switch
              label={t("grants.active")}
              checked={draft.active}
              onChange={(event) => set({ active: event.currentTarget.checked })}
            />
          </>
        ) : (
          <Button variant="subtle" size="compact-sm" style={{ alignSelf: "flex-start" }} onClick={() => setMore(true)}>
            {t("grants.more")}
          </Button>
        )}
        {preview.data !== undefined && parsed.success && <PreviewNote preview={preview.data} />}
        <Group gap="xs">
          <Button variant="default" onClick={onDone}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" loading={give.isPending || change.isPending}>
            {grant === undefined ? t("grants.give") : t("grants.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

const shownMax = 5;

function PreviewNote({ preview: { gained, lost, gains, loses, complete, people, assets } }: { preview: GrantPreview }) {
  const { t } = useTranslation();
  const pairs = (list: GrantPreview["gains"]) =>
    list
      .slice(0, shownMax)
      .map(({ person, asset }) => `${displayText(person)} → ${displayText(asset)}`)
      .join(" · ") + (list.length > shownMax ? " …" : "");
  if (!complete) return <Alert color="gray" title={t("grants.previewMany", { people, assets })} />;
  return (
    <>
      <Alert color="gray" title={t("grants.previewTitle", { count: gained })}>
        {pairs(gains)}
      </Alert>
      {lost > 0 && (
        <Alert color="orange" title={t("grants.previewLost", { count: lost })}>
          {pairs(loses)}
        </Alert>
      )}
    </>
  );
}

const hasConditions = ({ startsAt, hours, addresses, protocols, active, comment }: Grant): boolean =>
  startsAt !== null || hours !== null || addresses.length > 0 || !protocols.includes("@all") || !active || comment !== "";

const moment = (local: string): string | null => (local === "" ? null : new Date(local).toISOString());

/** As an input of the kind datetime-local wants it: local time without a zone. */
function localTime(at: string | null): string {
  if (at === null) return "";
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
