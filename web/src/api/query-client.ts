// How answers of the hub are cached, retried, and how failures outside of forms are shown.
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { showToast } from "../ui/toasts.tsx";
import { errorSentence } from "./error-text.ts";
import { hubErrorOf } from "./hub-error.ts";

declare module "@tanstack/react-query" {
  interface Register {
    /** `showsError`: the form itself shows its failure, so no toast repeats it. */
    mutationMeta: { showsError?: boolean };
  }
}

/** Hints keep answers fresh; this only bounds how long a missed hint can matter. */
const staleAfterMs = 30_000;

/** @param confirmFirst asks who is there, then does the work: a grave act that was refused for it is tried again. */
export function createQueryClient(onSignedOut: () => void, confirmFirst: (work: () => void) => void): QueryClient {
  const noticeSignedOut = (error: unknown) => {
    if (hubErrorOf(error).code === "not-signed-in") onSignedOut();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError: noticeSignedOut }),
    mutationCache: new MutationCache({
      onError: (error, variables, _result, mutation) => {
        noticeSignedOut(error);
        if (hubErrorOf(error).code === "confirm-first") {
          // Refused again, it comes here again: nothing is left to catch.
          confirmFirst(() => void mutation.execute(variables).catch(() => {}));
          return;
        }
        if (!mutation.meta?.showsError) showToast("failed", errorSentence(error));
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: staleAfterMs,
        // A refusal stays a refusal; only a hub that could not be reached is worth asking again.
        retry: (failures, error) => hubErrorOf(error).code === "unreachable" && failures < 3,
      },
    },
  });
}
