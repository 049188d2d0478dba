// The one list of the console: filter bar, table, paging, and what is shown when there is nothing, no right, or no hub.
"use client";
import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useUrlState } from "../state/url-state.ts";
import { Empty, Failed } from "../ui/page-states.tsx";
import { useLocale } from "../ui/use-locale.ts";
import { type Column, DataTable, TableSkeleton } from "./data-table.tsx";
import { type Filter, FilterBar } from "./filter-bar.tsx";
import classes from "./list.module.css";
import type { PageQuery } from "./use-page-list.ts";

interface ListProps<T> {
  name: string;
  query: PageQuery<T>;
  columns: readonly Column<T>[];
  rowId: (row: T) => string;
  filters?: readonly Filter[];
  /** False for lists the hub cannot search. */
  searchable?: boolean;
  tools?: ReactNode;
  empty: ReactNode;
  onOpen?: (row: T) => void;
  openRowId?: string | null;
  /** Draws the rows in another shape than the table, for instance as tiles. */
  renderRows?: (rows: readonly T[]) => ReactNode;
}

export function List<T>({
  name,
  query,
  columns,
  rowId,
  filters = [],
  searchable = true,
  tools,
  empty,
  onOpen,
  openRowId,
  renderRows,
}: ListProps<T>) {
  const { t } = useTranslation();
  const { count } = useLocale();
  const [url, changeUrl] = useUrlState();
  const rows = query.data?.pages.flatMap((page) => page.items);
  const total = query.data?.pages.at(-1)?.total ?? 0;
  const activeFilters = [...filters.map(({ key }) => key), "q"].filter((key) => url.has(key));

  const body = () => {
    if (rows === undefined) {
      return query.isError ? (
        <Failed error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <TableSkeleton columns={columns} label={t("list.loadingRows")} />
      );
    }
    if (rows.length > 0) {
      return (
        renderRows?.(rows) ?? (
          <DataTable
            name={name}
            rows={rows}
            columns={columns}
            rowId={rowId}
            {...(onOpen === undefined ? {} : { onOpen })}
            openRowId={openRowId ?? null}
          />
        )
      );
    }
    if (activeFilters.length === 0) return empty;
    return (
      <Empty title={t("list.noMatch")} text={t("list.noMatchText")}>
        <Button variant="default" onClick={() => changeUrl(Object.fromEntries(activeFilters.map((key) => [key, null])))}>
          {t("action.clear")}
        </Button>
      </Empty>
    );
  };

  return (
    <>
      <FilterBar filters={filters} searchable={searchable} tools={tools} />
      {body()}
      {rows !== undefined && rows.length > 0 && (
        <div className={classes.foot}>
          <span className="tabular">{t("list.shown", { shown: count(rows.length), total: count(total) })}</span>
          {query.hasNextPage && (
            <Button variant="default" size="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              {t("action.more")}
            </Button>
          )}
        </div>
      )}
    </>
  );
}
