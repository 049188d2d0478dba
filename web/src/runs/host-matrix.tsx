// All executions of a run as cells, ten thousand without lag: drawn on a canvas, colour and shape by outcome.
// For the pointer only; the list beside it is the same for keyboard and screen reader.
"use client";
import { useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { type MouseEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Execution } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";
import { type ExecutionGroup, groupColours, groupOf } from "./execution-group.ts";
import classes from "./run.module.css";

const gap = 3;
const cellMostPx = 18;
const cellLeastPx = 5;
const heightMostPx = 168;

interface HostMatrixProps {
  executions: readonly Execution[];
  chosen: string | null;
  onChoose: (id: string) => void;
}

/** The largest cell with which all fit the height; the smallest one grows the matrix instead. */
function cellSize(count: number, width: number): number {
  for (let cell = cellMostPx; cell > cellLeastPx; cell -= 1) {
    const columns = Math.max(1, Math.floor((width + gap) / (cell + gap)));
    if (Math.ceil(count / columns) * (cell + gap) <= heightMostPx) return cell;
  }
  return cellLeastPx;
}

export function HostMatrix({ executions, chosen, onChoose }: HostMatrixProps) {
  const { t } = useTranslation();
  const { ref: box, width } = useElementSize();
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useComputedColorScheme("light");
  const [hovered, setHovered] = useState<Execution | null>(null);
  const cell = cellSize(executions.length, width);
  const columns = Math.max(1, Math.floor((width + gap) / (cell + gap)));
  const height = Math.ceil(executions.length / columns) * (cell + gap);

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
    executions.forEach((execution, index) => {
      const x = (index % columns) * (cell + gap);
      const y = Math.floor(index / columns) * (cell + gap);
      const group = groupOf(execution);
      context.fillStyle = context.strokeStyle = colours.get(group) ?? "grey";
      drawCell(context, group, x, y, cell);
      if (execution.id !== chosen) return;
      context.strokeStyle = style.getPropertyValue("--sp-text");
      context.lineWidth = 2;
      context.strokeRect(x - 1, y - 1, cell + 2, cell + 2);
    });
  }, [executions, chosen, width, height, cell, columns, scheme]);

  const at = (event: MouseEvent<HTMLCanvasElement>) => {
    const bounds = event.currentTarget.getBoundingClientRect();
    const column = Math.floor((event.clientX - bounds.left) / (cell + gap));
    const row = Math.floor((event.clientY - bounds.top) / (cell + gap));
    return column < columns ? (executions[row * columns + column] ?? null) : null;
  };

  return (
    <div ref={box} className={classes.matrix} style={{ maxHeight: heightMostPx }}>
      <canvas
        ref={canvas}
        style={{ width, height, display: "block" }}
        role="img"
        aria-label={t("run.matrix")}
        title={hovered === null ? undefined : `${displayText(hovered.assetName)} · ${t(`executionState.${groupOf(hovered)}`)}`}
        onMouseMove={(event) => setHovered(at(event))}
        onMouseLeave={() => setHovered(null)}
        onClick={(event) => {
          const execution = at(event);
          if (execution !== null) onChoose(execution.id);
        }}
      />
    </div>
  );
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
