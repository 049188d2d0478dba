// All executions of a run as cells, ten thousand without lag: drawn on a canvas, colour and shape by outcome.
// For the pointer only; the list beside it is the same for keyboard and screen reader.
"use client";
import { useComputedColorScheme } from "@mantine/core";
import { useDebouncedValue, useElementSize } from "@mantine/hooks";
import type { ExecutionGroup } from "@sallyport/hub/automation/input";
import { useQuery } from "@tanstack/react-query";
import { type MouseEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { displayText } from "../ui/display-text.ts";
import { groupColours, groupOfLetter } from "./execution-group.ts";
import classes from "./run.module.css";

const gap = 3;
const cellMostPx = 18;
const cellLeastPx = 5;
const heightMostPx = 168;

interface HostMatrixProps {
  runId: string;
  /** A letter for each execution, in the order of their names. */
  cells: string;
  chosen: number | null;
  onChoose: (place: number) => void;
}

/** The largest cell with which all fit the height; the smallest one grows the matrix instead. */
function cellSize(count: number, width: number): number {
  for (let cell = cellMostPx; cell > cellLeastPx; cell -= 1) {
    const columns = Math.max(1, Math.floor((width + gap) / (cell + gap)));
    if (Math.ceil(count / columns) * (cell + gap) <= heightMostPx) return cell;
  }
  return cellLeastPx;
}

export function HostMatrix({ runId, cells, chosen, onChoose }: HostMatrixProps) {
  const { t } = useTranslation();
  const { ref: box, width } = useElementSize();
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useComputedColorScheme("light");
  const [hovered, setHovered] = useState<number | null>(null);
  const name = useNameAt(runId, hovered);
  const cell = cellSize(cells.length, width);
  const columns = Math.max(1, Math.floor((width + gap) / (cell + gap)));
  const height = Math.ceil(cells.length / columns) * (cell + gap);

  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read from the page when its scheme changes
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (element === null || context === null || context === undefined || width === 0) return;
    const ratio = devicePixelRatio;
    element.width = Math.round(width * ratio);
    element.height = Math.round(height * ratio);
    context.scale(ratio, ratio);
    const style = getComputedStyle(document.documentElement);
    const colours = new Map(Object.entries(groupColours).map(([group, property]) => [group, style.getPropertyValue(property)]));
    for (let index = 0; index < cells.length; index++) {
      const x = (index % columns) * (cell + gap);
      const y = Math.floor(index / columns) * (cell + gap);
      const group = groupOfLetter(cells[index]);
      context.fillStyle = context.strokeStyle = colours.get(group) ?? "grey";
      drawCell(context, group, x, y, cell);
      if (index !== chosen) continue;
      context.strokeStyle = style.getPropertyValue("--sp-text");
      context.lineWidth = 2;
      context.strokeRect(x - 1, y - 1, cell + 2, cell + 2);
    }
  }, [cells, chosen, width, height, cell, columns, scheme]);

  const at = (event: MouseEvent<HTMLCanvasElement>) => {
    const bounds = event.currentTarget.getBoundingClientRect();
    const column = Math.floor((event.clientX - bounds.left) / (cell + gap));
    const row = Math.floor((event.clientY - bounds.top) / (cell + gap));
    const place = row * columns + column;
    return column < columns && place < cells.length ? place : null;
  };

  return (
    <div ref={box} className={classes.matrix} style={{ maxHeight: heightMostPx }}>
      <canvas
        ref={canvas}
        style={{ width, height, display: "block" }}
        role="img"
        aria-label={t("run.matrix")}
        title={hovered === null ? undefined : `${name} · ${t(`executionState.${groupOfLetter(cells[hovered])}`)}`}
        onMouseMove={(event) => setHovered(at(event))}
        onMouseLeave={() => setHovered(null)}
        onClick={(event) => {
          const place = at(event);
          if (place !== null) onChoose(place);
        }}
      />
    </div>
  );
}

/** Of the cell that the pointer rests on; a dash while it moves. */
function useNameAt(runId: string, place: number | null): string {
  const trpc = useTRPC();
  const [resting] = useDebouncedValue(place, 120);
  const { data } = useQuery(
    trpc.runs.executions.queryOptions({ id: runId, offset: resting ?? 0, limit: 1 }, { enabled: resting !== null }),
  );
  const found = resting === place ? data?.items[0] : undefined;
  return found === undefined ? "–" : displayText(found.assetName);
}

/** Shape repeats what colour says: full, crossed, hollow, half, dot. */
function drawCell(context: CanvasRenderingContext2D, group: ExecutionGroup, x: number, y: number, size: number): void {
  switch (group) {
    case "succeeded":
      context.fillRect(x, y, size, size);
      break;
    case "failed": {
      context.fillRect(x, y, size, size);
      const inset = size * 0.28;
      context.strokeStyle = "#fff";
      context.lineWidth = Math.max(1, size / 9);
      context.beginPath();
      context.moveTo(x + inset, y + inset);
      context.lineTo(x + size - inset, y + size - inset);
      context.moveTo(x + size - inset, y + inset);
      context.lineTo(x + inset, y + size - inset);
      context.stroke();
      break;
    }
    case "running":
      context.lineWidth = 1.5;
      context.strokeRect(x + 0.75, y + 0.75, size - 1.5, size - 1.5);
      context.fillRect(x, y + size / 2, size, size / 2);
      break;
    case "stopped":
      context.fillRect(x + size * 0.3, y + size * 0.3, size * 0.4, size * 0.4);
      break;
    case "waiting":
      context.lineWidth = 1.5;
      context.strokeRect(x + 0.75, y + 0.75, size - 1.5, size - 1.5);
      break;
  }
}
