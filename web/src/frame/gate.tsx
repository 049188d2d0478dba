// Decides what a visitor sees: first run, sign-in, or the console. Draws the frame's outline until the hub has answered.
"use client";
import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { usePathname, useRouter } from "next/navigation";
import { type ReactNode, Suspense, useEffect, useState } from "react";
import { LiveUpdates } from "../api/live-updates.tsx";
import { useTRPC } from "../api/trpc.ts";
import { preferredLanguage, switchLanguage } from "../i18n/i18n.ts";
import { afterSignIn } from "../sign-in/after-sign-in.ts";
import { rememberOrganisation } from "../sign-in/sign-in-organisation.ts";
import { unkeptCodes } from "../sign-in/unkept-codes.ts";
import { useStore } from "../state/store.ts";
import { Failed } from "../ui/page-states.tsx";
import { MeProvider } from "./me.tsx";
import { Outline } from "./outline.tsx";

const loadFrame = () => import("./frame.tsx").then(({ Frame }) => Frame);
const Frame = dynamic(loadFrame, { ssr: false, loading: () => <Outline /> });

const publicPages = new Set(["/sign-in", "/setup", "/invite", "/decide"]);
/** Signed in, but without rail and dock: the terminal has the window for itself. */
const bareRooms = new Set(["/terminal", "/setup"]);

export function Gate({ children }: { children: ReactNode }) {
  const trpc = useTRPC();
  const router = useRouter();
  const pathname = usePathname();
  const state = useQuery(trpc.auth.state.queryOptions());
  const languageReady = useLanguage(state.data?.me?.language ?? null);

  const isPublic = publicPages.has(pathname);
  const keepsCodes = useStore(unkeptCodes) !== null;
  const redirect = state.data === undefined || keepsCodes ? null : redirectFor(state.data, pathname, isPublic);
  useEffect(() => {
    // On its way while the hub is asked who we are; the pages of strangers never need it.
    if (!isPublic) void loadFrame();
  }, [isPublic]);
  const entered = redirect !== null && pathname === "/sign-in" ? state.data?.me?.org.slug : undefined;
  useEffect(() => {
    if (entered !== undefined) rememberOrganisation(entered);
  }, [entered]);
  useEffect(() => {
    if (redirect !== null) router.replace(redirect);
  }, [redirect, router]);

  if (state.isError && state.data === undefined) return <Failed error={state.error} onRetry={() => void state.refetch()} />;
  if (state.data === undefined || !languageReady || redirect !== null) return isPublic ? null : <Outline />;
  const { me } = state.data;
  const content = <Suspense fallback={null}>{children}</Suspense>;
  if (me === null) return content;
  return (
    <MeProvider value={me}>
      <LiveUpdates />
      {isPublic || bareRooms.has(pathname) ? content : <Frame>{content}</Frame>}
    </MeProvider>
  );
}

function redirectFor(state: { signedIn: boolean; needsSetup: boolean }, pathname: string, isPublic: boolean): string | null {
  if (state.signedIn) return pathname === "/sign-in" ? afterSignIn() : null;
  if (state.needsSetup) return pathname === "/setup" ? null : "/setup";
  if (isPublic) return null;
  const wanted = pathname + location.search;
  return wanted === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(wanted)}`;
}

/** The language of the account if it has one, else of this browser. True once its words are here. */
function useLanguage(ofAccount: "en" | "zh" | null): boolean {
  const [ready, setReady] = useState(false);
  useEffect(() => {
    void switchLanguage(ofAccount ?? preferredLanguage()).finally(() => setReady(true));
  }, [ofAccount]);
  return ready;
}
