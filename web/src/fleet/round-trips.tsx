// The round trips seen for an agent while the fleet's list has been open, as a small line.
// The list answers only with the latest one; the agent's panel has the last sixty.
"use client";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Sparkline } from "../ui/sparkline.tsx";

const kept = 30;

export function RoundTrips({ us, at }: { us: number; at: string | null }) {
  const { t } = useTranslation();
  const [seen, setSeen] = useState<readonly number[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each heartbeat counts once, also when its number is the same
  useEffect(() => setSeen((before) => [...before, us].slice(-kept)), [at]);
  return <span style={{ width: 72 }}>{seen.length > 1 && <Sparkline values={seen} label={t("fleet.roundTripChart")} />}</span>;
}
