// Where to start drawing so that the screen at a given moment is right and little is fetched. Pure.

export interface ReplaySegment {
  n: number;
  fromMs: number;
  toMs: number;
  fromOffset: number;
  toOffset: number;
  bytes: number;
}

export interface ReplayIndex {
  live: boolean;
  cols: number;
  rows: number;
  startedAt: string;
  durationMs: number;
  outputBytes: number;
  segments: ReplaySegment[];
  keyframes: { offset: number; atMs: number }[];
  activity: number[];
}

/** A keyframe further back than this is not worth drawing on from. */
const keyframeReachBytes = 1024 * 1024;

/** Without a keyframe: how much output before the moment is drawn on an empty screen. */
const blankReachBytes = 512 * 1024;

export interface SeekPlan {
  /** A screen to draw first, or null to start on an empty one. */
  keyframeOffset: number | null;
  /** Output before this offset is not drawn. */
  fromOffset: number;
  /** Position in `segments` of the first one to read; equal to its length when there is nothing to read. */
  firstSegment: number;
}

export function planSeek({ segments, keyframes }: Pick<ReplayIndex, "segments" | "keyframes">, toMs: number): SeekPlan {
  const lastSegment = segments.findLastIndex((segment) => segment.fromMs <= toMs);
  const untilOffset = segments[lastSegment]?.toOffset ?? 0;
  const keyframe = keyframes.findLast(({ atMs, offset }) => atMs <= toMs && offset <= untilOffset);
  if (keyframe !== undefined && untilOffset - keyframe.offset <= keyframeReachBytes) {
    return { keyframeOffset: keyframe.offset, fromOffset: keyframe.offset, firstSegment: segmentAt(segments, keyframe.offset) };
  }
  // The recording's own beginning is an empty screen, so it is as good as a keyframe.
  if (untilOffset <= keyframeReachBytes) return { keyframeOffset: null, fromOffset: 0, firstSegment: 0 };
  const near = segments.findIndex((segment) => untilOffset - segment.fromOffset <= blankReachBytes);
  const firstSegment = Math.max(0, near === -1 ? lastSegment : near);
  return { keyframeOffset: null, fromOffset: segments[firstSegment]?.fromOffset ?? 0, firstSegment };
}

function segmentAt(segments: readonly ReplaySegment[], offset: number): number {
  const at = segments.findIndex((segment) => segment.toOffset > offset);
  return at === -1 ? segments.length : at;
}
