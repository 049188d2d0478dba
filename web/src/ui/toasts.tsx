// Short messages at the corner of the window: what was done, or what failed elsewhere than in a form.
"use client";
import { Notification, Portal } from "@mantine/core";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Store, useStore } from "../state/store.ts";
import classes from "./toasts.module.css";

interface Toast {
  id: number;
  kind: "done" | "failed";
  text: string;
}

/** A failure stays longer: it must be read, not only noticed. */
const shownForMs = { done: 3_500, failed: 9_000 };

const toasts = new Store<readonly Toast[]>([]);
let lastId = 0;

const dismiss = (id: number) => toasts.set(toasts.get().filter((toast) => toast.id !== id));

export function showToast(kind: Toast["kind"], text: string): void {
  lastId += 1;
  const id = lastId;
  toasts.set([...toasts.get().slice(-3), { id, kind, text }]);
  setTimeout(() => dismiss(id), shownForMs[kind]);
}

export function Toasts() {
  const { t } = useTranslation();
  const shown = useStore(toasts);
  return (
    <Portal>
      <section className={classes.stack} aria-live="polite" aria-label={t("toast.region")}>
        {shown.map(({ id, kind, text }) => (
          <Notification
            key={id}
            withBorder
            color={kind === "done" ? "teal" : "red"}
            icon={kind === "done" ? <IconCheck size={18} /> : <IconAlertTriangle size={18} />}
            onClose={() => dismiss(id)}
            closeButtonProps={{ "aria-label": t("toast.dismiss") }}
          >
            {text}
          </Notification>
        ))}
      </section>
    </Portal>
  );
}
