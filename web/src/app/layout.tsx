// The document: fonts, styles, the colour scheme before the first paint, and the gate around every page.
import "@mantine/core/styles.css";
import "@fontsource/ibm-plex-sans/400.css";
import "@fontsource/ibm-plex-sans/500.css";
import "@fontsource/ibm-plex-sans/600.css";
import "@fontsource/jetbrains-mono/400.css";
import "@fontsource/jetbrains-mono/700.css";
import "../i18n/language-name.css";
import "../ui/global.css";
import { ColorSchemeScript, mantineHtmlProps } from "@mantine/core";
import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { Gate } from "../frame/gate.tsx";
import { LoadAgain } from "../frame/load-again.tsx";
import { Providers } from "../frame/providers.tsx";

export const metadata: Metadata = { title: "Sallyport", description: "A bastion without inbound doors", robots: "noindex" };
export const viewport: Viewport = { width: "device-width", initialScale: 1 };

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" {...mantineHtmlProps}>
      <head>
        <LoadAgain />
        <ColorSchemeScript defaultColorScheme="auto" />
      </head>
      <body>
        <Providers>
          <Gate>{children}</Gate>
        </Providers>
      </body>
    </html>
  );
}
