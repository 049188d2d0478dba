export { InboxPage as default } from "../../notices/inbox-page.tsx";
