// Access to servers: which, as whom, to do what.
"use client";
import { useTranslation } from "react-i18next";
import type { AskedOf, GrantAction, Requestable } from "../../api/types.ts";
import { accountWord } from "../../grants/account-word.ts";
import { ActionsField } from "../../grants/actions-field.tsx";
import { displayText } from "../../ui/display-text.ts";
import { Facts } from "../../ui/facts.tsx";
import { AccountsField, accountsFor } from "../accounts-field.tsx";
import { RequestableSelect } from "../requestable-select.tsx";
import type { AskableView, FieldsProps } from "./kind.ts";
import { AssetParts, Parts } from "./parts.tsx";
import { ServerGiven } from "./server-given.tsx";
import { struck } from "./struck.tsx";

interface Draft {
  assets: Requestable[];
  accounts: string[];
  actions: GrantAction[];
}

function ServerFields({ draft, onChange, wrong }: FieldsProps<Draft>) {
  const { t } = useTranslation();
  const set = (part: Partial<Draft>) => onChange({ ...draft, ...part });
  return (
    <>
      <RequestableSelect
        kind="server"
        label={t("tickets.servers")}
        chosen={draft.assets}
        onChange={(chosen) => set({ assets: chosen, accounts: accountsFor(chosen, draft.accounts) })}
        error={wrong("assetIds")}
      />
      <AccountsField
        assets={draft.assets}
        accounts={draft.accounts}
        onChange={(chosen) => set({ accounts: chosen })}
        error={wrong("accounts")}
      />
      <ActionsField chosen={draft.actions} onChange={(chosen) => set({ actions: chosen })} error={wrong("actions")} />
    </>
  );
}

export const serverView: AskableView<AskedOf<"server">, Draft> = {
  draftFrom: (like, assets, { account, actions = ["connect"] }) =>
    like?.asked.kind === "server"
      ? {
          assets: like.assets.map((asset) => ({ ...asset, platform: "", accounts: [] })),
          accounts: like.asked.accounts,
          actions: like.asked.actions,
        }
      : { assets, accounts: accountsFor(assets, account === undefined ? [] : [account]), actions: [...actions] },
  askedOf: ({ assets, accounts, actions }) => ({ kind: "server", assetIds: assets.map(({ id }) => id), accounts, actions }),
  nameOf: ({ assets }) => assets.map(({ name }) => name).join(", "),
  Fields: ServerFields,
  Facts: function ServerFacts({ ticket, asked, given, common }) {
    const { t } = useTranslation();
    const names = new Map(ticket.assets.map(({ id, name }) => [id, name]));
    return (
      <Facts
        items={[
          [t("tickets.servers"), struck(asked.assetIds, given.assetIds, (id) => displayText(names.get(id) ?? id))],
          [t("grants.asWhom"), struck(asked.accounts, given.accounts, (name) => accountWord(name, t))],
          [t("grants.actions"), struck(asked.actions, given.actions, (action) => t(`grants.${action as "connect"}`))],
          ...common,
        ]}
      />
    );
  },
  Narrow: function ServerNarrow({ ticket, whole, given, onChange }) {
    const { t } = useTranslation();
    return (
      <>
        <AssetParts
          ticket={ticket}
          all={whole.assetIds}
          left={given.assetIds}
          onChange={(assetIds) => onChange({ ...given, assetIds })}
        />
        <Parts
          label={t("grants.asWhom")}
          all={whole.accounts}
          left={given.accounts}
          word={(one) => accountWord(one, t)}
          onChange={(accounts) => onChange({ ...given, accounts })}
        />
        <Parts
          label={t("grants.actions")}
          all={whole.actions}
          left={given.actions}
          word={(one) => t(`grants.${one as "connect"}`)}
          onChange={(left) => onChange({ ...given, actions: whole.actions.filter((action) => left.includes(action)) })}
        />
      </>
    );
  },
  Given: ServerGiven,
  isAnything: ({ assetIds, accounts, actions }) => assetIds.length > 0 && accounts.length > 0 && actions.length > 0,
};
