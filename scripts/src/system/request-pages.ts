// The console's pages about requests, each as whoever it matters to sees it.
import type { SampleRequests, Viewer } from "./sample-requests.ts";

export type RequestPage = { name: string; path: (requests: SampleRequests) => string; as: Viewer };

const ticket = (name: string, as: Viewer, id: (requests: SampleRequests) => string): RequestPage => ({
  name,
  path: (requests) => `/ticket?id=${id(requests)}`,
  as,
});

export const requestPages: RequestPage[] = [
  { name: "mail-link-signed-out", path: ({ mailLink }) => mailLink, as: "nobody" },
  { name: "mail-link", path: ({ mailLink }) => mailLink, as: "manager" },
  { name: "mail-link-of-another", path: ({ mailLink }) => mailLink, as: "requester" },
  ticket("database-to-decide", "manager", ({ database }) => database.pending),
  ticket("database-approved", "requester", ({ database }) => database.approved),
  ticket("database-narrowed", "requester", ({ database }) => database.narrowed),
  ticket("script-to-decide", "manager", ({ script }) => script.pending),
  ticket("script-approved", "requester", ({ script }) => script.approved),
  ticket("server-approved", "requester", ({ server }) => server.approved),
  ticket("emergency-held", "onCall", ({ emergency }) => emergency.held),
  ticket("emergency-to-review", "admin", ({ emergency }) => emergency.over),
  ticket("emergency-reviewed", "admin", ({ emergency }) => emergency.reviewed),
  { name: "requests-to-decide", path: () => "/tickets?box=to-decide", as: "manager" },
  { name: "requests-of-mine", path: () => "/tickets", as: "requester" },
  { name: "new-database-request", path: ({ assetId }) => `/tickets/new?kind=database&asset=${assetId}`, as: "requester" },
  { name: "review-of-databases", path: ({ reviewId }) => `/review?id=${reviewId}`, as: "admin" },
];
