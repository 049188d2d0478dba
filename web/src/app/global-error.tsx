// When what stands around every page has failed, too: a document of its own.
"use client";
import { Providers } from "../frame/providers.tsx";
import { Broken } from "../ui/page-states.tsx";

export default function GlobalError({ error }: { error: Error }) {
  return (
    <html lang="en">
      <body>
        <Providers>
          <Broken error={error} />
        </Providers>
      </body>
    </html>
  );
}
