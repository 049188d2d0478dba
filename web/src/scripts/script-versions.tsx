// The versions of a script, and what changed between any two of them.
"use client";
import { NativeSelect, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Outputs, ScriptDetail } from "../api/types.ts";
import { type Column, DataTable, TableSkeleton } from "../list/data-table.tsx";
import { useUrlState } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { CodeView } from "./lazy-code.tsx";
import classes from "./scripts.module.css";

type Line = Outputs["scripts"]["versions"]["items"][number];
/** Of a SHA-256 in hex: enough to tell versions apart by eye. */
const hashShown = 12;

export function ScriptVersions({ script }: { script: ScriptDetail }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [url, changeUrl] = useUrlState();
  const versions = useQuery(trpc.scripts.versions.queryOptions({ id: script.id }));
  const columns: Column<Line>[] = [
    { key: "number", title: t("scripts.version"), cell: ({ number }) => number, width: 80 },
    { key: "note", title: t("scripts.note"), cell: ({ note }) => displayText(note) || "–" },
    { key: "author", title: t("scripts.author"), cell: ({ author }) => displayText(author.name), hideOn: "small" },
    { key: "at", title: t("runs.created"), cell: ({ createdAt }) => <Moment at={createdAt} />, hideOn: "small" },
    {
      key: "hash",
      title: t("run.hash"),
      cell: ({ hash }) => (
        <span className="mono" title={hash}>
          {hash.slice(0, hashShown)}…
        </span>
      ),
      hideOn: "medium",
    },
  ];
  if (versions.isError) return <Failed error={versions.error} onRetry={() => void versions.refetch()} />;
  if (versions.data === undefined) return <TableSkeleton columns={columns} label={t("list.loadingRows")} rows={3} />;
  const lines = versions.data.items;
  const numberOf = (key: string, otherwise: number) => {
    const wanted = Number(url.get(key) ?? otherwise);
    return lines.some(({ number }) => number === wanted) ? wanted : otherwise;
  };
  const to = numberOf("to", script.latest);
  const from = numberOf("from", Math.max(1, to - 1));
  const choices = lines.map(({ number, note }) => ({
    value: String(number),
    label: note === "" ? t("scripts.versionN", { n: number }) : `${number} · ${displayText(note, 50)}`,
  }));
  return (
    <div className={classes.side}>
      <DataTable
        name={t("scripts.versions", { count: lines.length })}
        rows={lines}
        columns={columns}
        rowId={({ number }) => String(number)}
        openRowId={String(to)}
        onOpen={({ number }) => changeUrl({ to: String(number), from: null })}
      />
      <Panel
        title={from === to ? t("scripts.versionN", { n: to }) : t("scripts.changesFrom", { from, to })}
        action={
          lines.length > 1 && (
            <div className={classes.choice}>
              <NativeSelect
                size="xs"
                aria-label={t("scripts.compareFrom")}
                value={String(from)}
                data={choices}
                onChange={(event) => changeUrl({ from: event.currentTarget.value, to: String(to) })}
              />
              <NativeSelect
                size="xs"
                aria-label={t("scripts.compareTo")}
                value={String(to)}
                data={choices}
                onChange={(event) => changeUrl({ to: event.currentTarget.value, from: String(from) })}
              />
            </div>
          )
        }
        flush
      >
        <VersionChanges scriptId={script.id} from={from} to={to} />
      </Panel>
    </div>
  );
}

function VersionChanges({ scriptId, from, to }: { scriptId: string; from: number; to: number }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  // A version never changes: what was read once stays right.
  const before = useQuery(
    trpc.scripts.version.queryOptions({ id: scriptId, number: from }, { staleTime: Number.POSITIVE_INFINITY }),
  );
  const after = useQuery(
    trpc.scripts.version.queryOptions({ id: scriptId, number: to }, { staleTime: Number.POSITIVE_INFINITY }),
  );
  const failed = before.error ?? after.error;
  if (failed !== null) return <Failed error={failed} onRetry={() => void Promise.all([before.refetch(), after.refetch()])} />;
  if (before.data === undefined || after.data === undefined) return <Skeleton height={200} />;
  const parametersChanged = JSON.stringify(before.data.parameters) !== JSON.stringify(after.data.parameters);
  return (
    <>
      {before.data.interpreter !== after.data.interpreter && (
        <p className={classes.note}>
          {t("scripts.interpreterChanged", {
            from: displayText(before.data.interpreter),
            to: displayText(after.data.interpreter),
          })}
        </p>
      )}
      {from !== to && before.data.hash === after.data.hash && <p className={classes.note}>{t("scripts.sameText")}</p>}
      <div className={classes.editor}>
        <CodeView
          text={after.data.body}
          before={from === to ? undefined : before.data.body}
          interpreter={after.data.interpreter}
          label={t("scripts.text")}
        />
      </div>
      {parametersChanged && (
        <>
          <p className={classes.note}>{t("scripts.parametersChanged")}</p>
          <div className={classes.editor}>
            <CodeView
              text={JSON.stringify(after.data.parameters, null, 2)}
              before={JSON.stringify(before.data.parameters, null, 2)}
              label={t("scripts.parametersChanged")}
            />
          </div>
        </>
      )}
    </>
  );
}
