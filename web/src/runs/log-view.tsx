// One output stream of an execution: virtual rows, line numbers, follow, search.
"use client";
import { ActionIcon, Tooltip } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { sentenceOf } from "../api/error-text.ts";
import { useStore } from "../state/store.ts";
import { displayText } from "../ui/display-text.ts";
import { useLocale } from "../ui/use-locale.ts";
import { findRows } from "./log-search.ts";
import { LogSource, type StreamName } from "./log-source.ts";
import { rowText } from "./log-text.ts";
import classes from "./run.module.css";
import { scrollTopFor, VirtualRows } from "./virtual-rows.tsx";

const rowHeight = 18;
/** JetBrains Mono at 12 px. */
const letterWidth = 7.2;

export interface LogOptions {
  wrap: boolean;
  follow: boolean;
  search: string;
}

interface LogViewProps {
  executionId: string;
  assetName: string;
  stream: StreamName;
  running: boolean;
  options: LogOptions;
  onFollow: (follow: boolean) => void;
}

export function LogView({ executionId, stream, ...rest }: LogViewProps) {
  const [source, setSource] = useState<LogSource | null>(null);
  useEffect(() => {
    const made = new LogSource(executionId, stream);
    setSource(made);
    return () => made.dispose();
  }, [executionId, stream]);
  return source === null ? null : <Log source={source} stream={stream} {...rest} />;
}

function Log({
  source,
  stream,
  assetName,
  running,
  options,
  onFollow,
}: Omit<LogViewProps, "executionId"> & { source: LogSource }) {
  const { t } = useTranslation();
  const { count, bytes } = useLocale();
  const { index, version, loading, failed } = useStore(source.state);
  const box = useRef<HTMLDivElement>(null);
  const [found, setFound] = useState<readonly number[] | null>(null);
  const [current, setCurrent] = useState(0);
  const { wrap, follow, search } = options;

  useEffect(() => (running ? source.poll() : undefined), [source, running]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the last bytes may come after the last hint
  useEffect(() => void source.read(), [source, running]);

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const fit = () => source.wrapAt(wrap ? Math.max(20, Math.floor((element.clientWidth - 76) / letterWidth)) : undefined);
    fit();
    const resize = new ResizeObserver(fit);
    resize.observe(element);
    return () => resize.disconnect();
  }, [source, wrap]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each append moves the end
  useEffect(() => {
    if (follow && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [follow, version]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: new rows may match too
  useEffect(() => {
    if (search === "") return setFound(null);
    const stop = new AbortController();
    const timer = setTimeout(() => {
      void findRows(index, search, stop.signal).then((rows) => !stop.signal.aborted && setFound(rows));
    }, 200);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [index, version, search]);

  const go = (at: number) => {
    if (found === null || found.length === 0 || box.current === null) return;
    const next = (at + found.length) % found.length;
    setCurrent(next);
    onFollow(false);
    box.current.scrollTop = scrollTopFor(found[next] ?? 0, box.current.clientHeight, index.rowCount, rowHeight);
  };

  const marked = new Set(found ?? []);
  const currentRow = found?.[current];
  return (
    <section className={classes.log} aria-label={t("run.log", { name: displayText(assetName), stream })}>
      <div className={classes.logHead}>
        <b>{stream}</b>
        <span className="tabular">
          {t("run.lines", { count: index.lineCount, shown: count(index.lineCount) })} · {bytes(index.byteLength)}
        </span>
        {found !== null && (
          <>
            <button type="button" className={classes.found} onClick={() => go(current + 1)} title={t("run.nextFound")}>
              {t("run.found", { count: found.length })} ↓
            </button>
            <button type="button" className={classes.found} onClick={() => go(current - 1)} aria-label={t("run.previousFound")}>
              ↑
            </button>
          </>
        )}
        <Tooltip label={t("run.download", { stream })}>
          <ActionIcon
            ml="auto"
            size="sm"
            variant="subtle"
            color="gray"
            component="a"
            href={source.address}
            download={`${stream}.txt`}
            aria-label={t("run.download", { stream })}
          >
            <IconDownload size={15} />
          </ActionIcon>
        </Tooltip>
      </div>
      {failed !== null && (
        <p className={classes.logNote} role="alert">
          {t("run.logFailed")} {sentenceOf(failed)}
        </p>
      )}
      <div
        ref={box}
        className={classes.rows}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it
        tabIndex={0}
        role="log"
        aria-live="off"
        onWheel={(event) => event.deltaY < 0 && follow && onFollow(false)}
      >
        {index.rowCount === 0 && !loading && (
          <p className={classes.logNote}>{running ? t("run.noOutputYet") : t("run.noOutput")}</p>
        )}
        <VirtualRows scroller={box} count={index.rowCount} rowHeight={rowHeight}>
          {(row) => (
            <div
              key={row}
              className={classes.row}
              data-found={marked.has(row) || undefined}
              data-current={row === currentRow || undefined}
            >
              <span className={classes.rowNumber} aria-hidden>
                {count(row + 1)}
              </span>
              {rowText(index.row(row))}
            </div>
          )}
        </VirtualRows>
      </div>
    </section>
  );
}
