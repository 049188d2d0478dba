// What executions printed, as texts to lay beside each other.
"use client";
import { useQuery } from "@tanstack/react-query";
import { fetchFailed } from "../api/hub-error.ts";

/** Of each channel: more is not compared by eye, and would hold up the page. */
const comparedBytesMax = 256 * 1024;

/** Not by a range: of what printed nothing there is none, and asking for it would be an error. */
async function channelText(executionId: string, channel: "stdout" | "stderr", signal: AbortSignal): Promise<string> {
  const answer = await fetch(`/api/v1/executions/${encodeURIComponent(executionId)}/${channel}`, { signal });
  if (!answer.ok) throw fetchFailed(answer);
  const reader = answer.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let left = comparedBytesMax;
  while (reader !== undefined && left > 0) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value.subarray(0, left), { stream: true });
    left -= value.length;
  }
  await reader?.cancel();
  return text;
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
