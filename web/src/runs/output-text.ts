// What executions printed, as texts to lay beside each other.
"use client";
import { useQuery } from "@tanstack/react-query";
import { fetchFailed } from "../api/hub-error.ts";

/** Of each channel: more is not compared by eye, and would hold up the page. */
export const comparedBytesMax = 128 * 1024;

async function channelText(executionId: string, channel: "stdout" | "stderr", signal: AbortSignal): Promise<string> {
  const answer = await fetch(`/api/v1/executions/${encodeURIComponent(executionId)}/${channel}`, {
    headers: { range: `bytes=0-${comparedBytesMax - 1}` },
    signal,
  });
  // Nothing was printed, so no range of it is there.
  if (answer.status === 416) return "";
  if (!answer.ok) throw fetchFailed(answer);
  return answer.text();
}

/** stdout, and below it what came on stderr, if anything did. */
export function useOutputText(executionId: string | null) {
  return useQuery({
    queryKey: ["execution-output", executionId],
    enabled: executionId !== null,
    // It has ended: what it printed stays what it was.
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => {
      const [stdout, stderr] = await Promise.all([
        channelText(executionId ?? "", "stdout", signal),
        channelText(executionId ?? "", "stderr", signal),
      ]);
      return stderr === "" ? stdout : `${stdout}${stdout === "" || stdout.endsWith("\n") ? "" : "\n"}── stderr ──\n${stderr}`;
    },
  });
}
