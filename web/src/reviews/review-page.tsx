// One review: who reaches what by which grant, when he used it last, and whether he still needs it.
"use client";
import { Anchor, Button, Group, Progress, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { IconClockOff } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { AccessReview, ReviewLine } from "../api/types.ts";
import { CsvActions } from "../csv/csv-actions.tsx";
import { useMay, useMe } from "../frame/me.tsx";
import type { Column } from "../list/data-table.tsx";
import { List } from "../list/list-page.tsx";
import { nextPage, useSearch } from "../list/use-page-list.ts";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Page } from "../ui/page.tsx";
import { Empty, Failed, Missing } from "../ui/page-states.tsx";
import { StateMark } from "../ui/state-mark.tsx";
import { showToast } from "../ui/toasts.tsx";
import { useLocale } from "../ui/use-locale.ts";
import { LineGives } from "./line-gives.tsx";
import { ReviewMark } from "./review-mark.tsx";

const unusedDays = ["30", "90", "180"] as const;
const dayMs = 86_400_000;

export function ReviewPage() {
  const trpc = useTRPC();
  const [url] = useUrlState();
  const id = url.get("id");
  const review = useQuery(trpc.reviews.get.queryOptions({ id: id ?? "" }, { enabled: id !== null }));
  if (id === null) return <Missing />;
  if (review.data !== undefined) return <Review review={review.data} />;
  if (review.isError) return <Failed error={review.error} onRetry={() => void review.refetch()} />;
  return (
    <Stack p="xl" aria-busy="true">
      <Skeleton height={28} width={260} />
      <Skeleton height="50vh" />
    </Stack>
  );
}

function Review({ review }: { review: AccessReview }) {
  const { t } = useTranslation();
  const { lines, decided, removed, flagged } = review;
  return (
    <Page
      title={displayText(review.name)}
      purpose={
        <Group gap="sm">
          <ReviewMark review={review} />
          <span>
            {displayText(review.reviewer.name)} · {t("reviews.due")} <Moment at={review.dueAt} />
          </span>
        </Group>
      }
      action={<Finish review={review} />}
    >
      <Stack gap={4} mb="md" maw={480}>
        <Progress value={lines === 0 ? 0 : (decided / lines) * 100} aria-label={t("reviews.progress")} />
        <Text size="sm" c="dimmed">
          {t("reviews.counts", { decided, lines, removed, flagged })}
        </Text>
      </Stack>
      <Lines review={review} />
    </Page>
  );
}

function Finish({ review }: { review: AccessReview }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const mayAll = useMay("grants.manage");
  const isMine = useMe().id === review.reviewer.id;
  const [asking, setAsking] = useState(false);
  const close = useMutation(
    trpc.reviews.close.mutationOptions({
      onSuccess: () => {
        setAsking(false);
        showToast("done", t("reviews.finished"));
        return queries.invalidateQueries({ queryKey: trpc.reviews.pathKey() });
      },
    }),
  );
  if (review.closedAt !== null || !(isMine || mayAll)) return null;
  return (
    <>
      <Button variant="default" onClick={() => setAsking(true)}>
        {t("reviews.finish")}
      </Button>
      <Confirm
        opened={asking}
        title={t("reviews.finishTitle")}
        action={t("reviews.finish")}
        pending={close.isPending}
        onConfirm={() => close.mutate({ id: review.id })}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("reviews.finishText", { count: review.lines - review.decided })}</Text>
      </Confirm>
    </>
  );
}

function Lines({ review }: { review: AccessReview }) {
  const { t } = useTranslation();
  const { duration } = useLocale();
  const trpc = useTRPC();
  const [url] = useUrlState();
  const days = oneOf(url.get("unused"), unusedDays);
  const filter = {
    id: review.id,
    ...useSearch(),
    ...(url.get("open") === "yes" ? { open: true } : {}),
    ...(days === undefined ? {} : { unusedDays: Number(days) }),
  };
  const query = useInfiniteQuery(trpc.reviews.lines.infiniteQueryOptions(filter, nextPage));
  const columns: Column<ReviewLine>[] = [
    { key: "person", title: t("sessions.person"), cell: ({ person }) => displayText(person.name), hideOn: "small" },
    {
      key: "asset",
      title: t("sessions.asset"),
      cell: (line) => (
        <>
          <span data-show="small">{displayText(line.person.name)}</span>
          <b style={{ fontWeight: 500 }}>{displayText(line.asset.name)}</b>
          <span data-show="medium">
            {displayText(line.grant.name)} · <LineGives line={line} />
          </span>
        </>
      ),
    },
    {
      key: "grant",
      title: t("reviews.by"),
      cell: ({ grant, via }) => (via === "" ? displayText(grant.name) : `${displayText(grant.name)} · ${displayText(via)}`),
      hideOn: "medium",
    },
    {
      key: "actions",
      title: t("grants.actions"),
      cell: (line) => <LineGives line={line} />,
      hideOn: "medium",
    },
    {
      key: "until",
      title: t("tickets.until"),
      cell: ({ expiresAt }) => (expiresAt === null ? "–" : <Moment at={expiresAt} />),
      hideOn: "medium",
    },
    { key: "used", title: t("reviews.used"), cell: (line) => <Used line={line} />, hideOn: "small" },
    { key: "decision", title: t("tickets.decide"), cell: (line) => <Decision line={line} mayDecide={review.mayDecide} /> },
  ];
  return (
    <List
      name={t("reviews.lines")}
      query={query}
      columns={columns}
      rowId={({ id }) => id}
      filters={[
        { key: "open", label: t("tickets.decide"), options: [{ value: "yes", label: t("reviews.open") }] },
        {
          key: "unused",
          label: t("reviews.used"),
          options: unusedDays.map((value) => ({
            value,
            label: t("reviews.unusedFor", { duration: duration(Number(value) * dayMs) }),
          })),
        },
      ]}
      tools={<CsvActions href={`/api/v1/access-reviews/${review.id}.csv`} onImport={null} />}
      empty={<Empty title={t("reviews.noLines")} text={t("reviews.noLinesText")} />}
    />
  );
}

/** What nobody has used for a quarter is pointed out. */
function Used({ line }: { line: ReviewLine }) {
  const { t } = useTranslation();
  if (line.lastUsedAt === null)
    return (
      <StateMark tone="amber" icon={IconClockOff}>
        {t("reviews.neverUsed")}
      </StateMark>
    );
  return <Moment at={line.lastUsedAt} />;
}

function Decision({ line, mayDecide }: { line: ReviewLine; mayDecide: boolean }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const own = useMe().id === line.person.id;
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState("");
  const decide = useMutation(
    trpc.reviews.decide.mutationOptions({
      onSuccess: ({ outcome }) => {
        setAsking(false);
        showToast("done", t(`reviewOutcome.${outcome}`));
        return queries.invalidateQueries({ queryKey: trpc.reviews.pathKey() });
      },
    }),
  );
  const { id, outcome, person, asset, grant } = line;
  const isOver = outcome !== null && outcome !== "kept" && outcome !== "flagged";
  if (outcome === "flagged" && !mayDecide) return <Flagged line={line} />;
  if (isOver || !mayDecide) return <Text size="sm">{outcome === null ? "–" : t(`reviewOutcome.${outcome}`)}</Text>;
  return (
    <Group gap={6} wrap="wrap">
      {outcome === "flagged" && <Flagged line={line} />}
      {outcome === "kept" && <Text size="sm">{t("reviewOutcome.kept")}</Text>}
      {outcome !== "kept" && !own && (
        <Button
          size="compact-sm"
          variant="default"
          loading={decide.isPending}
          onClick={() => decide.mutate({ id, decision: "keep" })}
        >
          {t("reviews.keep")}
        </Button>
      )}
      {own && outcome !== "kept" && (
        <Text size="xs" c="dimmed" maw={180} style={{ whiteSpace: "normal" }}>
          {t("reviews.ownLine")}
        </Text>
      )}
      {outcome !== "flagged" && (
        <Button size="compact-sm" variant="light" color="red" onClick={() => setAsking(true)}>
          {t("reviews.remove")}
        </Button>
      )}
      <Confirm
        opened={asking}
        title={t("reviews.removeTitle", { person: displayText(person.name), asset: displayText(asset.name) })}
        action={t("reviews.remove")}
        pending={decide.isPending}
        onConfirm={() => decide.mutate({ id, decision: "remove", reason })}
        onClose={() => setAsking(false)}
      >
        <Stack gap="sm">
          <Text size="sm">{t("reviews.removeText", { grant: displayText(grant.name) })}</Text>
          <TextInput
            label={t("tickets.reason")}
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        </Stack>
      </Confirm>
    </Group>
  );
}

/** Who has to do it, and where. */
function Flagged({ line: { grant, person, via } }: { line: ReviewLine }) {
  const { t } = useTranslation();
  const maySee = useMay("grants.read");
  return (
    <Stack gap={2}>
      <Text size="sm">{t("reviewOutcome.flagged")}</Text>
      <Text size="xs" c="dimmed">
        {via === ""
          ? t("reviews.flaggedWide")
          : t("reviews.flaggedBy", { via: displayText(via), person: displayText(person.name) })}
      </Text>
      {maySee && (
        <Anchor component={Link} size="xs" href={`/grants?q=${encodeURIComponent(grant.id)}&id=${encodeURIComponent(grant.id)}`}>
          {t("reviews.openGrant")}
        </Anchor>
      )}
    </Stack>
  );
}
