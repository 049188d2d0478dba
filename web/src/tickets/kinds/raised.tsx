// What a rule raised: somebody connects, types a line, or signs in, and waits.
"use client";
import { Anchor, Code, Text } from "@mantine/core";
import Link from "next/link";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { AskedOf, TicketDetail } from "../../api/types.ts";
import { useMay } from "../../frame/me.tsx";
import { displayLines, displayText } from "../../ui/display-text.ts";
import { Facts } from "../../ui/facts.tsx";
import classes from "../tickets.module.css";
import type { KindView } from "./kind.ts";

const assetName = ({ assets }: TicketDetail): string => displayText(assets.map(({ name }) => name).join(", "));

function useAccount(account: string): ReactNode {
  const { t } = useTranslation();
  return account === "" ? t("raised.nobodySignsIn") : displayText(account);
}

export const connectionView: KindView<AskedOf<"connection">> = {
  Facts: function ConnectionFacts({ ticket, given, common }) {
    const { t } = useTranslation();
    const account = useAccount(given.account);
    return (
      <Facts
        items={[
          [t("raised.rule"), displayText(given.rule, 200)],
          [t("raised.asset"), assetName(ticket)],
          [t("grants.asWhom"), account],
          [t("raised.by"), displayText(given.protocol)],
          [t("raised.from"), given.address ?? t("raised.nowhere")],
          ...common,
        ]}
      />
    );
  },
  isAnything: () => true,
};

export const commandView: KindView<AskedOf<"command">> = {
  Facts: function CommandFacts({ ticket, given }) {
    const { t } = useTranslation();
    const account = useAccount(given.account);
    const mayWatch = useMay("sessions.read-all");
    return (
      <>
        {given.line === "" ? (
          <Text size="sm" mb="sm">
            {t("raised.unseen")}
          </Text>
        ) : (
          <Code block className={classes.line} mb="sm">
            {displayLines(given.line)}
          </Code>
        )}
        <Facts
          items={[
            [t("raised.rule"), displayText(given.rule, 200)],
            [t("raised.asset"), assetName(ticket)],
            [t("grants.asWhom"), account],
            ...(mayWatch
              ? [
                  [
                    t("raised.session"),
                    <Anchor key="session" component={Link} href={`/session?id=${given.sessionId}`} size="sm">
                      {t("raised.look")}
                    </Anchor>,
                  ] as const,
                ]
              : []),
          ]}
        />
      </>
    );
  },
  isWhole: true,
  isAnything: () => true,
};

export const signInView: KindView<AskedOf<"sign-in">> = {
  Facts: function SignInFacts({ given, common }) {
    const { t } = useTranslation();
    return (
      <Facts
        items={[
          [t("raised.rule"), displayText(given.rule, 200)],
          [t("raised.from"), given.address ?? t("raised.nowhere")],
          [t("raised.browser"), displayText(given.browser, 200)],
          ...common,
        ]}
      />
    );
  },
  isAnything: () => true,
};
