// An asset as a tile.
"use client";
import { useTranslation } from "react-i18next";
import type { Asset } from "../api/types.ts";
import { OnlineMark } from "../fleet/online-mark.tsx";
import { displayText } from "../ui/display-text.ts";
import { AccessEnds } from "./access-ends.tsx";
import { AssetActions } from "./asset-actions.tsx";
import classes from "./asset-tile.module.css";
import { Favourite } from "./favourite.tsx";

export function AssetTiles({ assets }: { assets: readonly Asset[] }) {
  const { t } = useTranslation();
  return (
    <ul className={classes.tiles} aria-label={t("home.assets")}>
      {assets.map((asset) => (
        <li key={asset.id} className={classes.tile}>
          <div className={classes.head}>
            <span className={`${classes.name} truncate`} title={displayText(asset.name)}>
              {displayText(asset.name)}
            </span>
            <Favourite asset={asset} />
            <OnlineMark state={asset.online ? "online" : "offline"} />
          </div>
          <p className={`${classes.facts} truncate`}>
            {displayText(asset.zone.name)} · {displayText(asset.address)}
            {asset.os !== null && ` · ${displayText(asset.os, 60)}`}
          </p>
          <AccessEnds at={asset.endsAt} />
          <AssetActions asset={asset} />
        </li>
      ))}
    </ul>
  );
}
