// Rows of 36 px: a click or Enter opens one. Narrow windows leave out the columns that matter less.
"use client";
import { Skeleton } from "@mantine/core";
import type { KeyboardEvent, ReactNode } from "react";
import classes from "./list.module.css";

export interface Column<T> {
  key: string;
  title: string;
  cell: (row: T) => ReactNode;
  align?: "right";
  /** Left out when the window is narrower: "small" is a phone, "medium" half a screen. */
  hideOn?: "small" | "medium";
  width?: number | string;
}

interface DataTableProps<T> {
  name: string;
  rows: readonly T[];
  columns: readonly Column<T>[];
  rowId: (row: T) => string;
  onOpen?: (row: T) => void;
  openRowId: string | null;
}

export function DataTable<T>({ name, rows, columns, rowId, onOpen, openRowId }: DataTableProps<T>) {
  return (
    <div className={classes.scroll}>
      <table className={classes.table} aria-label={name}>
        <Head columns={columns} />
        <tbody>
          {rows.map((row) => {
            const id = rowId(row);
            const opens = onOpen !== undefined && {
              onClick: () => onOpen(row),
              onKeyDown: (event: KeyboardEvent) => {
                if (event.key === "Enter" && event.target === event.currentTarget) onOpen(row);
              },
              tabIndex: 0,
            };
            return (
              <tr key={id} data-open={id === openRowId || undefined} data-opens={onOpen !== undefined || undefined} {...opens}>
                {columns.map((column) => (
                  <td key={column.key} data-align={column.align} data-hide={column.hideOn}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Head<T>({ columns }: { columns: readonly Column<T>[] }) {
  return (
    <thead>
      <tr>
        {columns.map((column) => (
          <th key={column.key} scope="col" data-align={column.align} data-hide={column.hideOn} style={{ width: column.width }}>
            {column.title}
          </th>
        ))}
      </tr>
    </thead>
  );
}

const skeletonWidths = ["70%", "45%", "60%", "35%", "55%", "40%"];

/** The table's own shape before its rows are here. */
export function TableSkeleton<T>({ columns, label, rows = 8 }: { columns: readonly Column<T>[]; label: string; rows?: number }) {
  return (
    <div className={classes.scroll} role="status" aria-label={label}>
      <table className={classes.table} aria-hidden>
        <Head columns={columns} />
        <tbody>
          {Array.from({ length: rows }, (_, row) => `row-${row}`).map((key, row) => (
            <tr key={key}>
              {columns.map((column, index) => (
                <td key={column.key} data-hide={column.hideOn}>
                  <Skeleton height={10} width={skeletonWidths[(row + index) % skeletonWidths.length] ?? "50%"} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
