// What a person may do with an asset: the buttons, and in their place the reason why not. Of several accounts one is chosen first.
"use client";
import { Button, Group, Menu, Tooltip } from "@mantine/core";
import { sqlProtocols, terminalProtocolOf } from "@sallyport/hub/assets/input";
import { IconChevronDown, IconPlayerPlay, IconTerminal2 } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import Link from "next/link";
import { useTranslation } from "react-i18next";
import { codeSentence } from "../api/error-text.ts";
import type { Asset } from "../api/types.ts";
import { oneOf } from "../state/url-state.ts";
import { dock } from "../terminal/dock-store.ts";
import { AskButton } from "../tickets/ask-button.tsx";
import { displayText } from "../ui/display-text.ts";

type Offer = Asset["accounts"][number];

/** As whom a terminal opens there; those that ask for a password come last. */
export const terminalAccounts = ({ accounts }: Asset): readonly Offer[] =>
  accounts.filter(({ actions }) => actions.includes("connect"));

/** A stored account by its user name, the others in words. */
export const offerText = ({ id, username }: Offer, t: TFunction): string =>
  id === "@ask" || id === "@same-name"
    ? t(`grants.account.${id}`)
    : id === "@agent" && username === ""
      ? t("reach.agentsKey")
      : displayText(username, 60);

/** By which an SQL terminal opens there; undefined: its terminal is another, or there is none. */
export const sqlTerminalOf = (asset: Asset) => oneOf(terminalProtocolOf(asset), sqlProtocols) ?? undefined;

const hasTerminal = (asset: Asset) => terminalProtocolOf(asset) !== null;

export function AssetActions({ asset }: { asset: Asset }) {
  const { t } = useTranslation();
  const name = displayText(asset.name);
  const accounts = terminalAccounts(asset);
  const mayConnect = asset.may.connect && accounts.length > 0 && hasTerminal(asset);
  const whyNot = !asset.online
    ? codeSentence("agent-offline")
    : mayConnect
      ? null
      : asset.why !== null
        ? codeSentence(asset.why)
        : t(hasTerminal(asset) ? "reach.noAccount" : "reach.noTerminal");
  const open = (account: Offer) => dock.open(asset.id, asset.name, account.id, sqlTerminalOf(asset));
  const button = (
    <Button
      size="compact-sm"
      variant="light"
      leftSection={<IconTerminal2 size={15} />}
      rightSection={accounts.length > 1 ? <IconChevronDown size={14} aria-hidden /> : undefined}
      disabled={!mayConnect || !asset.online}
      aria-label={t("reach.connectTo", { name })}
      onClick={(event) => {
        event.stopPropagation();
        const [only, ...others] = accounts;
        if (only !== undefined && others.length === 0) open(only);
      }}
    >
      {t("action.connect")}
    </Button>
  );
  return (
    <Group gap={6} wrap="nowrap">
      <Explained reason={mayConnect && asset.online ? null : whyNot}>
        {accounts.length > 1 && mayConnect && asset.online ? (
          <Menu position="bottom-start">
            <Menu.Target>{button}</Menu.Target>
            <Menu.Dropdown onClick={(event) => event.stopPropagation()}>
              <Menu.Label>{t("reach.asWhom")}</Menu.Label>
              {accounts.map((account) => (
                <Menu.Item key={account.id} onClick={() => open(account)}>
                  <span className={account.id.startsWith("@") ? "" : "mono"}>{offerText(account, t)}</span>
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        ) : (
          button
        )}
      </Explained>
      {!mayConnect && hasTerminal(asset) && (
        <AskButton
          size="compact-sm"
          variant="subtle"
          wish={{ assets: [asset.id], ...(sqlTerminalOf(asset) === undefined ? {} : { kind: "database" }) }}
        />
      )}
      {asset.may.run && asset.agentId !== null && (
        <Button
          size="compact-sm"
          variant="subtle"
          color="gray"
          component={Link}
          href={`/runs/new?asset=${asset.id}`}
          leftSection={<IconPlayerPlay size={15} />}
          aria-label={t("reach.runOn", { name })}
          onClick={(event) => event.stopPropagation()}
        >
          {t("action.runScript")}
        </Button>
      )}
    </Group>
  );
}

/** A disabled button takes no pointer, so the reason hangs on a wrapper. */
function Explained({ reason, children }: { reason: string | null; children: React.ReactNode }) {
  if (reason === null) return children;
  return (
    <Tooltip label={reason} multiline maw={280}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must reach the reason too */}
      <span tabIndex={0} role="note" aria-label={reason}>
        {children}
      </span>
    </Tooltip>
  );
}
