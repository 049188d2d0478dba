// Asking for access: to what, as whom, to do what, for how long, and why.
"use client";
import { Alert, Button, Group, List, SegmentedControl, Stack, TagsInput, Textarea, TextInput } from "@mantine/core";
import { askableKinds, openTicket } from "@sallyport/hub/tickets/input";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { AskableKind, Requestable, TicketDetail } from "../api/types.ts";
import { Allowed } from "../frame/me.tsx";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { useUnsavedGuard } from "../state/use-unsaved-guard.ts";
import { Page } from "../ui/page.tsx";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";
import { type Wish, wishIn } from "./ask-button.tsx";
import { askable } from "./kinds/kinds.ts";
import classes from "./tickets.module.css";
import { TimeFields } from "./time-fields.tsx";

export function NewTicketPage() {
  return (
    <Allowed permission="tickets.open">
      <FromAddress />
    </Allowed>
  );
}

/** As the hub takes them. */
const wishedMax = 50;

/** `like`: a request to ask for once more. `asset`: one that was refused. `kind`: what is asked for, where it is not said by either. */
function FromAddress() {
  const trpc = useTRPC();
  const [url, setUrl] = useUrlState();
  const like = url.get("like");
  const asset = url.get("asset");
  const chosen = oneOf(url.get("kind"), askableKinds) ?? "server";
  const before = useQuery(
    trpc.tickets.get.queryOptions({ id: like ?? "" }, { enabled: like !== null, staleTime: Number.POSITIVE_INFINITY }),
  );
  const wished = url.getAll("asset").slice(0, wishedMax);
  const all = useQuery(trpc.tickets.requestable.queryOptions({ kind: chosen, ids: wished }, { enabled: asset !== null }));
  if (like !== null && before.data === undefined)
    return before.isError ? <Failed error={before.error} onRetry={() => void before.refetch()} /> : <PanelSkeleton />;
  if (asset !== null && all.data === undefined)
    return all.isError ? <Failed error={all.error} onRetry={() => void all.refetch()} /> : <PanelSkeleton />;
  const kind = oneOf(before.data?.asked.kind ?? null, askableKinds) ?? chosen;
  return (
    <NewTicket
      // What was written for one kind says nothing to another, and a link that fills it in means just that.
      key={[kind, like, ...wished].join()}
      kind={kind}
      onKind={like === null && asset === null ? (one) => setUrl({ kind: one }) : null}
      like={before.data ?? null}
      assets={all.data?.items ?? []}
      wish={wishIn(url)}
    />
  );
}

interface Draft {
  title: string;
  reason: string;
  references: string[];
  startsAt: string;
  minutes: number;
}

const draftFrom = (like: TicketDetail | null): Draft => ({
  title: like?.title ?? "",
  reason: like?.reason ?? "",
  references: like?.references ?? [],
  startsAt: "",
  minutes: like?.asked.minutes ?? 60,
});

interface NewTicketProps {
  kind: AskableKind;
  /** Null: it is said already. */
  onKind: ((kind: AskableKind) => void) | null;
  like: TicketDetail | null;
  assets: Requestable[];
  wish: Wish;
}

function NewTicket({ kind: kindName, onKind, like, assets, wish }: NewTicketProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const router = useRouter();
  const [start] = useState(() => draftFrom(like));
  const [draft, setDraft] = useState(start);
  const { Fields, ...kind } = askable[kindName];
  const [startOfWhat] = useState(() => kind.draftFrom(like, assets, wish));
  const [what, setWhat] = useState(startOfWhat);
  const [tried, setTried] = useState(false);
  const set = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const { title, reason, references, startsAt, minutes } = draft;
  const parsed = openTicket.safeParse({
    title: title.trim() === "" ? kind.nameOf(what).slice(0, 100) : title,
    reason,
    references,
    asked: { ...kind.askedOf(what), startsAt: startsAt === "" ? null : new Date(startsAt).toISOString(), minutes },
  });
  const wrong = (field: string) =>
    tried && !parsed.success && parsed.error.issues.some(({ path }) => path.includes(field)) ? t("field.required") : undefined;
  const open = useMutation(
    trpc.tickets.open.mutationOptions({
      meta: { showsError: true },
      onSuccess: ({ id }, { submit }) => {
        showToast("done", submit === false ? t("tickets.kept") : t("tickets.sent"));
        router.push(`/ticket?id=${id}`);
      },
    }),
  );
  useUnsavedGuard((draft !== start || what !== startOfWhat) && !open.isPending && !open.isSuccess);
  const send = (submit: boolean) => {
    setTried(true);
    if (parsed.success) open.mutate({ ...parsed.data, submit });
  };
  return (
    <Page title={t("tickets.ask")} purpose={t("tickets.askPurpose")}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          send(true);
        }}
      >
        <div className={classes.columns}>
          <Stack gap="md">
            {open.error !== null && (
              <Alert color="red" role="alert">
                {errorSentence(open.error)}
              </Alert>
            )}
            <Panel title={t("tickets.what")}>
              <Stack gap="md">
                {onKind !== null && (
                  <SegmentedControl
                    aria-label={t("tickets.what")}
                    style={{ alignSelf: "flex-start" }}
                    data={askableKinds.map((value) => ({ value, label: t(`ticketKind.${value}`) }))}
                    value={kindName}
                    onChange={(value) => onKind(oneOf(value, askableKinds) ?? kindName)}
                  />
                )}
                <Fields draft={what} onChange={setWhat} wrong={wrong} />
                <TimeFields startsAt={startsAt} minutes={minutes} onChange={set} error={wrong("startsAt")} />
              </Stack>
            </Panel>
            <Panel title={t("tickets.why")}>
              <Stack gap="md">
                <Textarea
                  label={t("tickets.reason")}
                  description={t("tickets.reasonHint")}
                  autosize
                  minRows={3}
                  value={reason}
                  error={wrong("reason")}
                  onChange={(event) => set({ reason: event.currentTarget.value })}
                />
                <TextInput
                  label={t("tickets.name")}
                  description={t("tickets.nameHint")}
                  value={title}
                  onChange={(event) => set({ title: event.currentTarget.value })}
                />
                <TagsInput
                  label={t("tickets.references")}
                  description={t("tickets.referencesHint")}
                  value={references}
                  error={wrong("references")}
                  onChange={(chosen) => set({ references: chosen })}
                />
              </Stack>
            </Panel>
            <Group gap="xs">
              <Button type="submit" loading={open.isPending}>
                {t("tickets.send")}
              </Button>
              <Button variant="default" disabled={open.isPending} onClick={() => send(false)}>
                {t("tickets.keep")}
              </Button>
            </Group>
          </Stack>
          <Panel title={t("tickets.next")}>
            <List type="ordered" size="sm" spacing="xs">
              <List.Item>{t("tickets.nextTold")}</List.Item>
              <List.Item>{t("tickets.nextDecided")}</List.Item>
              <List.Item>{t(`ticketNext.${kindName}`)}</List.Item>
            </List>
          </Panel>
        </div>
      </form>
    </Page>
  );
}
