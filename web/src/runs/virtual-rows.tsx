// Draws only the rows in view, of any number of equal height.
"use client";
import { type ReactNode, type RefObject, useEffect, useState } from "react";

/** Browsers cap the height of an element (Firefox near 17.9 million px); beyond this the scroll bar stands for more than its pixels. */
const heightMostPx = 8_000_000;
const marginRows = 12;

interface VirtualRowsProps {
  /** The scrolling element around the rows. */
  scroller: RefObject<HTMLElement | null>;
  count: number;
  rowHeight: number;
  /** Rows are as wide as the view instead of as wide as the widest of them. */
  fit?: boolean;
  children: (row: number) => ReactNode;
}

export interface RowWindow {
  first: number;
  last: number;
  top: number;
}

/** Which rows to draw, and where, for a scroll position. */
export function rowsInView(scrollTop: number, viewHeight: number, count: number, rowHeight: number): RowWindow {
  const fullHeight = count * rowHeight;
  const height = Math.min(fullHeight, heightMostPx);
  const reach = Math.max(1, height - viewHeight);
  const share = Math.min(1, Math.max(0, scrollTop / reach));
  // Equal to scrollTop itself while nothing is scaled.
  const virtualTop = height === fullHeight ? scrollTop : share * (fullHeight - viewHeight);
  const first = Math.max(0, Math.floor(virtualTop / rowHeight) - marginRows);
  const last = Math.min(count, Math.ceil((virtualTop + viewHeight) / rowHeight) + marginRows);
  return { first, last, top: scrollTop - (virtualTop - first * rowHeight) };
}

/** The scroll position that brings a row to the middle of the view. */
export function scrollTopFor(row: number, viewHeight: number, count: number, rowHeight: number): number {
  const fullHeight = count * rowHeight;
  const height = Math.min(fullHeight, heightMostPx);
  const wanted = Math.max(0, row * rowHeight - viewHeight / 2);
  return height === fullHeight ? wanted : (wanted / Math.max(1, fullHeight - viewHeight)) * (height - viewHeight);
}

export function VirtualRows({ scroller, count, rowHeight, fit = false, children }: VirtualRowsProps) {
  const [view, setView] = useState({ top: 0, height: 600 });
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const look = () => setView({ top: element.scrollTop, height: element.clientHeight });
    look();
    element.addEventListener("scroll", look, { passive: true });
    const resize = new ResizeObserver(look);
    resize.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      resize.disconnect();
    };
  }, [scroller]);
  const { first, last, top } = rowsInView(view.top, view.height, count, rowHeight);
  return (
    <div style={{ position: "relative", height: Math.min(count * rowHeight, heightMostPx) }}>
      <div style={{ position: "absolute", left: 0, [fit ? "width" : "minWidth"]: "100%", top }}>
        {Array.from({ length: Math.max(0, last - first) }, (_, index) => children(first + index))}
      </div>
    </div>
  );
}
