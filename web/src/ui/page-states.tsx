// What a page shows instead of its content: failed, denied, missing, empty. Each says what to do next.
"use client";
import { Button, Group } from "@mantine/core";
import { permissions } from "@sallyport/hub/identity/input";
import { IconAlertTriangle, IconLock, IconMoodEmpty, IconZoomQuestion, type TablerIcon } from "@tabler/icons-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { sentenceOf } from "../api/error-text.ts";
import { hubErrorOf } from "../api/hub-error.ts";
import type { Permission } from "../api/types.ts";
import { oneOf } from "../state/url-state.ts";
import { CopyButton } from "./copy.tsx";
import { isMissingPart } from "./missing-parts.ts";
import classes from "./page-states.module.css";

interface PageStateProps {
  icon: TablerIcon;
  title: string;
  text: string;
  children?: ReactNode;
  small?: boolean;
}

export function PageState({ icon: Icon, title, text, children, small = false }: PageStateProps) {
  return (
    <div className={classes.state} data-small={small || undefined}>
      <Icon size={small ? 22 : 32} stroke={1.5} aria-hidden />
      <h2 className={classes.title}>{title}</h2>
      <p className={classes.text}>{text}</p>
      {children !== undefined && (
        <Group gap="xs" justify="center" mt="xs">
          {children}
        </Group>
      )}
    </div>
  );
}

export function Empty({ title, text, children }: { title: string; text: string; children?: ReactNode }) {
  return (
    <PageState icon={IconMoodEmpty} title={title} text={text}>
      {children}
    </PageState>
  );
}

/** A query that failed: says what and its code, offers to try again and to copy the details. */
export function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useTranslation();
  const failure = hubErrorOf(error);
  if (failure.code === "forbidden") {
    const lacks = oneOf(String(failure.facts["permission"]), permissions);
    if (lacks !== undefined) return <Denied permission={lacks} title={sentenceOf(failure)} />;
    return <PageState icon={IconLock} title={sentenceOf(failure)} text={failure.message} />;
  }
  if (failure.code === "not-found") return <Missing />;
  const details = JSON.stringify(
    { ...failure, at: new Date().toISOString(), page: location.pathname + location.search },
    null,
    2,
  );
  return (
    <PageState icon={IconAlertTriangle} title={t("page.failed")} text={sentenceOf(failure)}>
      <code className={classes.code}>
        {t("page.code")}: {failure.code}
      </code>
      <Button onClick={onRetry}>{t("action.retry")}</Button>
      <CopyButton variant="default" text={details} label={t("action.copyDetails")} />
    </PageState>
  );
}

/** A page that ended in an error of the console itself, or of which a part did not come. */
export function Broken({ error }: { error: Error }) {
  const { t } = useTranslation();
  const part = isMissingPart(error);
  const details = { message: error.message, stack: error.stack, at: new Date().toISOString(), page: location.pathname };
  return (
    <PageState
      icon={IconAlertTriangle}
      title={t(part ? "page.incomplete" : "page.broken")}
      text={t(part ? "page.incompleteText" : "page.brokenText")}
    >
      <Button onClick={() => location.reload()}>{t("page.reload")}</Button>
      <CopyButton variant="default" text={JSON.stringify(details, null, 2)} label={t("action.copyDetails")} />
    </PageState>
  );
}

export function Denied({ permission, title }: { permission: Permission; title?: string }) {
  const { t } = useTranslation();
  const text = t("page.deniedText", { permission: t(`permission.${permission}`) });
  return <PageState icon={IconLock} title={title ?? t("page.denied")} text={text} />;
}

export function Missing() {
  const { t } = useTranslation();
  return (
    <PageState icon={IconZoomQuestion} title={t("page.missing")} text={t("page.missingText")}>
      <Button component={Link} href="/" variant="default">
        {t("page.goHome")}
      </Button>
    </PageState>
  );
}
